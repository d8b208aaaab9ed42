"""The command line explains a new operator's mistakes without a traceback."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"
YEAR = ("--from", "2025-01-01", "--to", "2025-12-31")
INIT = ("init", "--unit", "临澜县总工会", "--division", "371099", "--login", "admin", "--name", "管理员")
NO_TOKEN = "00000000-0000-7000-8000-000000000000"
Run = Callable[..., Result]
pytestmark = pytest.mark.xdist_group("cli")


def _runner(folder: Path, url: str) -> Run:
    def command(*words: str, **environ: str) -> Result:
        settings = {"DATABASE_URL": url, "SONGNUAN_VAR": str(folder), "REDIS_URL": "", "SMTP_URL": "", **environ}
        result = CliRunner().invoke(main, list(words), env=settings)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return command


@pytest.fixture(scope="module")
def union_url(empty_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a database with a founded union and nothing else."""
    url = empty_database()
    assert _runner(tmp_path_factory.mktemp("founding"), url)(*INIT).exit_code == 0
    return url


@pytest.fixture
def run(union_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `songnuan …` for the founded union in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return _runner(tmp_path, union_url)


@pytest.mark.parametrize(
    "words",
    [
        ("report", *YEAR),
        ("import", str(SAMPLES), "--by", "admin"),
        ("token", "create", "admin"),
        ("token", "list"),
        ("audit", "verify"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_command_before_init_names_init(
    empty_database: Callable[..., str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    for url in (empty_database(), ""):
        result = _runner(tmp_path / "new", url)(*words)
        assert result.exit_code == 2, result.output
        assert "songnuan init" in result.output
    assert not (tmp_path / "new" / "postgres").exists(), "a mistyped --var makes no installation"


def test_doctor_creates_nothing_and_names_the_first_step(tmp_path: Path) -> None:
    result = _runner(tmp_path / "new", "")("doctor", "--json")
    assert result.exit_code == 1
    findings = {each["check"]: each for each in json.loads(result.stdout)}
    assert "songnuan init" in findings["installation"]["words"]
    assert "smtp://" in findings["mail"]["words"]
    assert "设" in result.stdout, "the words are readable in the JSON"
    assert not (tmp_path / "new").exists()


def test_var_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = _runner(tmp_path / "file", "")(*INIT)
    assert (result.exit_code, "--var" in result.output) == (2, True), result.output


def test_report_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = run("report", *YEAR, "--out", "file")
    assert (result.exit_code, "--out" in result.output) == (2, True), result.output


def test_unknown_token_is_refused_and_known_token_shows_its_end(run: Run) -> None:
    unknown = run("token", "revoke", NO_TOKEN, "--by", "admin")
    assert (unknown.exit_code, NO_TOKEN in unknown.output) == (2, True), unknown.output
    run("token", "create", "admin", "--label", "first")
    number = json.loads(run("token", "list", "--json").stdout)[-1]["id"]
    assert "到期" in run("token", "list").stdout
    assert number in run("token", "revoke", number, "--by", "admin").stdout
    assert "已停用" in run("token", "list").stdout


@pytest.mark.parametrize("name", ["renamed.xlsx", "torn.xlsx", "empty.xlsx", "notes.txt"])
def test_file_that_is_no_workbook_is_named_and_not_copied(run: Run, tmp_path: Path, name: str) -> None:
    if name == "renamed.xlsx":
        with zipfile.ZipFile(name, "w") as document:
            document.writestr("word/document.xml", "<w/>")
    else:
        Path(name).write_bytes({"torn.xlsx": b"PK torn", "empty.xlsx": b"", "notes.txt": b"x"}[name])
    result = run("import", name, "--by", "admin")
    assert result.exit_code == 1, result.output
    assert f"{name}：" in result.output
    assert "没有写入" in result.output
    assert [each.name for each in tmp_path.iterdir() if "错误" in each.name] == []


def test_folder_with_nothing_to_import_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "~$01-units.xlsx").write_bytes(b"a lock of the office program")
    result = run("import", "pictures", "--by", "admin")
    assert (result.exit_code, "pictures" in result.output) == (2, True), result.output


def test_dry_run_does_not_claim_an_import(run: Run) -> None:
    result = run("import", str(SAMPLES), "--by", "admin", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "没有写入" in result.stdout
    assert "已导入" not in result.stdout
    assert "09-applications.xlsx" in result.stdout, "applications are only checked, and that is said"


def test_message_language_follows_the_setting(run: Run) -> None:
    english = run("token", "create", "nobody", SONGNUAN_LANG="en")
    assert "There is no account" in english.output
    chinese = run("token", "create", "nobody", SONGNUAN_LANG="zh_CN")
    assert chinese.output.startswith("错误：")
