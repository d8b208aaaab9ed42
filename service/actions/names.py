"""Names are compared without spaces, widths, kinds of dot and invisible letters."""

import unicodedata
from collections.abc import Iterable

import sqlalchemy as sa

DOT = "·"
"""The dot between the parts of a name (阿依古丽·买买提), U+00B7 as GB 18030 has it."""

_DOTS = "·•・‧∙⋅."
"""Dots that keyboards and spreadsheets write in its place; NFKC has already turned ．and ･ into two of these."""

_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters by their category, and nothing to see: fillers of Hangul, Khmer and Braille."""

_SELECTORS = (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
"""Variation selectors choose a glyph and have none."""

_PLANES = (*range(1, 0x20000), *range(0xE0000, 0xE1000))
"""The other planes have ideographs, or nothing."""

INVISIBLE = frozenset(
    character for character in map(chr, _PLANES) if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"}
) | {*_FILLERS, *map(chr, _SELECTORS)}
"""Characters without a glyph."""

DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Of these, the characters that change the direction of the text after them."""

_SPACES = frozenset(character for character in map(chr, range(0x3001)) if character.isspace())
_REMOVED = "".join(sorted(INVISIBLE | _SPACES))
_WITHOUT = str.maketrans(dict.fromkeys(_REMOVED))
_ONE_DOT = str.maketrans(dict.fromkeys(_DOTS, DOT))


def compact(text: str) -> str:
    """Return a text half-width, without spaces and invisible letters: `" ＬＬ－ 01" → "LL-01"`."""
    return unicodedata.normalize("NFKC", text).translate(_WITHOUT)


def normal(name: str) -> str:
    """Return the form in which names are compared: `"阿依古丽 • 买买提" → "阿依古丽·买买提"`, `"ＡＢ" → "AB"`."""
    return compact(name).translate(_ONE_DOT)


def normal_in_sql(name: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return the SQL for `normal` of a column."""
    composed = sa.func.normalize(name, sa.literal_column("NFKC"))
    return sa.func.translate(composed, _DOTS + _REMOVED, DOT * len(_DOTS), type_=sa.Text())


def same_names(name: str, others: Iterable[str]) -> list[str]:
    """Return the names that are equal to `name` in their normal form."""
    return [other for other in others if normal(other) == normal(name)]


def has_invisible(text: str) -> bool:
    """Return whether a text contains a character without a glyph."""
    return not INVISIBLE.isdisjoint(text)


def has_control(text: str) -> bool:
    """Return whether a text of several lines contains a control character, or one that reverses its direction."""
    return any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in text) or (
        not DIRECTIONS.isdisjoint(text)
    )


def is_visible(text: str) -> bool:
    """Return whether a text contains a letter or a digit that can be seen."""
    return any(character.isalnum() and character not in INVISIBLE for character in text)
