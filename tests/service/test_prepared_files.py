"""Long exports: made while nobody waits, for one person, with progress, for a day, and whole or not at all."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from service.actions import prepared_files
from service.actions.account_ends import end_account
from service.actions.prepared_files import KEPT, MOST_ATTEMPTS, MOST_WAITING
from service.clock import now
from service.queries import prepared_files as read
from service.report.figures import snapshot
from service.tables.events import event
from service.tables.prepared_files import prepared_file, prepared_part
from service.web.file_making import make_file
from tests.api_client import ApiClient, serving
from tests.factories import RING
from tests.lives import case_at
from tests.page_client import PageClient, page_refusal

CASES = 3


@pytest.fixture
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Yield a web application that exports lists of two rows at once, and no longer ones."""
    with serving(database_url, tmp_path_factory.mktemp("var"), SONGNUAN_EXPORT_ROWS="2") as app:
        yield app


@pytest.fixture
def pages(app: Flask, desk: ApiClient, engine: sa.Engine) -> PageClient:
    """Return the pages of an organisation with three drafts."""
    for _ in range(CASES):
        case_at("draft", desk, engine)
    return PageClient(app, engine, desk.office, desk.today)


Ask = Callable[..., UUID]


@pytest.fixture
def ask(pages: PageClient, engine: sa.Engine) -> Ask:
    """Return a function that exports a long list, and returns the file that waits."""

    def asked(address: str = "/exports/cases/csv?state=draft", staff_name: str = "registrar") -> UUID:
        answer = pages.post(staff_name, address, {})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/exports")
        with engine.connect() as conn:
            mine = prepared_file.c.account_id == pages.office.people[staff_name]
            return UUID(
                str(conn.scalars(sa.select(prepared_file.c.id).where(mine).order_by(prepared_file.c.id)).all()[-1])
            )

    return asked


def row_of(engine: sa.Engine, file_id: UUID) -> sa.Row[Any]:
    with engine.connect() as conn:
        return conn.execute(sa.select(prepared_file).where(prepared_file.c.id == file_id)).one()


def parts_of(engine: sa.Engine, file_id: UUID) -> list[bytes]:
    with engine.connect() as conn:
        return list(conn.scalars(sa.select(prepared_part.c.content_sealed).where(prepared_part.c.file_id == file_id)))


def exports_of(pages: PageClient, engine: sa.Engine) -> list[dict[str, Any]]:
    facts = sa.cast(event.c.body, sa.dialects.postgresql.JSONB)["facts"]
    mine = event.c.subject_id == pages.office.people["registrar"], event.c.action == "export"
    with engine.connect() as conn:
        return list(conn.scalars(sa.select(facts).where(*mine)))


def test_long_list_is_made_meanwhile_and_taken_when_it_is_ready(
    app: Flask, pages: PageClient, engine: sa.Engine, ask: Ask
) -> None:
    file_id = ask()
    waiting = pages.get("registrar", "/exports").get_data(as_text=True)
    assert "正在准备" in waiting
    assert f"0 / {CASES} 行" in waiting
    assert "data-reload" in waiting
    assert exports_of(pages, engine) == [], "nobody has taken it yet"
    make_file(app, file_id, now)
    ready = pages.get("registrar", "/exports").get_data(as_text=True)
    assert f"{CASES} / {CASES} 行" in ready
    assert "data-reload" not in ready
    [address] = re.findall(r'action="(/exports/[^"]+)"', ready)
    answer = pages.post("registrar", address, {})
    note, _header, *rows, ending = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert note[0].startswith("个案。由 ")
    assert "筛选条件：待提交。" in note[0], "the filter of the address"
    assert len({row[0] for row in rows}) == CASES
    assert all("*" in row[1] for row in rows), "names are masked as in the list"
    assert ending == [f"共 {CASES} 行"]
    assert int(answer.headers["Content-Length"]) == len(answer.get_data())
    assert exports_of(pages, engine) == [{"list": "cases", "kind": "csv", "rows": CASES, "filters": {"state": "draft"}}]


