"""Tests of vendored files, of addresses in pages, and of forbidden content."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, kept_files, listed

VENDORS = (ROOT / "service" / "static" / "vendor", ROOT / "tests" / "web" / "vendor")
"""What pages load, and what their tests run."""

_SUM = re.compile(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", re.MULTILINE)
CHINESE, COMMENT = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]+"), re.compile(r"{#.*?#}", re.DOTALL)
LOADS = re.compile(r"""(?:src|href|action|url|import|from|fetch)\s*[=(]?\s*["'(]\s*((?:https?:)?//[^"')\s]+)""")


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda path: path.parent.name)
def test_vendored_files_equal_the_reviewed_ones(vendor: Path) -> None:
    """Why: an edited or exchanged library is no longer the reviewed one."""
    sums = _sums(vendor)
    files = {
        path.relative_to(vendor).as_posix(): path
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "VENDORED.md"
    }
    assert sums
    assert files.keys() == sums.keys()
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums


def _sums(vendor: Path) -> dict[str, str]:
    """Return the SHA-256 of each vendored file by its name."""
    return dict(_SUM.findall((vendor / "VENDORED.md").read_text(encoding="utf-8")))


def test_pages_load_nothing_from_other_servers() -> None:
    """Why: the office may have no internet access, and no other server may learn that a family's page was opened."""
    shown = [
        path
        for path in _texts()
        if path.is_relative_to(ROOT / "service") and path.suffix in {".html", ".css", ".js", ".svg"}
    ]
    assert shown
    loaded = [
        f"{_name(path)} {url}"
        for path in shown
        if not set(VENDORS) & set(path.parents)
        for url in LOADS.findall(path.read_text())
    ]
    assert not loaded, listed(loaded)


def _texts() -> list[Path]:
    """Return every text file of the project except vendored ones."""
    foreign = {vendor / name for vendor in VENDORS for name in _sums(vendor)} | {ROOT / "LICENSE", Path(__file__)}
    return [path for path in kept_files() if path not in foreign and b"\0" not in path.read_bytes()[:8000]]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FORBIDDEN = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a token": r"\b(?:ghp|gho|glpat|xox[bp]|AKIA|snt)[-_]?[A-Za-z0-9_-]{20,}\b",
    "a keyring": r"\b[0-9]{1,3}:[0-9a-f]{64}\b",
    "an address with a password": r"[a-z]+://[A-Za-z0-9_.-]*:(?!pass|secret|p%40ss)[A-Za-z0-9_.%+-]+@",
    "a package index": r"(?i)(?<!no-emit-)index-url|pythonhosted|pypi\.org|registry\.npm|npmmirror|artifactory|nexus|\bdevpi\b",
    "a path of a local machine": r"(?<![\w.])/(?:work|root|home|Users|opt/venv|mnt)/[\w.-]+",
    "working notes": r"(?i)\b(?:TODO|FIXME|XXX|HACK)\b|\bsub-?agents?\b|\b(?:claude|copilot|chatgpt|anthropic|openai)\b",
    "an unresolved merge conflict": r"^(?:<{7}|>{7}) ",
}


def test_templates_have_no_words_of_their_own() -> None:
    """Why: what a template writes in Chinese, a comma too, stands in the English page."""
    templates = ROOT / "service" / "templates"
    pages = {each: each.relative_to(templates).as_posix() for each in templates.rglob("*.html")}
    found = {
        f"{name}: {match[0]}"
        for path, name in pages.items()
        for match in CHINESE.finditer(COMMENT.sub("", path.read_text(encoding="utf-8")))
        if not name.startswith(("examples/", "docs.html"))
    }
    assert not found, listed(found)


@pytest.mark.parametrize("content", FORBIDDEN)
def test_files_do_not_contain(content: str) -> None:
    """Why: a repository is copied to machines that its authors do not know."""
    shape = re.compile(FORBIDDEN[content], re.MULTILINE)
    found = [
        f"{_name(path)}: {match[0]}" for path in _texts() for match in shape.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found, listed(found)


def test_lock_files_contain_hashes_and_no_index() -> None:
    """Why: the hashes ensure that the tested packages are installed, whatever index they come from."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[A-Za-z0-9_.-]+(?:\[[\w,-]+\])?==", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"(?:^|\n)[A-Za-z0-9][^\n]*\\\n    --hash=sha256:", text))
        assert "://" not in text
