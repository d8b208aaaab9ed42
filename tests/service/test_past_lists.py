"""An auditor reads any list as the record stood at the end of a past day; nobody else, and no other unit's rows."""

import html
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.errors import InvalidTextRepresentation

from service.actions import prepared_files
from service.actions.past_records import drop_old_copies
from service.clock import now
from service.db.engine import is_denied, make_engine
from service.integrity.schema_objects import schema_faults
from service.integrity.verify import verify
from service.queries import past_records
from service.queries.events import LISTS
from service.queries.past_records import MOST, CopyMissing, CopyState
from service.tables.events import event
from service.tables.past_records import past_record
from service.tables.payments import payment
from service.tables.prepared_files import prepared_file
from service.web.exported_lists import EXPORTED
from service.web.file_making import make_file
from service.web.past_copies import copy_step, make_copy
from tests.api_client import ApiClient, serving
from tests.application_role import application_url
from tests.factories import RING, create_organisation
from tests.lives import case_at
from tests.page_client import PageClient, code_of, page_refusal
from tests.service import own_record

database_url, engine = own_record.database_url, own_record.engine

OPENED, PAID, LATER = date(2025, 9, 1), date(2025, 9, 15), date(2025, 9, 18)


@pytest.fixture(scope="module")
def shared_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield an app that serves with the application's role, which may make no table."""
    with serving(database_url, tmp_path_factory.mktemp("var")) as app:
        yield app


@pytest.fixture(scope="module")
def clients(engine: sa.Engine, shared_app: Flask) -> dict[str, PageClient]:
    """Return the staff of a union with a payment that was made and confirmed on different days, and of one beside it."""
    with engine.begin() as conn:
        office = create_organisation(conn)
        beside = create_organisation(conn)
    pages = {
        name: PageClient(shared_app, engine, each, LATER + timedelta(days=2))
        for name, each in (("own", office), ("beside", beside))
    }
    for client in pages.values():  # their passwords are older than the payment
        for staff_name in ("auditor", "registrar", "cashier", "approver_1"):
            assert client.get(staff_name, "/").status_code < 400
    desk = ApiClient(shared_app.test_client(), office, OPENED)
    life = case_at("payment", desk, engine)
    assert desk.today == PAID
    life.act("cashier", "pay", method="bank", voucher="V-PAST-1")
    desk.today = LATER
    life.act("cashier_2", "confirm_payment", **life.advice())
    return pages


@pytest.fixture
def no_copies(engine: sa.Engine) -> Iterator[None]:
    """Drop the copies that other tests share, and those of the test."""
    _drop_all(engine)
    yield
    _drop_all(engine)


def _drop_all(engine: sa.Engine) -> None:
    with engine.begin() as conn:
        conn.execute(past_record.update().values(asked_at=sa.func.now() - timedelta(hours=25)))
        drop_old_copies(conn)
        assert conn.scalar(sa.select(sa.func.count()).select_from(past_record)) == 0


def shown(client: PageClient, path: str, staff_name: str = "auditor") -> str:
    """Return the content of a page that opens."""
    answer = client.get(staff_name, path)
    text = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200, text
    return text.partition("<main")[2]


def test_payment_is_shown_as_it_stood_at_the_end_of_each_day(clients: dict[str, PageClient]) -> None:
    own = clients["own"]
    today = shown(own, "/payments")
    assert "已到账" in today
    assert "这是" not in today
    before = shown(own, f"/payments?as_of={PAID - timedelta(days=1)}")
    assert "V-PAST-1" not in before
    in_transit = shown(own, f"/payments?as_of={PAID}")
    assert "V-PAST-1" in in_transit
    assert "已到账" not in in_transit.partition("<tbody")[2]
    assert "这是2025年9月15日终了时记录的样子。" in in_transit
    assert re.search(r"算到第 \d+ 号事件。", in_transit)
    assert 'href="/payments"' in in_transit, "back to today"
    assert f'action="/exports/payments/csv?as_of={PAID}"' in in_transit
    assert "已到账" in shown(own, f"/payments?as_of={LATER}").partition("<tbody")[2]


