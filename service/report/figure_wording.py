"""This module formats figures exactly or rounded, in Chinese or English."""

from dataclasses import dataclass
from datetime import date

from service.i18n.catalogue import translate
from workflows.wording import Quantity, Several, Wording, exact, many, offered

SENTENCE_SEPARATOR = {"zh_CN": "", "en": " "}
"""Separator of two sentences, by language."""


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """A number format; `place` is the unit of rounding down, `word` is 多 or 余 (docs/domain/report.md §6.4)."""

    key: str
    place: int | None = None
    word: str | None = None


EXACT = NumberStyle("exact")
"""33户, 3,000元."""
MANY = NumberStyle("many")
"""30多户, 4万多元."""
OVER = NumberStyle("over", word="余")
"""4万余元."""
THOUSANDS = NumberStyle("thousands", place=1000, word="余")
"""28,000余元."""


@dataclass(frozen=True, slots=True)
class PrintedFigure:
    """A figure as a sentence prints it: its key, the number style, and the text."""

    figure: str
    style: NumberStyle
    words: str


def _wording(value: Quantity | Several, style: NumberStyle) -> Wording:
    """Return the figure's wording; a figure without a round number below it stays exact."""
    if style == EXACT or isinstance(value, Several):
        return exact(value, commas=True)
    return many(value, style.place, style.word, commas=True)


def format_figure(value: Quantity | Several, style: NumberStyle, lang: str) -> str:
    """Return the figure as printed in a language; English gives the bounds of the Chinese wording, no more."""
    return _in_language(_wording(value, style), value, lang)


def format_choices(value: Quantity | Several, lang: str) -> list[str]:
    """Return the true forms from which a person may choose, the tightest first (docs/domain/report.md §6.4)."""
    wordings = offered(value)
    if lang != "zh_CN":
        # English has no words as fine as these: it says the number, or what the sum is more than.
        wordings = tuple(each for each in wordings if each.low == each.high or {"多", "余"} & set(each.text))
    return list(dict.fromkeys(_in_language(each, value, lang) for each in wordings))


def _in_language(wording: Wording, value: Quantity | Several, lang: str) -> str:
    if lang == "zh_CN":
        return wording.text
    if isinstance(value, Several):
        return translate("report.several", lang)
    plain = value.amount == wording.low == wording.high
    number = _number(wording.low if plain else wording.low - 1, value.unit.scale)
    form = "one" if plain and number == "1" else "more"
    counted = translate(f"report.unit.{value.unit.key}.{form}", lang, n=number)
    return counted if plain else translate("report.more_than", lang, figure=counted)


def _number(amount: int, scale: int) -> str:
    whole, part = divmod(amount, scale)
    return f"{whole:,}" + (f".{part:02}" if part else "")


def format_day(on: date, lang: str) -> str:
    """Return a date as 2025年8月31日 or 2025-08-31."""
    return translate("report.day", lang, year=on.year, month=on.month, day=on.day)
