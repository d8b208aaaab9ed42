"""How a figure is said: exactly, or in one of the report's spoken forms, in either language."""

from dataclasses import dataclass
from datetime import date

from service.i18n.catalogue import translate
from workflows.wording import Quantity, Several, Wording, exact, many

GAP = {"zh_CN": "", "en": " "}
"""What stands between two sentences."""


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """A way of saying a figure; `place` is where it is cut, `word` is 多 or 余 (domain/6 §6.4)."""

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
    """A figure as a sentence says it: its key, the form chosen, and the words printed."""

    figure: str
    style: NumberStyle
    words: str


def words(value: Quantity | Several, style: NumberStyle) -> Wording:
    """The figure in the office's words; what has no round base below it is said exactly."""
    if style == EXACT or isinstance(value, Several):
        return exact(value, commas=True)
    return many(value, style.place, style.word, commas=True)


def printed_figure(value: Quantity | Several, style: NumberStyle, lang: str) -> str:
    """The figure as it is printed in a language; English says no more than the office's words do."""
    chosen = words(value, style)
    if lang == "zh_CN":
        return chosen.text
    if isinstance(value, Several):
        return translate("report.several", lang)
    plain = value.amount == chosen.low == chosen.high
    number = _number(chosen.low if plain else chosen.low - 1, value.unit.scale)
    form = "one" if plain and number == "1" else "more"
    counted = translate(f"report.unit.{value.unit.key}.{form}", lang, n=number)
    return counted if plain else translate("report.more_than", lang, figure=counted)


def _number(amount: int, scale: int) -> str:
    whole, part = divmod(amount, scale)
    return f"{whole:,}" + (f".{part:02}" if part else "")


def day(on: date, lang: str) -> str:
    """A date: 2025年8月31日."""
    return translate("report.day", lang, year=on.year, month=on.month, day=on.day)


def span(start: date, end: date, lang: str) -> str:
    """A period: 2025年 when it is that calendar year, else its first and last day."""
    if (start.month, start.day, end.month, end.day, start.year) == (1, 1, 12, 31, end.year):
        return translate("report.year", lang, year=start.year)
    return translate("report.from_to", lang, start=day(start, lang), end=day(end, lang))
