"""The command line: its output, its effects and its exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from service.cli import COMMANDS, main
from service.db.engine import make_engine
from service.tables.accounts import account
from service.tables.events import event
from service.tables.installation import RecordKind
from tests.application_role import application_url
from tests.service.cli_people import APPROVER, INIT, SIGNERS, Run, confirm, found, invite, waiting
from tests.service.import_fixtures import Cell, workbook

SAMPLES = Path(__file__).parents[2] / "samples"
FIRST_DAY = ("calendar-", "policy-", "01-", "02-")
pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module")
def installation(empty_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return empty_database(), tmp_path_factory.mktemp("installation")


@pytest.fixture
def run(installation: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `songnuan …` in an empty installation that the module shares."""
    return runner(*installation, monkeypatch)


def runner(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(folder)

    def command(*words: str, **environ: str) -> Result:
        urls = {"DATABASE_URL": application_url(url), "OWNER_DATABASE_URL": url}
        settings = {**urls, "SONGNUAN_VAR": str(folder), "REDIS_URL": "", "SMTP_URL": "", **environ}
        return CliRunner().invoke(main, list(words), env=settings)

    return command


@pytest.mark.timeout(400)
def test_union_is_founded_imported_reported_and_verified(run: Run, installation: tuple[str, Path]) -> None:
    assert run("doctor").exit_code == 1
    tokens = found(run)
    again = run("init", "--unit", "另一个", *INIT[3:])
    assert again.exit_code == 1
    assert "已经开户" in again.output
    assert run("migrate").exit_code == 0
    late = ("--by", "admin", "--late", "补录示例的一年", "--json")
    rules_and_staff = import_all(run, tokens, "--urgent", "示例", *late, first=True)
    assert (rules_and_staff["rules"], rules_and_staff["sheets"]["人员"]["written"]) == (
        {"policy": 1, "calendar": 2},
        20,
    )
    tokens |= invite(run, tokens, *SIGNERS, "tan.ying")
    sheets = import_all(run, tokens, *late, first=False)["sheets"]
    assert (sheets["家庭"]["written"], sheets["走访"]["written"]) == (37, 49)
    repeated = json.loads(run("import", str(SAMPLES), *late).stdout)
    assert {title for title, count in repeated["sheets"].items() if count["written"]} == set()
    assert repeated["confirmation"] is None
    created = run("token", "create", "--days", "3", "--json", SONGNUAN_TOKEN=tokens["tan.ying"])
    own_token = json.loads(created.stdout)["token"]
    assert own_token.startswith("snt_")
    listed = json.loads(run("token", "list", "--json").stdout)
    assert sorted({each["login"] for each in listed}) == sorted(tokens)
    assert own_token not in json.dumps(listed)
    assert run("token", "revoke", listed[0]["id"], "--by", "admin").exit_code == 0
    figures = json.loads(run("report", "--from", "2025-01-01", "--to", "2025-12-31", "--json").stdout)
    assert {each["key"]: each["value"] for each in figures["figures"]}["laid_off_households_visited"] == 33
    report = run("report", "--from", "2025-01-01", "--to", "2025-12-31", "--unit", "临澜县第三中学工会", "--out", "out")
    assert sorted(path.name for path in (installation[1] / "out").iterdir()) == [
        "figures.json",
        "welfare-section.docx",
        "welfare-section.md",
    ]
    assert report.exit_code == 0
    keys = run("search-keys", "check")
    assert (keys.exit_code, "0人不同，0人的资料解不开" in keys.output) == (0, True)
    verified = json.loads(run("audit", "verify", "--json").stdout)
    assert verified["faults"] == []
    assert verified["events"] > 300
    undo_the_year(run, tokens)
    verified = json.loads(run("audit", "verify", "--json").stdout)
    assert verified["faults"] == []


def undo_the_year(run: Run, tokens: dict[str, str]) -> None:
    """Undo the import of the year's sheets: what the administrator cannot void stays, with what leans on it."""
    listed = [line.split() for line in run("undo", "list", "--by", "admin").stdout.splitlines()]
    assert listed[0][2] == "没有新内容"
    import_id = max(listed, key=lambda each: int(each[3]))[0]
    rows = [line.split(",") for line in run("undo", "show", import_id, "--by", "admin").stdout.splitlines()]
    stays = {row[-1] for row in rows}
    assert stays >= {"", "undo_role_missing", "undo_has_gifts", "undo_has_records", "undo_no_reversal"}
    proposed = run("undo", "propose", import_id, "--by", "admin", "--reason", "导错了文件")
    assert proposed.exit_code == 0, proposed.output
    (proposal,) = waiting(run, tokens[APPROVER])
    confirm(run, tokens[APPROVER], proposal)
    again = [line.split(",") for line in run("undo", "show", import_id, "--by", "admin").stdout.splitlines()]
    assert [row[0] for row in again if row[3]] == [row[0] for row in rows if not row[-1]]
    assert run("undo", "propose", import_id, "--by", "admin", "--reason", "导错了文件").exit_code == 1
    assert run("undo", "show", str(UUID(int=1)), "--by", "admin").exit_code == 2


def import_all(run: Run, tokens: dict[str, str], *options: str, first: bool) -> dict[str, Any]:
    """Import the sample files of the first day, or the others; let all confirm, and return what was imported."""
    files = [path for path in sorted(SAMPLES.glob("*.*")) if path.suffix in {".xlsx", ".csv", ".toml"}]
    chosen = [str(path) for path in files if path.name.startswith(FIRST_DAY) == first]
    imported = run("import", *chosen, *options)
    assert imported.exit_code == 0, imported.output
    document: dict[str, Any] = json.loads(imported.stdout)
    for login in (APPROVER,) if first else SIGNERS:
        assert waiting(run, tokens[login]) == [document["confirmation"]], login
        confirm(run, tokens[login], document["confirmation"])
    return document


@pytest.mark.parametrize("name", COMMANDS)
def test_command_of_the_table_is_there_under_its_name(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.name, bool(command.help)) == (name, True)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("token", "create"), 2, "SONGNUAN_TOKEN"),
        (("invite", "nobody.at.all", "--by", "admin"), 2, "没有登录名"),
        (("token", "revoke", "00000000-0000-7000-8000-000000000000", "--by", "nobody.at.all"), 2, "没有登录名"),
        (("report", "--from", "2025-12-31", "--to", "2025-01-01"), 2, "早于"),
        (("report", "--from", "2025-03-01", "--to", "2025-03-01"), 2, "整月"),
        (("report", "--from", "yesterday", "--to", "2025-01-01"), 2, "yesterday"),
        (("report", "--from", "2025-01-01", "--to", "2025-12-31", "--unit", "没有的工会"), 2, "没有的工会"),
        (("import", "nowhere", "--by", "admin"), 2, "nowhere"),
        (("serve", "--port", "0"), 2, "0"),
    ],
)
def test_impossible_command_exits_with_its_message(run: Run, words: tuple[str, ...], code: int, message: str) -> None:
    run("migrate")
    result = run(*words)
    assert result.exit_code == code, result.output
    assert message in result.output


