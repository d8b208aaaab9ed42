"""Cells whose value a spreadsheet shows otherwise than it stores it, or does not have."""

import re
from dataclasses import dataclass
from typing import Self

_ERROR = re.compile(
    r"#(?:N/A|(?:REF|DIV/0|VALUE|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|UNKNOWN|CONNECT|BUSY|EXTERNAL|PYTHON)!"
    r"|NAME\?|GETTING_DATA)|Err:[0-9]{3}|#{2,}",
    re.IGNORECASE,
)
"""Errors as Excel, WPS and LibreOffice show them; a column that is too narrow is exported to .csv as ####."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """A cell without a value: an error (#N/A), or a formula whose result was not stored."""

    code: str
    shown: str


@dataclass(frozen=True, slots=True)
class MergedCell:
    """A cell under a merged cell: the merged value, its first row (from 0), and whether this is its first column."""

    value: object
    top: int
    in_first_column: bool


class PaddedNumber(float):
    """A number that its format shows with zeros or letters before it: 7 as `0007`, or as `LL-0007`."""

    shown: str

    def __new__(cls, value: float | str, shown: str) -> Self:
        number = super().__new__(cls, value)
        number.shown = shown
        return number


class Number1904(float):
    """A number in a workbook that counts days from 1904: which day it means cannot be said."""


def error_text(value: object) -> str | None:
    """Return the error that a text is, as a copied or exported error is stored; None for any other value."""
    text = value.strip() if isinstance(value, str) else ""
    return text if _ERROR.fullmatch(text) else None
