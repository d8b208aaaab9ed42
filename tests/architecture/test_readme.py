"""What the README says of the house is so."""

import re
from dataclasses import fields

from service.cli import main
from service.limits import Limits
from tests.architecture.source import ROOT, listed

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = re.findall(r"^\|[^|]*\| `([\w/.]+)` \| (\d+) \|$", README, re.MULTILINE)
DRIFT = 10
"""By how many per cent a file may grow or shrink before the tour is told anew."""


def test_the_tour_names_files_and_their_lengths() -> None:
    """Why: the tour is the first thing a newcomer follows; one wrong turn and the rest is not believed."""
    assert len(TOUR) >= 15
    lost = [path for path, _ in TOUR if not (ROOT / path).is_file()]
    assert not lost, listed(lost)
    real = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path, _ in TOUR}
    wrong = [
        f"{path}: {told}, is {real[path]}"
        for path, told in TOUR
        if abs(int(told) - real[path]) * 100 > real[path] * DRIFT
    ]
    assert not wrong, listed(wrong)


def test_every_link_leads_somewhere_and_every_decision_is_listed() -> None:
    """Why: a decision nobody can find is made again, differently."""
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link}
    assert [link for link in links if not (ROOT / link).exists()] == []
    decisions = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert decisions <= links, listed(decisions - links)


def test_decisions_are_numbered_without_a_gap() -> None:
    """Why: they are cited by number, in comments and in talk."""
    numbers = sorted(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_every_command_is_told() -> None:
    """Why: a command that is not in the README is used by the one who wrote it."""
    told = re.search(r"`songnuan (serve · [^`]*)`", README)
    assert told
    assert {each.split()[0] for each in told[1].split(" · ")} == set(main.commands)


def test_every_setting_is_told() -> None:
    """Why: a variable nobody knows of is set by accident, or never."""
    config = (ROOT / "service" / "config.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environ(?:\.get\(|, )"([A-Z_]+)"', config)) - {"SONGNUAN_DEMO_CLOCK"}
    assert read
    assert [name for name in sorted(read) if f"`{name}`" not in README] == []
    operator = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    bounds = [f"SONGNUAN_{each.name.upper()}" for each in fields(Limits)]
    assert [name for name in bounds if f"`{name}`" not in operator] == []
