"""What a reported figure is: a key, a unit, a date basis, and one SELECT that returns the rows that make it up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from workflows.code_lists import HARDSHIP_ITEMS, TUITION_ITEMS, Category, FundSource
from workflows.wording import YUAN, Unit

CASES = Unit("cases", "件")
SMALL_CELL_THRESHOLD = 3
"""A breakdown that tells something of fewer households than this is not printed (domain/6 §6.6, "cell < 3")."""

NO_PART: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text())
"""What stands under `part` in a measure that is told whole."""

NO_AMOUNT: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.BigInteger())
"""What stands under `amount` in a measure whose rows are counted and carry no money."""

OTHER = "other"
"""The part into which the parts below the floor are merged."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "item": (*HARDSHIP_ITEMS, *TUITION_ITEMS),
    "source": tuple(FundSource),
    "category": tuple(Category),
    "goods": (),
}
"""The order parts are told in; others follow in the order they were recorded."""

PIECE = "|"
"""Between the goods and their unit in a part of goods: 褥子|床."""


class Basis(StrEnum):
    """Which date puts a row into a period (domain/6 §6.3)."""

    VISITED = "visited"
    PAID = "paid"
    HANDED = "handed"
    PASSED_ON = "passed_on"
    RECEIVED = "received"
    HELD = "held"
    FILED = "filed"
    EXITED = "exited"
    AT_END = "at_end"
    OPENED = "opened"
    ENDED = "ended"
    RETURNED = "returned"
    RECALLED = "recalled"
    RECOVERED = "recovered"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True)
class Scope:
    """A unit with everything below it, and a period whose first and last day both count. Raises ValueError."""

    unit_path: str
    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise ValueError(f"the period ends on {self.end}, before it begins on {self.start}")

    @property
    def whole_year(self) -> bool:
        """Whether the period is one calendar year, so that it may be called 全年."""
        return self == Scope(self.unit_path, date(self.start.year, 1, 1), date(self.start.year, 12, 31))


Rows = sa.Select[Any]
"""Columns id, reference, on, unit, amount (fen or pieces; NULL where unknown or not meant), part; no person's name."""


RowSource = Callable[["SharedRows"], Rows]
"""Rows of a scope that several figures stand on: every live payment, every visit …"""


@dataclass(frozen=True, slots=True, eq=False)
class SharedRows:
    """The bases of one scope, each spelled once: figures that are asked together in one statement read each but once,
    and where one is asked alone PostgreSQL looks through it.
    """

    scope: Scope
    monthly: bool = False
    """Whether rows are told month by month: then they have a column `month`, its first day."""

    _spelled: dict[RowSource, sa.CTE] = field(default_factory=dict)

    def by_month(self) -> "SharedRows":
        """The same rows, told month by month."""
        return SharedRows(self.scope, True, self._spelled)

    def month(self, on: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
        """The column `month` by a date, where rows are told month by month; otherwise none."""
        return (
            [sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), on), sa.Date()).label("month")]
            if self.monthly
            else []
        )

    def of(self, base: RowSource) -> sa.CTE:
        """The rows of a base, to select from."""
        if base not in self._spelled:
            self._spelled[base] = base(self).cte(base.__name__)
        return self._spelled[base]


Columns = sa.ColumnCollection[str, sa.ColumnElement[Any]]
Condition = Callable[[Columns], sa.ColumnElement[bool]]
"""Which rows of a base count, by its columns."""

Value = Callable[[Columns], sa.ColumnElement[Any]]
"""What stands under `amount` or `part`, by the columns of a base."""


def none(_columns: Columns) -> sa.ColumnElement[Any]:
    """Told whole: no part."""
    return NO_PART


@dataclass(frozen=True, slots=True)
class FigureDefinition:
    """A figure's definition. Its value is the number of its rows, or the sum of their amounts (money and goods).

    A `split` measure is only told part by part: by item, source, category or goods. `unit` is None for goods, where
    each part has its own. With `small_cells` the parts below FLOOR are withheld.
    """

    key: str
    unit: Unit | None
    basis: Basis
    rows: Callable[["SharedRows"], Rows]
    split: str = ""
    small_cells: bool = False

    @property
    def sums(self) -> bool:
        """Whether amounts are added up; otherwise rows are counted."""
        return self.unit is None or self.unit == YUAN

    @property
    def title(self) -> str:
        """The catalogue key of the title."""
        return f"report.{self.key}.title"

    @property
    def definition(self) -> str:
        """The catalogue key of the definition (口径)."""
        return f"report.{self.key}.definition"


def within(column: sa.ColumnElement[date], scope: Scope) -> sa.ColumnElement[bool]:
    """Rows whose date lies in the period, first and last day included."""
    return column.between(scope.start, scope.end)
