"""Mermaid state diagrams are drawn from the programmes' tables.

`python -m workflows.diagram docs/programmes.md` writes them into the marked blocks of that page.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from workflows.programme import SAME, Programme, State, Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Phase

PHASES = {
    Phase.SURVEY: "调查 survey",
    Phase.APPROVAL: "审批 approval",
    Phase.DISBURSEMENT: "发放 disbursement",
    Phase.FOLLOW_UP: "回访 follow-up",
    Phase.ENDED: "结束 ended",
}
NOTE_FROM_SOURCES = 4
"""A step from this many states or more is written in a note, because that many arrows hide the rest."""

_BLOCK = re.compile(r"(<!-- diagram:(?P<key>\w+) -->\n).*?(<!-- /diagram -->)", re.DOTALL)


def mermaid(programme: Programme) -> str:
    """Return the table as a stateDiagram-v2: phases as groups, steps as labelled arrows, the rest as notes."""
    return "\n".join(
        ("stateDiagram-v2", *_groups(programme), f"    [*] --> {programme.start}", *_arrows(programme), "")
    )


def _groups(programme: Programme) -> Iterator[str]:
    for phase, title in PHASES.items():
        states = [state for state in programme.states if state.phase is phase]
        if states:
            yield f'    state "{title}" as phase_{phase.value} {{'
            for state in states:
                yield f"        {state.key}: {state.label}"
                yield from _note(programme, state)
            yield "    }"


def _note(programme: Programme, state: State) -> Iterator[str]:
    """Yield a note: the steps that keep the state, and steps from many states where the case starts or they end."""
    labels = [
        step.label
        for step in programme.steps
        if step.target == SAME and state.key in step.sources and not _has_many_sources(step)
    ]
    lines = ["、".join(dict.fromkeys(labels))] if labels else []
    from_many = [step for step in programme.steps if _has_many_sources(step)]
    if state.key == programme.start:
        lines += _lines_by_sources(programme, [step for step in from_many if step.target == SAME])
    lines += _lines_by_sources(programme, [step for step in from_many if step.target == state.key])
    if lines:
        yield f"        note right of {state.key}"
        yield from (f"            {line}" for line in lines)
        yield "        end note"


def _lines_by_sources(programme: Programme, steps: list[Step]) -> list[str]:
    """Return one line for all steps that share their sources: 暂停、恢复（待提交 … 待回访）."""
    by_sources: dict[tuple[str, ...], list[str]] = {}
    for step in steps:
        by_sources.setdefault(step.sources, []).append(step.label)
    return [f"{'、'.join(labels)}（{_span(programme, sources)}）" for sources, labels in by_sources.items()]


def _span(programme: Programme, sources: tuple[str, ...]) -> str:
    """Return the labels of `sources`; states that follow each other become "first … last"."""
    keys = [state.key for state in programme.states]
    labels = [programme.state(key).label for key in keys if key in sources]
    first = keys.index(next(key for key in keys if key in sources))
    unbroken = keys[first : first + len(labels)] == [key for key in keys if key in sources]
    return f"{labels[0]} … {labels[-1]}" if unbroken else "、".join(labels)


def _has_many_sources(step: Step) -> bool:
    return len(step.sources) >= NOTE_FROM_SOURCES


def _arrows(programme: Programme) -> Iterator[str]:
    """Yield one arrow for each pair of states, labelled with every step that leads from one to the other."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in programme.steps:
        if step.target != SAME and not _has_many_sources(step):
            for source in step.sources:
                arrows.setdefault((source, step.target), []).append(step.label)
    for (source, target), labels in arrows.items():
        yield f"    {source} --> {target}: {'、'.join(dict.fromkeys(labels))}"


def refreshed(text: str) -> str:
    """Return the text with a new diagram in every marked block. Raises KeyError for an unknown programme."""
    return _BLOCK.sub(lambda block: f"{block[1]}```mermaid\n{mermaid(PROGRAMMES[block['key']])}```\n{block[3]}", text)


def main(paths: list[str]) -> None:
    """Refresh the marked blocks of the files at `paths`; without paths, print every diagram."""
    for path in map(Path, paths):
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
    if not paths:
        sys.stdout.write("\n".join(mermaid(programme) for programme in PROGRAMMES.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
