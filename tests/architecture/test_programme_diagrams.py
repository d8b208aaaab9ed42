"""The state diagrams of docs/programmes.md equal the tables of the programmes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from workflows.diagram import mermaid, refreshed
from workflows.programme import SAME, Programme
from workflows.programmes import PROGRAMMES

PAGE = (ROOT / "docs" / "programmes.md").read_text(encoding="utf-8")


def test_diagrams_equal_the_tables() -> None:
    """Why: an outdated diagram is believed. After a change: python -m workflows.diagram docs/programmes.md"""
    assert refreshed(PAGE) == PAGE
    assert set(re.findall(r"<!-- diagram:(\w+) -->", PAGE)) == set(PROGRAMMES)


@pytest.mark.parametrize("programme", PROGRAMMES.values(), ids=lambda programme: programme.key)
def test_diagram_shows_every_state_and_every_step(programme: Programme) -> None:
    """Why: readers take a step that is not drawn for impossible."""
    drawn = mermaid(programme)
    assert [state.key for state in programme.states if f" {state.key}: {state.label}\n" not in drawn] == []
    assert [step.action for step in programme.steps if step.label not in drawn] == []
    lines = re.findall(r"^ +(\w+) --> (\w+): (.*)$", drawn, re.MULTILINE)
    shown = {(source, target, label) for source, target, labels in lines for label in labels.split("、")}
    real = {
        (source, step.target, step.label) for step in programme.steps if step.target != SAME for source in step.sources
    }
    assert shown <= real
    in_notes = {(target, label) for _source, target, label in real - shown}
    assert all(re.search(rf"note right of {target}\n(?: +.*\n)*? +.*{label}", drawn) for target, label in in_notes)


def test_command_refreshes_the_files_it_is_given(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE.replace("```mermaid\n", "```mermaid\n    outdated\n"), "utf-8")
    subprocess.run([sys.executable, "-m", "workflows.diagram", str(page)], cwd=ROOT, check=True)
    assert page.read_text("utf-8") == PAGE
