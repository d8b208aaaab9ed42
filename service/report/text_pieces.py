"""The text of a sentence, cut where it prints a figure, so that a page can lead from each number to its rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BEGIN, _MIDDLE, _END = "\ue000", "\ue001", "\ue002"
"""Characters of Unicode's private use area, which no text and no key holds."""

_MARKED = re.compile(f"{_BEGIN}([^{_MIDDLE}]*){_MIDDLE}([^{_END}]*){_END}")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a sentence; `figure` is the key of the figure that it prints, empty for the words between."""

    text: str
    figure: str = ""


def mark_figure(key: str, text: str) -> str:
    """Return the text of a figure, marked so that `cut_at_figures` finds it in its sentence."""
    return f"{_BEGIN}{key}{_MIDDLE}{text}{_END}"


def cut_at_figures(marked: str) -> Iterator[TextPiece]:
    """Yield the pieces of a sentence whose figures are marked; together they are its text."""
    end = 0
    for found in _MARKED.finditer(marked):
        if found.start() > end:
            yield TextPiece(marked[end : found.start()])
        yield TextPiece(found[2], found[1])
        end = found.end()
    if end < len(marked):
        yield TextPiece(marked[end:])
