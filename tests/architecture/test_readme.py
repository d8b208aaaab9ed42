"""What README.md and the pages of docs/ say is so."""

import re
from dataclasses import fields

from service.cli import COMMANDS
from service.limits import Limits
from tests.architecture.source import ROOT, listed

README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TOUR = re.findall(r"^\|[^|]*\| `([\w/]+(?:/[\w.]+)*\.py)` \|$", README, re.MULTILINE)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = ROOT / "docs" / "decisions"


def _links(text: str) -> set[str]:
    """Link targets inside the repository, without their anchors."""
    return {link for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text) if "://" not in link}


def test_the_tour_names_files_that_exist() -> None:
    """Why: newcomers follow the tour first; one wrong path, and they stop believing it."""
    assert len(TOUR) >= 15
    missing = [path for path in TOUR if not (ROOT / path).is_file()]
    assert not missing, listed(missing)


def test_every_link_of_every_page_leads_to_a_file() -> None:
    """Why: files are renamed, and links to them are forgotten."""
    found = {(page, link) for page in PAGES for link in _links(page.read_text(encoding="utf-8"))}
    assert len(found) > 50
    broken = [f"{page.relative_to(ROOT)}: {link}" for page, link in found if not (page.parent / link).exists()]
    assert not broken, listed(broken)


def test_every_page_is_linked_from_the_readme_or_an_index() -> None:
    """Why: nobody reads a page that nothing links to."""
    indexes = (ROOT / "README.md", ROOT / "docs" / "domain" / "README.md", DECISIONS / "README.md")
    linked = {(page.parent / link).resolve() for page in indexes for link in _links(page.read_text(encoding="utf-8"))}
    unlinked = {page.relative_to(ROOT) for page in PAGES if page.resolve() not in linked} - {
        (ROOT / "README.md").relative_to(ROOT)
    }
    assert not unlinked, listed(unlinked)


def test_every_decision_is_in_the_index_with_its_title() -> None:
    """Why: a decision that nobody finds is made again, differently."""
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    row = re.compile(r"^\| \[(\d{4})\]\((\S+)\) \| (.*?) \| (.*?) \| (accepted|superseded)\b.* \|$", re.MULTILINE)
    told = {(number, file, chinese, english) for number, file, chinese, english, _ in row.findall(index)}
    real = {(*_heading(path.read_text(encoding="utf-8"), path.name),) for path in DECISIONS.glob("0*.md")}
    assert real
    assert told == real, listed(told ^ real)


def _heading(text: str, name: str) -> tuple[str, str, str, str]:
    """Number, file name and both titles of a decision, from its first line."""
    number, chinese, english = text.splitlines()[0].removeprefix("# ").split(" · ")
    return number, name, chinese, english


def test_decisions_say_their_status_and_have_an_english_summary() -> None:
    """Why: readers must see whether a decision still holds, in either language."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in DECISIONS.glob("0*.md")}
    without = [
        name for name, text in pages.items() if "**状态 Status**　" not in text or "\n*In English.* " not in text
    ]
    assert pages
    assert not without, listed(without)


def test_decisions_are_numbered_without_a_gap() -> None:
    """Why: comments and people cite them by number."""
    numbers = sorted(path.name[:4] for path in DECISIONS.glob("0*.md"))
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_every_command_is_in_the_readme() -> None:
    """Why: only its author uses a command that the README leaves out."""
    told = re.search(r"`songnuan (serve · [^`]*)`", README)
    assert told
    assert {each.split()[0] for each in told[1].split(" · ")} == set(COMMANDS)


def test_every_setting_is_in_the_readme_or_the_operators_page() -> None:
    """Why: a variable that nobody knows is set by accident, or never."""
    config = (ROOT / "service" / "config.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environ(?:\.get\(|, )"([A-Z_]+)"', config)) - {"SONGNUAN_DEMO_CLOCK"}
    assert read
    assert [name for name in sorted(read) if f"`{name}`" not in README] == []
    limits = [f"SONGNUAN_{each.name.upper()}" for each in fields(Limits)]
    for page in ("docs/operator.md", "docs/en/operator.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert [name for name in limits if f"`{name}`" not in text] == [], page


def test_every_make_target_that_a_page_names_exists() -> None:
    """Why: the first command a newcomer types must work."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {
        (page.relative_to(ROOT).as_posix(), target)
        for page in PAGES
        for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)(?=[\s`])", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"demo", "test", "serve"} <= {target for _, target in told}
    unknown = [f"{page}: make {target}" for page, target in told if target not in targets]
    assert not unknown, listed(unknown)


def test_files_that_the_contributors_page_names_exist() -> None:
    """Why: a recipe with a wrong path is worse than none."""
    named = set(
        re.findall(r"`((?:workflows|service|worker|migrations|tests|docs|samples)/[\w./-]*\w)(?=[`: ])", CONTRIBUTING)
    )
    made_by_the_reader = set(re.findall(r"`([\w./-]+)` \(new\)", CONTRIBUTING))
    assert len(named) > 40
    # `docs/decisions/0014` stands for the page whose name begins so.
    missing = [path for path in named - made_by_the_reader if not any(ROOT.glob(f"{path}*"))]
    assert not missing, listed(missing)