def test_pots_of_a_line_are_those_of_the_day(clients: dict[str, PageClient]) -> None:
    rows = [shown(clients["own"], f"/funds?as_of={on}").partition("<tbody")[2] for on in (OPENED, PAID, LATER)]
    paid = [re.findall(r'data-label="已发放">([0-9,.]+)<', row)[0] for row in rows]
    assert paid == ["0.00", "0.00", "1,500.00"]


ELSEWHERE = {"notifications": "letters", "fund_years": "funds/years"}
"""Lists whose address is not their name."""


def past_lists(app: Flask) -> list[str]:
    """Return the addresses of every list that shows a past day."""
    rules = (each for each in app.url_map.iter_rules() if each.endpoint.startswith("web."))
    return sorted(each.rule for each in rules if getattr(app.view_functions[each.endpoint], "shows_past", False))


def test_every_list_that_an_auditor_opens_takes_the_day(clients: dict[str, PageClient], shared_app: Flask) -> None:
    """Why: a list without it would show today's rows among those of a past day."""
    exported = {ELSEWHERE.get(name, name) for name in EXPORTED}
    assert {each.strip("/") for each in past_lists(shared_app)} == exported
    for path in past_lists(shared_app):
        page = shown(clients["own"], f"{path}?as_of={PAID}")
        assert "2025年9月15日终了" in page, path
        assert f'name="as_of" value="{PAID}"' in page, path
        assert 'name="as_of"' not in shown(clients["own"], path, "registrar") if path != "/events" else True


@pytest.mark.parametrize(
    "address",
    [
        "/payments?again=1&no_receipt=1&paid_from=2025-01-01&method=bank&source=union",
        "/cases?overdue=1&sort=due&count=exact&programme=hardship",
        "/households?has_open_case=1&overdue=1&active=yes&sort=file_no",
        "/funds?year=2025&item=LIV",
        "/funds/years?year=2025&source=union",
        "/visits?kind=survey&confirmed=yes",
        "/gifts?item=HOU&signed=no&record_state=live",
        "/pairings?period=running",
        "/notices?posted=up&objected=open",
        "/letters?letter_state=sending",
        *(f"/events?list={each}" for each in LISTS),
    ],
)
def test_filters_read_the_day_too(clients: dict[str, PageClient], address: str) -> None:
    """Why: a SELECT that used something outside the copy would fail."""
    assert "2025年9月15日终了" in shown(clients["own"], f"{address}&as_of={PAID}")


def test_auditor_of_another_unit_sees_no_row_of_the_day(clients: dict[str, PageClient], shared_app: Flask) -> None:
    office = clients["own"].office
    secret = {"V-PAST-1", str(office.fund_id), str(office.unit_id)}
    for path in past_lists(shared_app):
        page = shown(clients["beside"], f"{path}?as_of={PAID}")
        assert not [each for each in secret if each in page.partition("<tbody")[2]], path
    whole = clients["own"].get("auditor", f"/payments?as_of={PAID}").get_data(as_text=True)
    assert "V-PAST-1" in whole


@pytest.mark.parametrize("staff_name", ["registrar", "cashier", "approver_1"])
def test_staff_without_the_role_are_refused(clients: dict[str, PageClient], staff_name: str) -> None:
    own = clients["own"]
    assert page_refusal(own.get(staff_name, f"/payments?as_of={PAID}")) == (403, "role_missing")
    assert page_refusal(own.post(staff_name, f"/exports/payments/csv?as_of={PAID}", {})) == (403, "role_missing")


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2025-09-31", "as_of_unreadable"),
        ("'; DROP SCHEMA public", "as_of_unreadable"),
        ("2025-09-20", "as_of_not_over"),
        ("2099-01-01", "as_of_not_over"),
        ("1999-01-01", "as_of_too_early"),
        ("0001-01-01", "as_of_too_early"),
    ],
)
def test_day_is_refused_at_the_field(clients: dict[str, PageClient], day: str, code: str) -> None:
    answer = clients["own"].get("auditor", f"/payments?as_of={quote(day)}&state=live")
    page = html.unescape(answer.get_data(as_text=True))
    assert page_refusal(answer) == (422, code)
    assert code_of(re.findall(r'class="problem"[^>]*>([^<]*)<', page)[0]) == code
    assert '<input type="hidden" name="state" value="live">' in page
    export = clients["own"].post("auditor", f"/exports/payments/csv?as_of={quote(day)}", {})
    assert page_refusal(export) == (422, code)


