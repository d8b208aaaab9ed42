"""A figure set finds figures by key, part and month for sentences and tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from service.i18n.catalogue import catalogue, translate
from service.report.figure import Figure
from service.report.figure_definition import GOODS_UNIT_SEPARATOR, OTHER, FigureDefinition


@dataclass(frozen=True, slots=True)
class FigureSet:
    """Figures by key; `month` is empty, or `@2025-08` for the tuition batch of that month."""

    figures: Mapping[str, Figure]
    month: str = ""

    @staticmethod
    def from_figures(figures: list[Figure]) -> "FigureSet":
        """Return the set of all figures of a section."""
        return FigureSet({figure.key: figure for figure in figures})

    def whole(self, measure: str) -> Figure:
        """Return the figure of a definition without parts."""
        return self.figures[measure + self.month]

    def parts(self, measure: str) -> list[Figure]:
        """Return the parts of a split figure, or the single figure without parts."""
        whole = self.figures.get(measure + self.month)
        return [whole] if whole else [each for each in self.figures.values() if each.measure.key == measure]

    def part(self, measure: str, part: str | None) -> Figure | None:
        """Return one part of a split figure, or None."""
        return self.figures.get(f"{measure}:{part}" if part is not None else measure + self.month)

    def is_nonzero(self, measure: str) -> bool:
        """Return whether the figure or one of its parts is not zero, and not withheld."""
        return any(figure.amount or figure.withheld for figure in self.parts(measure))

    def is_withheld(self, measure: str) -> bool:
        """Return whether the figure or one of its parts is withheld."""
        return any(figure.withheld for figure in self.parts(measure))

    def shown_parts(self, measure: str) -> list[Figure]:
        """Return the parts, or the single figure, that are not zero and not withheld."""
        return [figure for figure in self.parts(measure) if figure.amount]

    def months(self) -> list["FigureSet"]:
        """Return the same figures once for each month with a tuition batch."""
        months = {"@" + key.partition("@")[2] for key in self.figures if "@" in key}
        return [replace(self, month=month) for month in sorted(months)]


Condition = Callable[[FigureSet], bool]


def any_of(*measures: str) -> Condition:
    """Return the condition that at least one of the figures is not zero."""
    return lambda figure_set: any(figure_set.is_nonzero(measure) for measure in measures)


def none_of(*measures: str) -> Condition:
    """Return the condition that all the figures are zero."""
    return lambda figure_set: not any(figure_set.is_nonzero(measure) for measure in measures)


def shown(measure: str) -> Condition:
    """Return the condition that the figure or one of its parts is printed: it is not zero and not withheld."""
    return any_shown(measure)


def any_shown(*measures: str) -> Condition:
    """Return the condition that at least one of the figures is printed."""
    return lambda figure_set: any(figure_set.shown_parts(measure) for measure in measures)


def withheld(measure: str) -> Condition:
    """Return the condition that the figure is withheld."""
    return lambda figure_set: figure_set.is_withheld(measure)


def one_part(measure: str) -> Condition:
    """Return the condition that a split figure has one part."""
    return lambda figure_set: len(figure_set.shown_parts(measure)) == 1


def several_parts(measure: str) -> Condition:
    """Return the condition that a split figure has two parts or more, so that 其中 divides it."""
    return lambda figure_set: len(figure_set.shown_parts(measure)) > 1


def merged(measure: str) -> Condition:
    """Return the condition that a part merges several that are too small."""
    return lambda figure_set: figure_set.part(measure, OTHER) is not None


def all_named(measure: str) -> Condition:
    """Return the condition that no part merges several."""
    return lambda figure_set: figure_set.part(measure, OTHER) is None


def title(figure: Figure, lang: str) -> str:
    """Return the title of a figure, with its part where it has one."""
    return title_of(figure.measure, figure.part, lang)


def title_of(measure: FigureDefinition, part: str | None, lang: str) -> str:
    """Return the title of a figure of this definition and part."""
    whole = translate(measure.title, lang)
    return translate("report.of_part", lang, title=whole, part=_part_name(measure, part, lang)) if part else whole


def part_name(figure: Figure, lang: str) -> str:
    """Return the name of a part: item, source and category from the catalogue, goods as recorded."""
    return _part_name(figure.measure, figure.part or "", lang)


def _part_name(measure: FigureDefinition, part: str, lang: str) -> str:
    if measure.split == "goods":
        return part.rpartition(GOODS_UNIT_SEPARATOR)[0]
    return catalogue(lang).get(f"report.{measure.split}.{part}", part)
