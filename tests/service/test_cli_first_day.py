"""The command line explains a new operator's mistakes without a traceback."""

import json
import re
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import main
from service.i18n.reason_messages import message_for
from tests.service.cli_people import ADMINISTRATOR, INIT, Run, codes_of, found, waiting
from workflows.vocabulary import Plain, Reason

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
YEAR = ("--from", "2025-01-01", "--to", "2025-12-31")
NO_TOKEN = "00000000-0000-7000-8000-000000000000"
pytestmark = pytest.mark.xdist_group("cli")


def _runner(folder: Path, url: str) -> Run:
    def command(*words: str, **environ: str) -> Result:
        settings = {"DATABASE_URL": url, "SONGNUAN_VAR": str(folder), "REDIS_URL": "", "SMTP_URL": "", **environ}
        result = CliRunner().invoke(main, list(words), env=settings)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return command


@pytest.fixture(scope="module")
def founding(
    empty_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, str]]:
    """Return a database with a founded union and nothing else, and the tokens of its two people."""
    url = empty_database()
    return url, found(_runner(tmp_path_factory.mktemp("founding"), url))


@pytest.fixture
def run(founding: tuple[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `songnuan …` for the founded union in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return _runner(tmp_path, founding[0])


@pytest.mark.parametrize(
    "words",
    [
        ("report", *YEAR),
        ("import", str(SAMPLES), "--by", "admin"),
        ("token", "create", "--invitation", "x"),
        ("confirm", "list"),
        ("invite", "admin", "--by", "admin"),
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


def test_unknown_token_is_refused_and_known_token_shows_its_end(run: Run, founding: tuple[str, dict[str, str]]) -> None:
    unknown = run("token", "revoke", NO_TOKEN, "--by", "admin")
    assert (unknown.exit_code, NO_TOKEN in unknown.output) == (2, True), unknown.output
    assert run("token", "create", "--label", "first", SONGNUAN_TOKEN=founding[1][ADMINISTRATOR]).exit_code == 0
    own = [each for each in json.loads(run("token", "list", "--json").stdout) if each["label"] == "first"]
    number = own[0]["id"]
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
    names = ("policy-2025.toml", "01-units.xlsx", "02-staff.xlsx", "04-households.xlsx", "09-applications.xlsx")
    files = [str(SAMPLES / name) for name in names]
    result = run("import", *files, "--by", "admin", "--dry-run", "--urgent", "首日", "--late", "首日")
    assert result.exit_code == 0, result.output
    assert "没有写入" in result.stdout
    assert "已导入" not in result.stdout
    assert "09-applications.xlsx" in result.stdout, "applications are only checked, and that is said"


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)], ids=["", "dry run"])
def test_money_and_those_who_sign_for_it_are_not_imported_together(run: Run, dry_run: tuple[str, ...]) -> None:
    """Regression: the people of the same import have no account yet, and the command ended with a traceback."""
    names = ("policy-2025.toml", "01-units.xlsx", "02-staff.xlsx", "03-funds.xlsx")
    files = [str(SAMPLES / name) for name in names]
    result = run("import", *files, "--by", "admin", "--urgent", "首日", "--late", "首日", *dry_run)
    logins: list[Plain] = ["lin.hai", "pan.jie", "song.yuan", "yan.qing"]
    expected = message_for(Reason.of("signers_without_account", logins=logins), "zh_CN")
    assert (result.exit_code, expected in result.output) == (1, True), result.output


def test_message_language_follows_the_setting(run: Run) -> None:
    english = run("invite", "nobody", "--by", "admin", SONGNUAN_LANG="en")
    assert "There is no account" in english.output
    chinese = run("invite", "nobody", "--by", "admin", SONGNUAN_LANG="zh_CN")
    assert chinese.output.startswith("错误：")


def first_day(readme: str) -> list[str]:
    """Return the commands of the first day in a README."""
    block = re.search(r"```sh\n(songnuan init.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)
    assert block is not None
    return [line for line in block[1].splitlines() if line and not line.startswith("#")]


class FirstDay:
    """The people of the first day: each <placeholder> of a command is what an earlier command printed."""

    def __init__(self, run: Run) -> None:
        self.run, self.printed = run, dict[str, str]()
        self.halves: dict[str, str] = {}

    def do(self, line: str) -> None:
        """Run one command as it is written, with the values in place of the placeholders."""
        for placeholder, value in self.printed.items():
            line = line.replace(f"<{placeholder}>", value)
        assert "<" not in line, f"nothing has printed this yet: {line}"
        setting, _, command = line.rpartition("songnuan ")
        environ = dict(each.split("=", 1) for each in shlex.split(setting))
        result = self.run(*shlex.split(command), **environ)
        assert result.exit_code == 0, f"{line}: {result.output}"
        self._learn(command, environ.get("SONGNUAN_TOKEN", ""), result.stdout)

    def _learn(self, command: str, token: str, output: str) -> None:
        codes = codes_of(output)
        if command.startswith("init"):
            self.printed |= {f"{login} 的邀请码": code for login, code in codes.items()}
        elif command.startswith("token create"):
            login = next(name for name, code in self.printed.items() if code in command).split()[0]
            self.printed[f"{login} 的令牌"] = output.split(maxsplit=1)[0]
        elif command.startswith("confirm list"):
            (self.printed["编号"],) = waiting(self.run, token)
        elif command.startswith("confirm show"):
            self.printed["摘要"] = json.loads(output)["digest"]
        elif command.startswith("invite"):
            self.halves = codes
        elif command.startswith("confirm give"):
            self.printed |= {f"{login} 的邀请码": f"{self.halves[login]}-{half}" for login, half in codes.items()}


def test_first_day_of_the_readme_founds_a_union_with_staff_who_own_their_tokens(
    empty_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "首日").mkdir()
    for name in ("policy-2025.toml", "calendar-2026.csv", "01-units.xlsx", "02-staff.xlsx"):
        (tmp_path / "首日" / name).write_bytes((SAMPLES / name).read_bytes())
    day = FirstDay(_runner(tmp_path, empty_database()))
    for line in first_day("README.md"):
        day.do(line.replace("某县总工会", "临澜县总工会").replace("371083", "371099"))
    assert day.run("confirm", "list", SONGNUAN_TOKEN=day.printed["pan.jie 的令牌"]).exit_code == 0


def test_first_day_is_the_same_in_both_readmes() -> None:
    in_chinese, in_english = (
        [re.sub(r"<[^>]*>", "<>", line) for line in first_day(readme)] for readme in ("README.md", "README.en.md")
    )
    assert in_chinese == in_english
