"""The diagram of a programme, drawn from its table in mermaid; `python -m workflows.diagram` puts them into README.md."""

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
MANY = 4
"""A step that leaves from so many states or more is told in a note: a bundle of lines shows nothing."""

_BLOCK = re.compile(r"(<!-- diagram:(?P<key>\w+) -->\n).*?(<!-- /diagram -->)", re.DOTALL)


def mermaid(programme: Programme) -> str:
    """Draw the table as a stateDiagram-v2: phases as groups, steps as labelled lines, the rest as notes."""
    return "\n".join(("stateDiagram-v2", *_groups(programme), f"    [*] --> {programme.start}", *_lines(programme), ""))


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
    """What can be done without leaving the state; and, where it begins or ends, what holds for many states."""
    told = [
        step.label for step in programme.steps if step.target == SAME and state.key in step.sources and not _many(step)
    ]
    lines = ["、".join(dict.fromkeys(told))] if told else []
    wide = [step for step in programme.steps if _many(step)]
    if state.key == programme.start:
        lines += _everywhere(programme, [step for step in wide if step.target == SAME])
    lines += _everywhere(programme, [step for step in wide if step.target == state.key])
    if lines:
        yield f"        note right of {state.key}"
        yield from (f"            {line}" for line in lines)
        yield "        end note"


def _everywhere(programme: Programme, steps: list[Step]) -> list[str]:
    """One line for all steps that share their sources: 暂停、恢复（待提交…待回访）."""
    by_sources: dict[tuple[str, ...], list[str]] = {}
    for step in steps:
        by_sources.setdefault(step.sources, []).append(step.label)
    return [f"{'、'.join(labels)}（{_span(programme, sources)}）" for sources, labels in by_sources.items()]


def _span(programme: Programme, sources: tuple[str, ...]) -> str:
    """States that follow each other in the table are told by the first and the last of them."""
    keys = [state.key for state in programme.states]
    labels = [programme.state(key).label for key in keys if key in sources]
    first = keys.index(next(key for key in keys if key in sources))
    unbroken = keys[first : first + len(labels)] == [key for key in keys if key in sources]
    return f"{labels[0]} … {labels[-1]}" if unbroken else "、".join(labels)


def _many(step: Step) -> bool:
    return len(step.sources) >= MANY


def _lines(programme: Programme) -> Iterator[str]:
    """One line for each pair of states, labelled with every step that leads from one to the other."""
    moves: dict[tuple[str, str], list[str]] = {}
    for step in programme.steps:
        if step.target != SAME and not _many(step):
            for source in step.sources:
                moves.setdefault((source, step.target), []).append(step.label)
    for (source, target), labels in moves.items():
        yield f"    {source} --> {target}: {'、'.join(dict.fromkeys(labels))}"


def refreshed(text: str) -> str:
    """The text with the diagram of every marked block drawn anew. Raises KeyError for a programme nobody knows."""
    return _BLOCK.sub(lambda block: f"{block[1]}```mermaid\n{mermaid(PROGRAMMES[block['key']])}```\n{block[3]}", text)


def main(paths: list[str]) -> None:
    """Refresh the marked blocks of the files named; without any, print every diagram."""
    for path in map(Path, paths):
        path.write_text(refreshed(path.read_text(encoding="utf-8")), encoding="utf-8")
    if not paths:
        sys.stdout.write("\n".join(mermaid(programme) for programme in PROGRAMMES.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