def test_migration_by_a_role_that_owns_nothing_names_the_owner(
    empty_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runner(empty_database(), tmp_path, monkeypatch)
    refused = run("migrate", OWNER_DATABASE_URL="")
    assert (refused.exit_code, "OWNER_DATABASE_URL" in refused.output) == (2, True), refused.output
    assert run("migrate").exit_code == 0
    again = run("migrate", OWNER_DATABASE_URL="")
    assert again.exit_code == 0, "nothing to change"


def test_doctor_warns_of_a_role_that_owns_the_tables(run: Run, installation: tuple[str, Path]) -> None:
    run("migrate")
    checks = {each["check"]: each for each in json.loads(run("doctor", "--json").stdout)}
    assert (checks["role"]["well"], checks["role"]["warning"]) == (True, False)
    checks = {each["check"]: each for each in json.loads(run("doctor", "--json", DATABASE_URL=installation[0]).stdout)}
    assert (checks["role"]["well"], checks["role"]["warning"]) == (True, True)
    assert "docs/operator.md" in checks["role"]["words"]


@pytest.mark.parametrize("kind", [RecordKind.OFFICE, RecordKind.DEMO])
def test_doctor_warns_an_office_whose_cookies_are_not_secure(
    empty_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: RecordKind
) -> None:
    """Why: behind a proxy with TLS everything works without PUBLIC_URL, and nobody sees that cookies lack Secure."""
    database = empty_database()
    run = runner(database, tmp_path, monkeypatch)
    run("migrate")
    with psycopg.connect(database, autocommit=True) as server:
        server.execute("INSERT INTO installation VALUES (gen_random_uuid(), %s, now())", [kind.value])
    warned = {}
    for url in ("", "http://desk.union.example", "https://desk.union.example"):
        checks = json.loads(run("doctor", "--json", PUBLIC_URL=url).stdout)
        warned[url.partition(":")[0]] = [each["warning"] for each in checks if each["check"] == "https"]
    is_office = kind is RecordKind.OFFICE
    assert warned == (
        {"": [True], "http": [True], "https": [False]} if is_office else {"": [], "http": [], "https": []}
    )


def test_wrong_setting_is_named(run: Run) -> None:
    result = run("migrate", DATABASE_URL="mysql://x")
    assert result.exit_code == 2
    assert "DATABASE_URL" in result.output
    away = run("migrate", DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")
    assert away.exit_code == 2
    assert "DATABASE_URL" in away.output
    assert "Traceback" not in away.output


def test_broken_sheet_imports_nothing(
    empty_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = (empty_database(), tmp_path)
    run = runner(*installation, monkeypatch)
    run("migrate")
    found(run)
    broken = installation[1] / "02-staff.xlsx"
    broken.write_bytes((SAMPLES / "01-units.xlsx").read_bytes()[:-200])
    result = run("import", str(broken), "--by", "admin")
    assert result.exit_code == 1, result.output
    engine = make_engine(installation[0])
    with engine.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).where(account.c.login == "nobody.at.all")) == 0
    engine.dispose()


def test_refused_import_records_whom_it_disclosed_and_names_what_it_left_unread(
    empty_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = empty_database()
    run = runner(url, tmp_path, monkeypatch)
    tokens = found(run)
    first: dict[str, Cell] = {"登录名": "a.first", "姓名": "新人", "所属单位": "临澜县总工会"}
    first |= {"身份证号": "371099197001019001"}
    grant: dict[str, Cell] = {"登录名": "a.first", "单位": "临澜县总工会", "角色": "走访人", "审批级别": None}
    grant |= {"起始日期": "2027-01-01", "截止日期": "2027-12-31", "代行何人": None}
    numbered: dict[str, Cell] = {"序号": 1} | first
    total: dict[str, Cell] = {"序号": "合计1人"} | dict.fromkeys(first)
    workbook(tmp_path / "a.xlsx", 人员=[numbered, total], 授权=[grant])
    imported = run("import", "a.xlsx", "--by", "admin")
    assert imported.exit_code == 0, imported.output
    assert "没有读：a.xlsx 人员 “序号”列" in imported.stdout
    assert "没有读：a.xlsx 人员 第3行（合计1人）" in imported.stdout
    (proposed,) = waiting(run, tokens[APPROVER])
    confirm(run, tokens[APPROVER], proposed)
    workbook(tmp_path / "b.xlsx", 人员=[first | {"登录名": "a.second"}], 授权=[grant | {"角色": "出纳"}])
    assert run("import", "b.xlsx", "--by", "admin").exit_code == 1
    assert run("import", "b.xlsx", "--by", "admin", "--dry-run").exit_code == 1
    engine = make_engine(url)
    with engine.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).where(event.c.action == "match_number")) == 2
        assert conn.scalar(sa.select(sa.func.count()).where(account.c.login == "a.second")) == 0
    engine.dispose()
