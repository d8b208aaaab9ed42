"""A counted figure has a key, a scope, an exact value, and its number of rows."""

from dataclasses import dataclass, replace

from service.report.figure_definition import FigureDefinition, Scope
from workflows.wording import Quantity, Several, Unit


@dataclass(frozen=True, slots=True)
class Figure:
    """A counted figure; `value` and `rows` are None where the figure is withheld.

    `key` is the definition's key, with `:part` for a part and `@2025-08` for the batch of one month. `families` is the
    number of households that a sum of money went to.
    """

    key: str
    measure: FigureDefinition
    part: str | None
    scope: Scope
    unit: Unit
    value: Quantity | Several | None
    rows: int | None
    families: int = 0

    @property
    def withheld(self) -> bool:
        """Return whether it is hidden, because it or a part next to it is below SMALL_CELL_THRESHOLD households."""
        return self.value is None

    @property
    def amount(self) -> int:
        """Return the exact value (fen for money), 1 for goods without a count, 0 when withheld."""
        if isinstance(self.value, Several):
            return 1
        return self.value.amount if self.value else 0

    @property
    def address(self) -> str:
        """Return the key in the API's URL; the month of a batch becomes the parameters `from` and `to`."""
        return self.key.partition("@")[0]

    def without_value(self) -> "Figure":
        """Return the figure withheld."""
        return replace(self, value=None, rows=None, families=0)
