"""Bundles hold the record of a unit and a period, no word of another unit, and nobody's name or number."""

import io
import json
import re
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from gzip import decompress
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from service.actions import bundles as actions
from service.actions import households, persons
from service.actions.errors import NotFound
from service.bundles import archive_writer
from service.bundles.masked_columns import is_minor
from service.bundles.tables import BUNDLE_TABLES
from service.bundles.verifier.table_rows import cell_of, value_of
from service.bundles.verifier_script import PARTS, verifier_script
from service.cli import main
from service.crypto.encryption import decrypt_field
from service.crypto.signed_notes import SigningKey, log_key
from service.tables.events import event, sealed_remark
from service.tables.households import household
from service.tables.notices import objection
from service.tables.payees import bank_account
from service.tables.persons import person
from service.web import bundles as bundle_page
from tests.api_client import ApiClient
from tests.application_role import application_url
from tests.chaos.sample_record import LOG_KEY, write_sample_record
from tests.factories import RING, Organisation, create_family, create_organisation
from tests.lives import case_at
from tests.page_client import page_refusal
from tests.service import own_record
from tests.service.browser import Browser, browser_of
from tests.service.bundle_fixtures import DOCUMENT, PERIOD, TODAY, codes, notes, opened, take, verified
from workflows.vocabulary import InvalidForm, Refused

database_url, engine, shared_app = own_record.database_url, own_record.engine, own_record.shared_app
Open = Callable[[str], Browser]


@pytest.fixture(scope="module")
def county(engine: sa.Engine) -> Organisation:
    """Return the organisation of the sample record."""
    return write_sample_record(engine).organisation


@pytest.fixture(scope="module")
def beside(engine: sa.Engine, county: Organisation) -> Organisation:
    """Return another county with a family, in the same record."""
    del county
    with engine.begin() as conn:
        other = create_organisation(conn)
        create_family(conn, other, surname="别县")
    return other


@pytest.fixture
def open_as(shared_app: Flask, engine: sa.Engine, desk: ApiClient) -> Open:
    """Return a function that opens the browser of a member of staff on the day of the client."""
    return lambda name: browser_of(shared_app, engine, desk, name)


def texts(path: Path) -> dict[str, bytes]:
    """Return the contents of a bundle, also of what is packed within them."""
    with zipfile.ZipFile(path) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    for name, content in list(found.items()):
        if name.endswith(".gz"):
            found[name] = decompress(content)
        elif name.endswith((".xlsx", ".docx")):
            with zipfile.ZipFile(io.BytesIO(content)) as inner:
                found[name] = b"\n".join(inner.read(each) for each in inner.namelist())
    return found


SHORTEST = 3
"""Characters of the shortest value that is looked for: the remarks 示例 of other fixtures are words of the page too."""


def sealed_values(conn: sa.Connection) -> Mapping[str, set[str]]:
    """Return every encrypted value of the record in plain, by its column."""
    columns = [(person, f"person.{name}", f"{name}_sealed") for name in ("name", "id_no", "phone", "email", "address")]
    columns += [
        (household, "household.story", "story_sealed"),
        (bank_account, "bank_account.card", "card_sealed"),
        (sealed_remark, "sealed_remark.text", "text_sealed"),
    ]
    columns += [(objection, "objection.text", "text_sealed")]
    found: dict[str, set[str]] = {}
    for table, column, sealed in columns:
        rows = conn.execute(sa.select(table.c.id, table.c[sealed]).where(table.c[sealed].is_not(None)))
        found[column] = {decrypt_field(RING, column, row[0], row[1]) for row in rows}
    return found


def test_bundle_holds_no_name_number_or_word_of_anybody(
    engine: sa.Engine, county: Organisation, tmp_path: Path
) -> None:
    """Canary: every encrypted value of the record, looked for in every file, also as JSON escapes and in hex."""
    with engine.begin() as conn:
        family = create_family(conn, county, surname="鸟雀", email="canary-bird@example.org")
        registrar = county.context(conn, "registrar", TODAY)
        households.edit_household(conn, family.household_id, {"story": "笼中之歌，一曲又一曲"}, registrar)
        persons.edit_person(conn, family.head_id, {"phone": "19912345678", "address": "金丝雀路一百号"}, registrar)
    take(engine, county, tmp_path / "bundle.zip")
    files = texts(tmp_path / "bundle.zip")
    with engine.connect() as conn:
        values = sealed_values(conn)
    assert all(values.values()), "each kind is there to be looked for"
    hits = [
        (column, name)
        for column, plain in values.items()
        for value in plain
        if len(value) >= SHORTEST
        for name, content in files.items()
        if any(
            each in content
            for each in (value.encode(), value.encode().hex().encode(), json.dumps(value)[1:-1].encode())
        )
    ]
    assert hits == []
    columns = {each.table.name: [column.name for column in each.columns] for each in BUNDLE_TABLES}
    assert [name for names in columns.values() for name in names if "sealed" in name or "_index" in name] == []
    assert re.search(rb"[0-9]{4}\*{10}[0-9]{3}", files["rows/person.csv"]), "numbers are masked, not left out"


