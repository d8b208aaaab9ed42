"""The command line as a newcomer meets it: whatever is wrong is said with the way on, never with a trace."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"
YEAR = ("--from", "2025-01-01", "--to", "2025-12-31")
FOUND = ("init", "--unit", "临澜县总工会", "--division", "371099", "--login", "admin", "--name", "管理员")
NO_TOKEN = "00000000-0000-7000-8000-000000000000"
Run = Callable[..., Result]
pytestmark = pytest.mark.xdist_group("cli")


def _runner(folder: Path, url: str) -> Run:
    def command(*words: str, **environ: str) -> Result:
        given = {"DATABASE_URL": url, "SONGNUAN_VAR": str(folder), "REDIS_URL": "", "SMTP_URL": "", **environ}
        ended = CliRunner().invoke(main, list(words), env=given)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
        return ended

    return command


@pytest.fixture(scope="module")
def union_url(empty_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database in which a union was founded, and nothing else."""
    url = empty_database()
    assert _runner(tmp_path_factory.mktemp("founding"), url)(*FOUND).exit_code == 0
    return url


@pytest.fixture
def run(union_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `songnuan …` in the union that was founded, standing in an empty folder."""
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
def test_before_the_first_day_every_command_names_found(
    empty_database: Callable[..., str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    for url in (empty_database(), ""):
        ended = _runner(tmp_path / "new", url)(*words)
        assert ended.exit_code == 2, ended.output
        assert "songnuan init" in ended.output
    assert not (tmp_path / "new" / "postgres").exists(), "a mistyped --var makes no installation"


def test_doctor_makes_nothing_and_names_what_comes_first(tmp_path: Path) -> None:
    ended = _runner(tmp_path / "new", "")("doctor", "--json")
    assert ended.exit_code == 1
    findings = {each["check"]: each for each in json.loads(ended.stdout)}
    assert "songnuan init" in findings["installation"]["words"]
    assert "smtp://" in findings["mail"]["words"]
    assert "设" in ended.stdout, "the words are readable in the JSON"
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    ended = _runner(tmp_path / "file", "")(*FOUND)
    assert (ended.exit_code, "--var" in ended.output) == (2, True), ended.output


def test_a_report_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    ended = run("report", *YEAR, "--out", "file")
    assert (ended.exit_code, "--out" in ended.output) == (2, True), ended.output


def test_an_unknown_token_is_told_and_a_known_one_says_its_end(run: Run) -> None:
    unknown = run("token", "revoke", NO_TOKEN, "--by", "admin")
    assert (unknown.exit_code, NO_TOKEN in unknown.output) == (2, True), unknown.output
    run("token", "create", "admin", "--label", "first")
    number = json.loads(run("token", "list", "--json").stdout)[-1]["id"]
    assert "到期" in run("token", "list").stdout
    assert number in run("token", "revoke", number, "--by", "admin").stdout
    assert "已停用" in run("token", "list").stdout


@pytest.mark.parametrize("name", ["renamed.xlsx", "torn.xlsx", "empty.xlsx", "notes.txt"])
def test_a_file_that_is_no_workbook_is_named_and_no_copy_is_given_back(run: Run, tmp_path: Path, name: str) -> None:
    if name == "renamed.xlsx":
        with zipfile.ZipFile(name, "w") as document:
            document.writestr("word/document.xml", "<w/>")
    else:
        Path(name).write_bytes({"torn.xlsx": b"PK torn", "empty.xlsx": b"", "notes.txt": b"x"}[name])
    ended = run("import", name, "--by", "admin")
    assert ended.exit_code == 1, ended.output
    assert f"{name}：" in ended.output
    assert "没有写入" in ended.output
    assert [each.name for each in tmp_path.iterdir() if "错误" in each.name] == []


def test_a_folder_with_nothing_to_import_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "~$01-units.xlsx").write_bytes(b"a lock of the office program")
    ended = run("import", "pictures", "--by", "admin")
    assert (ended.exit_code, "pictures" in ended.output) == (2, True), ended.output


def test_a_dry_run_does_not_claim_to_have_imported(run: Run) -> None:
    tried = run("import", str(SAMPLES), "--by", "admin", "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "没有写入" in tried.stdout
    assert "已导入" not in tried.stdout
    assert "09-applications.xlsx" in tried.stdout, "applications are only checked, and that is said"


def test_the_reader_is_spoken_to_in_the_language_that_was_set(run: Run) -> None:
    english = run("token", "create", "nobody", SONGNUAN_LANG="en")
    assert "There is no account" in english.output
    chinese = run("token", "create", "nobody", SONGNUAN_LANG="zh_CN")
    assert chinese.output.startswith("错误：")
