"""What browsers load, and what no file of the house may hold."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, kept_files, listed

VENDOR = ROOT / "service" / "static" / "vendor"
SUMS = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "VENDORED.md").read_text(), re.MULTILINE))
LOADS = re.compile(r"""(?:src|href|action|url|import|from|fetch)\s*[=(]?\s*["'(]\s*((?:https?:)?//[^"')\s]+)""")


def test_vendored_files_are_those_that_were_reviewed() -> None:
    """Why: a library that was edited here, or swapped, is nobody's library any more."""
    files = {
        path.relative_to(VENDOR).as_posix(): path
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "VENDORED.md"
    }
    assert files.keys() == SUMS.keys()
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == SUMS


def test_no_page_loads_anything_from_elsewhere() -> None:
    """Why: the office may have no way out, and a family's page must not tell a stranger that it was opened."""
    shown = [
        path
        for path in _texts()
        if path.is_relative_to(ROOT / "service") and path.suffix in {".html", ".css", ".js", ".svg"}
    ]
    assert shown
    loaded = [
        f"{_name(path)} {url}"
        for path in shown
        if VENDOR not in path.parents
        for url in LOADS.findall(path.read_text())
    ]
    assert not loaded, listed(loaded)


def _texts() -> list[Path]:
    """Every file of the house that is text, but for what came from others."""
    foreign = {VENDOR / name for name in SUMS} | {ROOT / "LICENSE", Path(__file__)}
    return [path for path in kept_files() if path not in foreign and b"\0" not in path.read_bytes()[:8000]]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FORBIDDEN = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a token": r"\b(?:ghp|gho|glpat|xox[bp]|AKIA|snt)[-_]?[A-Za-z0-9_-]{20,}\b",
    "a keyring": r"\b[0-9]{1,3}:[0-9a-f]{64}\b",
    "an address with a password": r"[a-z]+://[A-Za-z0-9_.-]*:(?!pass|secret|p%40ss)[A-Za-z0-9_.%+-]+@",
    "a place packages come from": r"(?i)(?<!no-emit-)index-url|pythonhosted|pypi\.org|registry\.npm|npmmirror|artifactory|nexus|\bdevpi\b",
    "a path of somebody's machine": r"(?<![\w.])/(?:work|root|home|Users|opt/venv|mnt)/[\w.-]+",
    "somebody's working notes": r"(?i)\b(?:TODO|FIXME|XXX|HACK)\b|\bsub-?agents?\b|\b(?:claude|copilot|chatgpt|anthropic|openai)\b",
    "a conflict nobody resolved": r"^(?:<{7}|>{7}) ",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    """Why: a repository is copied to places its authors never see; what must not travel must not be in it."""
    shape = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = [
        f"{_name(path)}: {match[0]}" for path in _texts() for match in shape.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found, listed(found)


def test_lock_files_name_sums_and_no_place() -> None:
    """Why: what is installed is what was tried, wherever it is fetched from."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[A-Za-z0-9_.-]+(?:\[[\w,-]+\])?==", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"(?:^|\n)[A-Za-z0-9][^\n]*\\\n    --hash=sha256:", text))
        assert "://" not in text