def test_persons_are_masked_and_minors_have_neither_name_nor_number(
    engine: sa.Engine, county: Organisation, tmp_path: Path
) -> None:
    take(engine, county, tmp_path / "bundle.zip")
    lines = opened(tmp_path / "bundle.zip").table("person")
    shown = [dict(zip(lines[1], line, strict=True)) for line in lines[2:]]
    adults = [each for each in shown if each["name"]]
    minors = [each for each in shown if not each["name"]]
    assert len(adults) > len(minors) > 0
    assert {each["relation"] for each in adults} >= {"head", "spouse"}
    assert all("*" in each["name"] for each in adults)
    assert all(re.fullmatch(r"[0-9]{4}\*{10}[0-9]{3}[0-9X]", each["id_no"]) for each in adults if each["id_no"])
    assert {(each["id_no"], each["phone"]) for each in minors} == {("", "")}
    assert "经审资料包" in lines[0][0]
    assert DOCUMENT in lines[0][0]


@pytest.mark.parametrize(
    ("number", "relation", "stage", "expected"),
    [
        ("110105200712310016", "child", None, True),
        ("11010519491231002X", "head", None, False),
        (None, "child", None, True),
        (None, "other", "senior", True),
        (None, "spouse", None, False),
        ("E12345678", "child", "bachelor", True),
    ],
)
def test_person_who_may_be_a_minor_counts_as_one(
    number: str | None, relation: str, stage: str | None, expected: bool
) -> None:
    assert is_minor(number, relation, stage, date(2025, 12, 30)) is expected


def test_bundle_of_a_county_holds_no_body_of_another(
    engine: sa.Engine, county: Organisation, beside: Organisation, tmp_path: Path
) -> None:
    take(engine, beside, tmp_path / "beside.zip")
    bundle, found = opened(tmp_path / "beside.zip"), verified(tmp_path / "beside.zip")
    assert codes(found) == []
    text = b"\n".join(texts(tmp_path / "beside.zip").values())
    with engine.connect() as conn:
        own = set(conn.scalars(sa.select(person.c.id)))
        strangers = {each for (each,) in conn.execute(sa.text(
            "SELECT p.id FROM person p JOIN household h ON h.id = p.household_id WHERE h.unit_path NOT LIKE :path || '%'"
        ), {"path": beside.unit_path})}  # fmt: skip
        chains = {row.subject_id: row.subject for row in conn.execute(sa.select(event.c.subject_id, event.c.subject))}
        count = conn.scalar(sa.select(sa.func.count()).select_from(event)) or 0
    # Rules concern every unit: who loaded them is no secret.
    rules = {body["actor"] for body in (json.loads(each["body"]) for each in bundle.events if "body" in each)
             if body["subject"] == "policy"}  # fmt: skip
    of_others = {str(each) for each in (county.unit_id, *county.people.values(), *strangers)} - rules
    assert own - strangers, "the other county has persons of its own"
    assert [each for each in of_others if each.encode() in text] == []
    bodies = [json.loads(each["body"]) for each in bundle.events if "body" in each]
    assert {body["subject"] for body in bodies} >= {"household", "unit"}
    assert len(bundle.events) == count - 1, "every event is there by its hash, so that the tree closes"
    assert 0 < len(bodies) < count / 2
    assert {chains[UUID(body["id"])] for body in bodies} == {body["subject"] for body in bodies}


def test_period_cuts_by_subject_and_keeps_its_whole_chain(
    engine: sa.Engine, county: Organisation, tmp_path: Path
) -> None:
    """A case of the period is followed back to its application, one without an event or money in it is a hash."""
    take(engine, county, tmp_path / "year.zip")
    take(engine, county, tmp_path / "later.zip", (date(2025, 12, 30), TODAY))
    take(engine, county, tmp_path / "before.zip", (date(2019, 1, 1), date(2019, 12, 31)))
    year, later, before = (opened(tmp_path / f"{name}.zip") for name in ("year", "later", "before"))
    for name in ("year", "later", "before"):
        assert codes(verified(tmp_path / f"{name}.zip")) == []
    sizes = [sum("body" in each for each in bundle.events) for bundle in (year, later, before)]
    assert sizes[0] > sizes[1] > sizes[2] > 0, "rules and units are in every bundle"
    assert len(before.table("case")) == len(before.table("ledger_entry")) == 2
    assert later.manifest["report"] == "period_not_months"
    assert year.manifest["report"] == "made"
    assert {"report/figures.xlsx", "report/welfare-section.docx"} <= year.files.keys()
    assert not [name for name in later.files if name.startswith("report/")]