def test_search_for_persons_is_refused(clients: dict[str, PageClient]) -> None:
    answer = clients["own"].get("auditor", f"/households?as_of={PAID}&q=1234")
    assert page_refusal(answer) == (409, "search_not_as_of")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_export_holds_the_rows_of_the_day_and_names_it(
    clients: dict[str, PageClient], engine: sa.Engine, kind: str
) -> None:
    own = clients["own"]
    for path in past_lists(own.app):
        shown(own, f"{path}?as_of={PAID}")
        name = {address: name for name, address in ELSEWHERE.items()}.get(path.strip("/"), path.strip("/"))
        answer = own.post("auditor", f"/exports/{name}/{kind}?as_of={PAID}", {})
        assert answer.status_code == 200, (path, answer.get_data(as_text=True))
        if kind == "csv":
            note = answer.get_data(as_text=True).splitlines()[0]
            assert "2025年9月15日终了时的记录（算到第" in note
            assert ("已到账" in answer.get_data(as_text=True)) is False
    with engine.connect() as conn:
        newest = sa.select(event.c.body).where(event.c.action == "export").order_by(event.c.no.desc()).limit(1)
        facts = json.loads(str(conn.scalar(newest)))["facts"]
    assert facts["filters"] == {"as_of": PAID.isoformat()}


def test_next_page_keeps_the_day(clients: dict[str, PageClient]) -> None:
    page = shown(clients["own"], f"/events?as_of={PAID}")
    following = re.findall(r'href="(/events\?[^"]*after=[^"]*)"', page)[0]
    assert f"as_of={PAID}" in following
    again = shown(clients["own"], following)
    assert "2025年9月15日终了" in again
    assert clients["own"].get("auditor", following.replace(f"as_of={PAID}", f"as_of={LATER}")).status_code == 422


@pytest.mark.usefixtures("no_copies")
def test_long_record_is_copied_by_the_worker(
    clients: dict[str, PageClient], database_url: str, engine: sa.Engine, tmp_path: Path
) -> None:
    own = clients["own"]
    with serving(database_url, tmp_path, SONGNUAN_PAST_EVENTS="1") as app:
        pages = PageClient(app, engine, own.office, own.today)
        for _ in range(2):
            answer = pages.get("auditor", f"/payments?as_of={PAID}")
            assert answer.status_code == 202
            assert "<progress" in answer.get_data(as_text=True)
        waits = pages.post("auditor", f"/exports/payments/csv?as_of={PAID}", {})
        assert page_refusal(waits) == (409, "past_record_waiting")
        with engine.connect() as conn:
            [number] = past_records.waiting(conn, now())
            assert not past_records.waiting(conn, now() + timedelta(hours=3))
        assert make_copy(engine, number) is CopyState.MADE
        assert "V-PAST-1" in shown(pages, f"/payments?as_of={PAID}")


@pytest.mark.usefixtures("no_copies")
def test_long_export_of_a_day_is_made_of_its_copy(
    clients: dict[str, PageClient], database_url: str, engine: sa.Engine, tmp_path: Path
) -> None:
    """Why: a transaction that is older than the copy sees its tables empty."""
    own = clients["own"]
    with serving(database_url, tmp_path, SONGNUAN_EXPORT_ROWS="1") as app:
        pages = PageClient(app, engine, own.office, own.today)
        assert pages.post("auditor", f"/exports/events/csv?as_of={PAID}", {}).status_code == 303
        _drop_all(engine)
        waiting = sa.select(prepared_file.c.id, prepared_file.c.rows_in_all).where(prepared_file.c.state == "waiting")
        with engine.connect() as conn:
            file_id, number = conn.execute(waiting).one()
        make_file(app, file_id, now)
        with engine.connect() as conn:
            assert conn.execute(waiting).one_or_none() is not None, "the copy was made, and the file waits on"
        make_file(app, file_id, now)
        with engine.connect() as conn:
            content = b"".join(prepared_files.parts(conn, RING, file_id)).decode("utf-8-sig")
    assert "2025年9月15日终了时的记录" in content.splitlines()[0]
    assert content.splitlines()[-1] == f"共 {number:,} 行"
    assert "confirm_payment" not in content


