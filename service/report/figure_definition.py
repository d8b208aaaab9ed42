"""A figure definition has a key, a unit, a date basis, and one SELECT."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from service.queries.scope import AskedUnit
from workflows.code_lists import HARDSHIP_ITEMS, TUITION_ITEMS, Category, FundSource
from workflows.household_change_codes import ExitReason
from workflows.wording import YUAN, Unit

CASES = Unit("cases", "件")
RECORDS = Unit("records", "条")
SMALL_CELL_THRESHOLD = 3
"""The smallest number of households a part may show (docs/domain/report.md §6.6, "cell < 3")."""

NO_PART: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text())
"""The column `part` of a figure without parts."""

NO_AMOUNT: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.BigInteger())
"""The column `amount` of a figure that counts rows."""

OTHER = "other"
"""The part that merges all parts below SMALL_CELL_THRESHOLD."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "item": (*HARDSHIP_ITEMS, *TUITION_ITEMS),
    "source": tuple(FundSource),
    "category": tuple(Category),
    "exit_reason": tuple(ExitReason),
    "goods": (),
}
"""The order of the parts in print; parts not listed follow in the order of their first row's id."""

GOODS_UNIT_SEPARATOR = "|"
"""Separates goods and their unit in a part: 褥子|床."""


class Basis(StrEnum):
    """The date that puts a row into a period (docs/domain/report.md §6.3)."""

    VISITED = "visited"
    PAID = "paid"
    HANDED = "handed"
    PASSED_ON = "passed_on"
    RECEIVED = "received"
    HELD = "held"
    FILED = "filed"
    EXITED = "exited"
    FILED_AGAIN = "filed_again"
    CHANGED = "changed"
    MOVED = "moved"
    AT_END = "at_end"
    OPENED = "opened"
    ENDED = "ended"
    RETURNED = "returned"
    RECALLED = "recalled"
    RECOVERED = "recovered"
    WRITTEN_OFF = "written_off"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Scope:
    """A unit with all units below it, and a period; its first and last day both count.

    Raises ValueError when the period ends before it begins.
    """

    unit_path: str
    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise ValueError(f"the period ends on {self.end}, before it begins on {self.start}")


@dataclass(frozen=True, slots=True)
class AskedScope:
    """A scope that a statement learns when it runs, so that the statement is built once."""

    unit_path: AskedUnit
    start: sa.ColumnElement[date]
    end: sa.ColumnElement[date]


FigureRows = sa.Select[Any]
"""A SELECT of id, reference, on, unit, amount and part, without names.

`amount` is fen or pieces; NULL where it is unknown or where rows are counted. Sums of money to families have a seventh
column, `family`: the household whose number decides whether the sum is a small cell; NULL where it never is.
"""

ROW_COLUMNS = ("id", "reference", "on", "unit", "amount", "part")
"""The columns that a list of rows shows."""

BaseRows = Callable[["SharedRows"], FigureRows]
"""Builds rows that several figures use, such as all live payments or all visits of a scope."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedRows:
    """Shared CTEs of one unit and period.

    PostgreSQL computes a CTE once when several figures use it, and inlines it when only one does (decision 0018).
    """

    scope: Scope | AskedScope
    monthly: bool = False
    """Whether rows have a column `month`: the first day of their month."""

    _ctes: dict[BaseRows, sa.CTE] = field(default_factory=dict)

    def by_month(self) -> "SharedRows":
        """Return the same CTEs for figures that are counted per month."""
        return SharedRows(self.scope, True, self._ctes)

    def month(self, on: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
        """Return the column `month` of a date when figures are counted per month, otherwise nothing."""
        return (
            [sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), on), sa.Date()).label("month")]
            if self.monthly
            else []
        )

    def cte(self, base: BaseRows) -> sa.CTE:
        """Return the CTE of these base rows, built once per scope."""
        if base not in self._ctes:
            self._ctes[base] = base(self).cte(base.__name__)
        return self._ctes[base]


Columns = sa.ColumnCollection[str, sa.ColumnElement[Any]]
Condition = Callable[[Columns], sa.ColumnElement[bool]]
"""Returns the condition under which a row counts, given the columns of a CTE."""

ColumnExpression = Callable[[Columns], sa.ColumnElement[Any]]
"""Returns the expression for `amount`, `part` or `on`, given the columns of a CTE."""


def no_part(_columns: Columns) -> sa.ColumnElement[Any]:
    """Return the column `part` of a figure without parts."""
    return NO_PART


@dataclass(frozen=True, slots=True)
class FigureDefinition:
    """The definition of a figure. Its value is the number of its rows, or the sum of their amounts (money and goods).

    A `split` figure has one value per part: item, source, category or goods. `unit` is None for goods, where
    each part has its own unit. service/report/small_cells.py withholds figures of too few families.
    """

    key: str
    unit: Unit | None
    basis: Basis
    rows: Callable[["SharedRows"], FigureRows]
    split: str = ""

    @property
    def sums(self) -> bool:
        """Return whether the value is a sum of amounts; otherwise it is a number of rows."""
        return self.unit is None or self.unit == YUAN

    @property
    def title(self) -> str:
        """Return the catalogue key of the title."""
        return f"report.{self.key}.title"

    @property
    def definition(self) -> str:
        """Return the catalogue key of the definition (口径)."""
        return f"report.{self.key}.definition"


def within(column: sa.ColumnElement[date], scope: Scope | AskedScope) -> sa.ColumnElement[bool]:
    """Return the condition that a date is in the period, first and last day included."""
    return column.between(scope.start, scope.end)