def test_manifest_says_who_took_what_and_why_and_so_does_the_event(
    engine: sa.Engine, county: Organisation, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.zip"
    made = take(engine, county, path)
    said = opened(path).manifest
    assert (said["from"], said["until"], said["purpose"], said["document"]) == (
        "2025-01-01",
        "2025-12-31",
        "yearly_audit",
        DOCUMENT,
    )
    assert said["made_by"]["login"] == county.login("auditor")
    assert said["unit"]["id"] == str(county.unit_id)
    assert set(said["tables"]) == {each.table.name for each in BUNDLE_TABLES}
    with engine.connect() as conn:
        body = conn.scalar(sa.select(event.c.body).where(event.c.action == "make_bundle").order_by(event.c.no.desc()))
    facts = json.loads(str(body))["facts"]
    assert (facts["manifest"], facts["file"], facts["size"]) == (made.manifest, made.file, path.stat().st_size)
    assert notes(verified(path))["manifest"] == {"sha256": made.manifest}
    assert (facts["from_on"], facts["until_on"], facts["unit_id"]) == ("2025-01-01", "2025-12-31", str(county.unit_id))


@pytest.mark.parametrize("values", [["", "'", "''a", "=1+1", "-5", "甲", "@a", "\ta", None, 'a,b\n"c"']])
def test_cell_gives_its_value_back(values: list[str | None]) -> None:
    assert [value_of(cell_of(value, "text"), "text") for value in values] == values
    assert [cell_of(each, "text") for each in ("=1", "-1", "")] == ["'=1", "'-1", "'"]
    for fen in (0, 5, -5, 300_000, -123_456):
        assert value_of(cell_of(fen, "money"), "money") == fen
    assert cell_of(-5, "money") == "-0.05"
    with pytest.raises(ValueError, match=r"1\.5"):
        value_of("1.5", "money")


def test_verifier_is_one_file_of_the_standard_library() -> None:
    text = verifier_script()
    assert set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)) <= set(sys.stdlib_module_names)
    names = re.findall(r"^(?:def|class) (\w+)|^(\w+)(?:, \w+)*(?:: [^=]+)? = ", text, re.MULTILINE)
    defined = [one or other for one, other in names]
    assert sorted({name for name in defined if defined.count(name) > 1}) == [], (
        "a later part would replace an earlier one"
    )
    assert len(PARTS) == len(list(Path(archive_writer.__file__).parent.glob("verifier/*.py"))) - 1
    compile(text, "verify.py", "exec")