@pytest.mark.usefixtures("no_copies")
def test_ninth_day_is_refused_kindly(clients: dict[str, PageClient], role: sa.Engine) -> None:
    assert [copy_step(role, number) for number in range(1, MOST + 1)] == [CopyState.WAITING] * MOST
    assert copy_step(role, MOST + 1) is CopyState.FULL
    answer = clients["own"].get("auditor", f"/payments?as_of={PAID}")
    assert page_refusal(answer) == (409, "past_records_full")


COPY_FUNCTION = "FUNCTION copy_past_record(bigint)"


def owner_may_not_create(_role: str) -> Iterator[str]:
    """Yield statements that give the function to a role that may create no schema, and then back."""
    yield f"""DO $$ BEGIN
        CREATE ROLE without_schemas;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO without_schemas;
        ALTER {COPY_FUNCTION} OWNER TO without_schemas;
    END $$"""
    yield f"ALTER {COPY_FUNCTION} OWNER TO CURRENT_USER"
    yield "DROP OWNED BY without_schemas; DROP ROLE without_schemas"


def application_may_not_call(role: str) -> Iterator[str]:
    """Yield statements that take the function from the application's role, and give it back."""
    yield f"REVOKE EXECUTE ON {COPY_FUNCTION} FROM {role}"
    yield f"GRANT EXECUTE ON {COPY_FUNCTION} TO {role}"


def disk_is_full(_role: str) -> Iterator[str]:
    """Yield statements that let the copy meet the error of a full disk, and then not."""
    yield """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON past_record EXECUTE FUNCTION full_disk()"""
    yield "DROP FUNCTION full_disk CASCADE"


WAYS = {
    owner_may_not_create: "past_records_denied",
    application_may_not_call: "past_records_denied",
    disk_is_full: "past_records_no_space",
}


@pytest.fixture(params=WAYS)
def code_of_database(engine: sa.Engine, role: sa.Engine, request: pytest.FixtureRequest) -> Iterator[str]:
    """Make the database refuse copies, yield the reason's code, and let it make them again."""
    first, *others = request.param(role.url.username)
    with engine.begin() as conn:
        conn.exec_driver_sql(first)
    yield WAYS[request.param]
    with engine.begin() as conn:
        for statement in others:
            conn.exec_driver_sql(statement)


@pytest.mark.usefixtures("no_copies")
@pytest.mark.parametrize("past_events", ["20000", "1"], ids=["copied at once", "copied by the worker"])
def test_database_that_makes_no_copy_says_why(
    clients: dict[str, PageClient],
    database_url: str,
    engine: sa.Engine,
    tmp_path: Path,
    code_of_database: str,
    past_events: str,
) -> None:
    with serving(database_url, tmp_path, SONGNUAN_PAST_EVENTS=past_events) as app:
        pages = PageClient(app, engine, clients["own"].office, clients["own"].today, clients["own"].sessions)
        answers = [
            pages.get("auditor", f"/payments?as_of={PAID}"),
            pages.post("auditor", f"/exports/payments/csv?as_of={PAID}", {}),
        ]
    refusal = (409, code_of_database)
    assert [page_refusal(each) for each in answers] == [refusal] * 2


@pytest.fixture
def role(database_url: str, clients: dict[str, PageClient]) -> Iterator[sa.Engine]:
    """Yield an engine of the application's role."""
    assert clients
    pooled_engine = make_engine(application_url(database_url))
    yield pooled_engine
    pooled_engine.dispose()