def test_file_is_encrypted_and_made_with_the_rights_of_its_owner(
    app: Flask, engine: sa.Engine, desk: ApiClient, ask: Ask
) -> None:
    file_id = ask("/exports/cases/xlsx")
    make_file(app, file_id, now)
    [sealed] = parts_of(engine, file_id)
    assert b"xl/worksheets" not in bytes(sealed)
    with engine.connect() as conn:
        content = b"".join(prepared_files.parts(conn, RING, file_id))
    assert content.startswith(b"PK")
    assert len(content) == row_of(engine, file_id).size
    assert row_of(engine, file_id).rows_in_all == CASES, "the cases of other organisations are not in it"
    assert desk.office.people


def test_file_is_its_owners_alone_and_goes_with_their_grants(
    app: Flask, pages: PageClient, engine: sa.Engine, ask: Ask
) -> None:
    file_id = ask()
    assert page_refusal(pages.post("registrar", f"/exports/{file_id}", {})) == (404, "not_found")
    make_file(app, file_id, now)
    assert page_refusal(pages.post("reviewer", f"/exports/{file_id}", {})) == (404, "not_found")
    with engine.begin() as conn:
        conn.execute(prepared_file.update().where(prepared_file.c.id == file_id).values(grants=["auditor/0/other/"]))
    refused = pages.post("registrar", f"/exports/{file_id}", {})
    assert page_refusal(refused) == (403, "file_permission_ended")
    assert exports_of(pages, engine) == []


def test_file_is_removed_after_a_day(app: Flask, pages: PageClient, engine: sa.Engine, ask: Ask) -> None:
    made, never_made = ask(), ask()
    make_file(app, made, now)
    moved(engine, made, now() - KEPT + timedelta(minutes=1))
    with engine.begin() as conn:
        prepared_files.remove_old(conn, now())
    assert parts_of(engine, made), "its day is not over"
    for file_id in (made, never_made):
        moved(engine, file_id, now() - KEPT - timedelta(seconds=1))
    assert page_refusal(pages.post("registrar", f"/exports/{made}", {})) == (404, "not_found")
    make_file(app, never_made, now)
    with engine.begin() as conn:
        assert prepared_files.remove_old(conn, now()) >= 2
    assert [row_of(engine, file_id).state for file_id in (made, never_made)] == ["removed"] * 2
    assert parts_of(engine, made) == parts_of(engine, never_made) == []


def moved(engine: sa.Engine, file_id: UUID, asked_at: datetime) -> None:
    with engine.begin() as conn:
        conn.execute(prepared_file.update().where(prepared_file.c.id == file_id).values(asked_at=asked_at))


def test_file_whose_process_died_is_made_again_and_given_up_at_last(app: Flask, engine: sa.Engine, ask: Ask) -> None:
    file_id, hopeless = ask(), ask()
    with engine.begin() as conn:
        assert prepared_files.begin(conn, file_id, now()) is not None
        prepared_files.note_progress(conn, file_id, 2, CASES)
    make_file(app, file_id, now)
    assert (row_of(engine, file_id).state, row_of(engine, file_id).rows_done) == ("ready", CASES)
    assert len(parts_of(engine, file_id)) == 1
    for _ in range(MOST_ATTEMPTS):
        with engine.begin() as conn:
            assert prepared_files.begin(conn, hopeless, now()) is not None
    make_file(app, hopeless, now)
    assert row_of(engine, hopeless).state == "failed"


def test_file_is_made_by_one_process_at_a_time(app: Flask, engine: sa.Engine, ask: Ask) -> None:
    file_id = ask()
    with snapshot(engine) as other:
        assert read.lock_making(other, file_id)
        make_file(app, file_id, now)
        assert (row_of(engine, file_id).state, row_of(engine, file_id).attempts) == ("waiting", 0)
    make_file(app, file_id, now)
    assert (row_of(engine, file_id).state, row_of(engine, file_id).attempts) == ("ready", 1)


def test_person_may_wait_for_three_files(pages: PageClient, ask: Ask) -> None:
    for _ in range(MOST_WAITING):
        ask()
    assert page_refusal(pages.post("registrar", "/exports/cases/csv", {})) == (409, "files_waiting")
    ask(staff_name="reviewer")


def test_file_of_an_account_that_has_ended_is_not_made(
    app: Flask, pages: PageClient, engine: sa.Engine, ask: Ask
) -> None:
    file_id = ask()
    office, day = pages.office, pages.today
    with engine.begin() as conn:
        end_account(conn, office.people["registrar"], "离职", office.seconded(conn, "admin", day))
    make_file(app, file_id, now)
    assert (row_of(engine, file_id).state, parts_of(engine, file_id)) == ("failed", [])
