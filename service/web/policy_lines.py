"""The line of a policy file at which a problem is: the parser names a path, people look for a line."""

import re
from collections.abc import Iterator

_HEADER = re.compile(r"\s*\[(\[?)\s*([A-Za-z0-9_.\-]+)\s*\]?\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*)\s*=")


def line_of(source: str, path: str) -> int | None:
    """Return the number of the line that writes `category[2].multiplier`, else that of its table; None where none does."""
    found = [(len(written), line) for line, written in _written(source) if _leads_to(written, path)]
    longest = max((length for length, _ in found), default=0)
    return next((line for length, line in found if length == longest), None)


def _leads_to(written: str, path: str) -> bool:
    return path == written or path.startswith((f"{written}.", f"{written}["))


def _written(source: str) -> Iterator[tuple[int, str]]:
    """Yield each line with the path that it writes: of a table, of one of a list of tables, or of a value."""
    table, numbers = "", dict[str, int]()
    for line, text in enumerate(source.splitlines(), start=1):
        if header := _HEADER.match(text):
            table = header[2]
            if header[1]:
                numbers[table] = numbers.get(table, 0) + 1
                table = f"{table}[{numbers[table]}]"
            yield line, table
        elif key := _KEY.match(text):
            yield line, f"{table}.{key[1]}" if table else key[1]