@pytest.mark.usefixtures("no_copies")
def test_number_without_an_event_is_not_copied(role: sa.Engine) -> None:
    for number in (0, -1, -(2**63), 2**63 - 1, None):
        assert copy_step(role, number) is CopyState.UNKNOWN  # type: ignore[arg-type]
    with role.connect() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'asof%'")) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT copy_past_record('event; DROP TABLE event')",
        "SELECT copy_past_table('asof_1', 1, 'event'::regclass)",
        "SELECT fill_past_record('public', 1)",
        "SELECT unfold_events('public', 0, 1)",
        "SELECT recount_past_record('public', 1)",
        "SELECT past_columns('event'::regclass)",
        "INSERT INTO past_record VALUES (1, '', now(), 0, 1, now())",
        "UPDATE past_record SET made_at = now()",
        "DELETE FROM past_record",
        "UPDATE asof_3.payment SET fen = 1",
        "DELETE FROM asof_3.event",
        "INSERT INTO asof_3.unit SELECT * FROM unit",
        "DROP SCHEMA asof_3 CASCADE",
        "CREATE TABLE asof_3.mine (id int)",
        "CREATE SCHEMA asof_4",
        "TRUNCATE asof_3.payment",
    ],
)
def test_role_can_do_nothing_but_ask_and_read(role: sa.Engine, statement: str) -> None:
    assert make_copy(role, 3) is CopyState.MADE
    with role.connect() as conn, pytest.raises(sa.exc.DBAPIError) as denied:
        conn.exec_driver_sql(statement)
    assert is_denied(denied.value) or isinstance(denied.value.orig, InvalidTextRepresentation), statement


def test_copy_is_made_of_one_moment_alone(role: sa.Engine) -> None:
    with role.connect() as conn, pytest.raises(sa.exc.DBAPIError, match="REPEATABLE READ"):
        conn.execute(sa.select(sa.func.copy_past_record(1)))


@pytest.mark.usefixtures("no_copies")
def test_one_copy_is_made_at_a_time(role: sa.Engine) -> None:
    with role.connect() as first:
        held = first.execution_options(isolation_level="REPEATABLE READ")
        assert held.scalar(sa.select(sa.func.copy_past_record(1))) == "waiting"
        assert copy_step(role, 1) is CopyState.BUSY
        assert copy_step(role, 2) is CopyState.BUSY
        held.commit()
    with ThreadPoolExecutor(4) as pool:
        states = set(pool.map(lambda _: make_copy(role, 1), range(8)))
    assert states <= {CopyState.MADE, CopyState.BUSY}
    assert make_copy(role, 1) is CopyState.MADE


def test_record_verifies_while_copies_exist(engine: sa.Engine, role: sa.Engine) -> None:
    assert make_copy(role, 5) is CopyState.MADE
    with engine.connect() as conn:
        assert not list(schema_faults(conn))
        assert not verify(conn).faults


def test_copy_that_is_gone_shows_no_row_of_today(role: sa.Engine) -> None:
    assert make_copy(role, 6) is CopyState.MADE
    with role.connect() as conn:
        past_records.read_as_of(conn, 6)
        assert conn.scalar(sa.select(sa.func.max(event.c.no))) == 6
        conn.rollback()
        with pytest.raises(CopyMissing):
            past_records.read_as_of(conn, 7)
    with role.connect() as conn:
        conn.exec_driver_sql("SET LOCAL search_path = asof_7")
        with pytest.raises(sa.exc.ProgrammingError, match="does not exist"):
            conn.execute(sa.select(payment.c.id))


@pytest.mark.usefixtures("no_copies")
def test_copy_of_an_earlier_migration_is_made_again(
    clients: dict[str, PageClient], engine: sa.Engine, role: sa.Engine
) -> None:
    assert "V-PAST-1" in shown(clients["own"], f"/payments?as_of={PAID}")
    with engine.begin() as conn:
        conn.execute(past_record.update().values(revision="0022"))
        number = conn.scalar(sa.select(past_record.c.up_to))
    assert copy_step(role, int(number or 0)) is CopyState.OLD
    assert "V-PAST-1" in shown(clients["own"], f"/payments?as_of={PAID}")


@pytest.mark.usefixtures("no_copies")
def test_copy_that_somebody_reads_is_dropped_later(engine: sa.Engine, role: sa.Engine) -> None:
    assert make_copy(role, 5) is CopyState.MADE
    with engine.begin() as conn:
        conn.execute(past_record.update().values(asked_at=sa.func.now() - timedelta(hours=25)))
    with role.connect() as reader, role.connect() as other:
        past_records.read_as_of(reader, 5)
        reader.execute(sa.select(payment.c.id))
        assert drop_old_copies(other) == 0
        reader.rollback()
        assert drop_old_copies(other) == 1
        other.commit()