def test_bundle_is_written_in_constant_memory(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second record is four times as long as the first; the events of one file are what is held at a time."""
    monkeypatch.setattr("service.bundles.event_files.EVENTS_OF_A_FILE", 50)
    monkeypatch.setattr("service.integrity.stored_rows.STREAM_BATCH_SIZE", 50)
    peaks = []
    with engine.begin() as conn:
        office = create_organisation(conn)
    period = PERIOD[0], date(2025, 12, 30)  # not of whole months: without the report, whose figures are not many
    take(engine, office, tmp_path / "first.zip", period)  # what is imported and cached once
    for number, families in enumerate((40, 160)):
        with engine.begin() as conn:
            for _ in range(families):
                create_family(conn, office)
        tracemalloc.start()
        take(engine, office, tmp_path / f"{number}.zip", period)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert len(opened(tmp_path / "1.zip").table("person")) > 3 * 200
    assert peaks[1] < 1.2 * peaks[0], peaks


def test_period_or_purpose_that_cannot_be_is_refused(engine: sa.Engine, county: Organisation) -> None:
    def asked(start: date, end: date, purpose: str = "yearly_audit", document: str = DOCUMENT) -> list[str]:
        with engine.connect() as conn:
            context = county.context(conn, "auditor", TODAY)
            try:
                actions.bundle_request(conn, county.unit_id, (start, end), purpose, document, context)
            except InvalidForm as wrong:
                return [problem.code for problem in wrong.problems]
        return []

    assert asked(*PERIOD) == []
    assert asked(PERIOD[1], PERIOD[0]) == ["dates_reversed"]
    assert asked(PERIOD[0], TODAY + timedelta(days=1)) == ["in_the_future"]
    assert asked(*PERIOD, purpose="curiosity") == ["not_a_choice"]
    assert asked(*PERIOD, document=" ") == ["not_text"]
    assert asked(*PERIOD, document="11010519491231002X") == ["looks_personal"]


def test_unit_of_others_is_not_found(engine: sa.Engine, county: Organisation, beside: Organisation) -> None:
    with engine.connect() as conn:
        for office, name in ((beside, "auditor"), (county, "registrar"), (county, "admin")):
            context = office.context(conn, name, TODAY)
            with pytest.raises(NotFound):
                actions.bundle_request(conn, county.unit_id, PERIOD, "yearly_audit", DOCUMENT, context)


def test_bundle_that_would_be_too_large_is_refused(
    engine: sa.Engine, county: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_writer, "LARGEST", 10_000)
    with pytest.raises(Refused) as refused:
        take(engine, county, tmp_path / "bundle.zip")
    assert refused.value.codes == ["bundle_too_large"]


def test_checkpoints_that_a_witness_cosigned_are_in_the_bundle(
    engine: sa.Engine, county: Organisation, tmp_path: Path
) -> None:
    take(engine, county, tmp_path / "first.zip")
    note = opened(tmp_path / "first.zip").files["checkpoints/last.txt"].decode()
    witness = SigningKey("union-above", bytes([7]) * 32)
    cosigned = witness.cosign(note, county_time())
    take(engine, county, tmp_path / "second.zip", cosigned=cosigned)
    found = verified(tmp_path / "second.zip", witness=str(witness.witness))
    assert codes(found) == []
    assert notes(found)["cosigned"] == {"number": 1, "name": "union-above"}
    assert opened(tmp_path / "second.zip").files["checkpoints/last.txt"].decode() == cosigned


def county_time() -> datetime:
    """Return an instant at which a witness cosigned."""
    return datetime(2025, 9, 23, 1, tzinfo=UTC)


def test_auditor_takes_a_bundle_on_the_page(desk: ApiClient, engine: sa.Engine, open_as: Open, tmp_path: Path) -> None:
    case_at("receipt", desk, engine)
    auditor = open_as("auditor")
    page = auditor.open("/audit/bundles")
    assert "还没有人做过资料包" in page.text
    assert page.form["until_on"] == [desk.today.isoformat()]
    wrong = auditor.fill("/audit/bundles", from_on="2025-09-02", until_on="2025-09-01", document="")
    assert wrong.refusal == (422, ["answer_missing"])
    wrong = auditor.fill("/audit/bundles", from_on="2025-09-02", until_on="2025-09-01", document=DOCUMENT)
    assert wrong.refusal == (422, ["dates_reversed"])
    assert wrong.problems_at("until_on")
    form = {**page.form, "unit_id": str(desk.office.unit_id), "document": DOCUMENT}
    answer = auditor.http.post("/audit/bundles", data=form, headers=auditor.headers, buffered=True)
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    (tmp_path / "bundle.zip").write_bytes(answer.data)
    found = verified(tmp_path / "bundle.zip", key="")
    assert codes(found) == []
    digest = str(notes(found)["manifest"]["sha256"])
    shown = auditor.open("/audit/bundles").text
    assert digest in shown
    assert DOCUMENT in shown
    [number] = re.findall(r'href="/events/(\d+)"', shown)
    assert "取得经审资料包" in auditor.open(f"/events/{number}").text
    again = auditor.http.post("/audit/bundles", data=form, headers=auditor.headers, buffered=True)
    assert again.status_code == 200, "no answer was kept: a bundle is made anew, and recorded"
    assert len(re.findall(r'href="/events/\d+"', auditor.open("/audit/bundles").text)) == 2


def test_page_signs_with_the_key_of_the_log(desk: ApiClient, open_as: Open, shared_app: Flask) -> None:
    settings = shared_app.extensions["songnuan"].settings
    auditor = open_as("auditor")
    assert "这台机器上没有日志的密钥" in auditor.open("/audit/bundles").text
    key = log_key(settings, create=True)
    assert key is not None
    assert str(key.verifier) in auditor.open("/audit/bundles").text.replace("&#43;", "+")
    page = auditor.open("/audit/bundles")
    form = {**page.form, "unit_id": str(desk.office.unit_id), "document": DOCUMENT}
    answer = auditor.http.post("/audit/bundles", data=form, headers=auditor.headers, buffered=True)
    assert b"manifest.sig" in answer.data
    (settings.log_key or settings.var / "log-key").unlink()


def test_bundle_page_is_for_auditors_of_the_unit(engine: sa.Engine, open_as: Open, beside: Organisation) -> None:
    assert open_as("registrar").open("/audit/bundles").refusal == (403, ["role_missing"])
    registrar, auditor = open_as("registrar"), open_as("auditor")
    form = {**auditor.open("/audit/bundles").form, "unit_id": str(beside.unit_id), "document": DOCUMENT}
    before = counted(engine)
    for unit_id in (beside.unit_id, uuid4()):
        answer = auditor.http.post("/audit/bundles", data={**form, "unit_id": str(unit_id)}, headers=auditor.headers)
        assert page_refusal(answer) == (404, "not_found")
    csrf = registrar.open("/cases").form["_csrf"]
    answer = registrar.http.post("/audit/bundles", data={**form, "_csrf": csrf}, headers=registrar.headers)
    assert page_refusal(answer) == (403, "role_missing")
    assert counted(engine) == before


def counted(engine: sa.Engine) -> int:
    """Return how many bundles were taken."""
    with engine.connect() as conn:
        taken = sa.select(sa.func.count()).select_from(event).where(event.c.action == "make_bundle")
        return conn.scalar(taken) or 0


def test_long_record_is_bundled_by_command(desk: ApiClient, open_as: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    auditor = open_as("auditor")
    page = auditor.open("/audit/bundles")
    monkeypatch.setattr(bundle_page, "MOST_EVENTS", 1)
    assert "songnuan audit bundle" in auditor.open("/audit/bundles").text
    answer = auditor.send("/audit/bundles", page, unit_id=str(desk.office.unit_id), document=DOCUMENT)
    assert answer.refusal == (409, ["bundle_by_command"])


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs `songnuan audit …` on the record of this module, in an empty folder."""
    var = tmp_path / "var"
    var.mkdir()
    (var / "log-key").write_text(f"{LOG_KEY}\n")
    (var / "keyring").write_text(f"1:{RING.keys[1].hex()}\n")
    monkeypatch.chdir(tmp_path)
    settings = {"DATABASE_URL": application_url(database_url), "SONGNUAN_VAR": str(var), "REDIS_URL": ""}
    return lambda *words: CliRunner().invoke(main, ["audit", *words], env=settings)


def test_auditor_takes_and_verifies_a_bundle_at_the_command_line(
    run: Callable[..., Result], county: Organisation, tmp_path: Path
) -> None:
    period = ("--from", "2025-01-01", "--until", "2025-12-31")
    made = run("bundle", "--by", county.login("auditor"), *period, "--document", DOCUMENT, "--out", "b.zip", "--json")
    assert made.exit_code == 0, made.output
    said = json.loads(made.stdout)
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    checked = run("verify-bundle", "b.zip", "--key", said["key"], "--manifest", said["manifest"])
    assert checked.exit_code == 0, checked.output
    assert "结论：完好。" in checked.stdout
    (tmp_path / "b.zip").write_bytes((tmp_path / "b.zip").read_bytes() + b"\0")
    torn = run("verify-bundle", "b.zip")
    assert (torn.exit_code, "这不是资料包" in torn.output) == (2, True)
    again = run("bundle", "--by", county.login("auditor"), *period, "--document", DOCUMENT, "--out", "b.zip")
    assert (again.exit_code, "不会覆盖" in again.output) == (2, True)


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--by", "registrar"), 2, "没有经审员的权限"),
        (("--by", "auditor", "--unit", "别处"), 2, "没有名为“别处”的单位归"),
        (("--by", "auditor", "--until", "2024-12-31"), 1, "早于"),
        (("--by", "auditor", "--out", "nowhere/b.zip"), 2, "写不进"),
        (("--by", "nobody"), 2, "没有登录名为"),
    ],
)
def test_bundle_that_cannot_be_is_refused_at_the_command_line(
    run: Callable[..., Result], county: Organisation, engine: sa.Engine, more: tuple[str, ...], code: int, words: str
) -> None:
    before, login = counted(engine), more[1]
    named = county.login(login) if login != "nobody" else login
    defaults = {"--until": "2025-12-31", "--out": "b.zip"} | dict(zip(more[2::2], more[3::2], strict=True))
    options = [part for pair in defaults.items() for part in pair]
    answer = run("bundle", "--by", named, "--from", "2025-01-01", "--document", DOCUMENT, *options)
    assert (answer.exit_code, words in answer.output) == (code, True), answer.output
    assert counted(engine) == before
