"""The figures of a section as its sentences ask for them: one, the parts of one, of the whole period or of one month."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from service.i18n.catalogue import catalogue, translate
from service.report.figure_definition import PIECE
from service.report.figures import Figure


@dataclass(frozen=True, slots=True)
class FigureSet:
    """Figures by key; `month` is empty, or `@2025-08` to speak of that month's tuition batch."""

    figures: Mapping[str, Figure]
    month: str = ""

    @staticmethod
    def of(figures: list[Figure]) -> "FigureSet":
        """All figures of a section."""
        return FigureSet({figure.key: figure for figure in figures})

    def one(self, measure: str) -> Figure:
        """The figure of a measure that is told whole."""
        return self.figures[measure + self.month]

    def parts(self, measure: str) -> list[Figure]:
        """The parts of a split measure, or the one figure of a whole one."""
        whole = self.figures.get(measure + self.month)
        return [whole] if whole else [each for each in self.figures.values() if each.measure.key == measure]

    def part(self, measure: str, part: str | None) -> Figure | None:
        """One part of a split measure."""
        return self.figures.get(f"{measure}:{part}" if part is not None else measure + self.month)

    def any(self, measure: str) -> bool:
        """Whether there is anything of it."""
        return any(figure.amount for figure in self.parts(measure))

    def months(self) -> list["FigureSet"]:
        """The same figures, once for each month with a tuition batch."""
        tails = {"@" + key.partition("@")[2] for key in self.figures if "@" in key}
        return [replace(self, month=tail) for tail in sorted(tails)]


Condition = Callable[[FigureSet], bool]


def some(*measures: str) -> Condition:
    """There is something of at least one of them."""
    return lambda told: any(told.any(measure) for measure in measures)


def none(*measures: str) -> Condition:
    """There is nothing of any of them."""
    return lambda told: not any(told.any(measure) for measure in measures)


def title(figure: Figure, lang: str) -> str:
    """The measure's title, with the part when it is one."""
    whole = translate(figure.measure.title, lang)
    return translate("report.of_part", lang, title=whole, part=part_name(figure, lang)) if figure.part else whole


def part_name(figure: Figure, lang: str) -> str:
    """What a part is called: an item, source or category by the catalogue, goods by what they are."""
    part = figure.part or ""
    if figure.measure.split == "goods":
        return part.rpartition(PIECE)[0]
    return catalogue(lang).get(f"report.{figure.measure.split}.{part}", part)
