"""A family's money as its page shows it: lines and sums, what it received, and the means test as of today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from workflows.assessment import as_record
from workflows.code_lists import LineSide
from workflows.eligibility import Finances, IncomeLine, SpendingLine, assess_need
from workflows.policy import NoLine, PolicySet
from workflows.vocabulary import Fen, Plain


@dataclass(frozen=True, slots=True)
class Line:
    """One finance line on file."""

    row: Mapping[str, Any]

    @property
    def what(self) -> str:
        """Return side and kind as the form names them: income.wage."""
        return f"{self.row['side']}.{self.row['kind']}"

    @property
    def net(self) -> int:
        """Return the amount less what was reimbursed, in fen."""
        return int(self.row["fen"] - self.row["reimbursed_fen"])

    @property
    def person_id(self) -> UUID | None:
        """Return the member it is of, or None for the family."""
        person_id: UUID | None = self.row["person_id"]
        return person_id


@dataclass(frozen=True, slots=True)
class SideSum:
    """The sum of one side in fen, less what was reimbursed."""

    side: str
    fen: int


@dataclass(frozen=True, slots=True)
class MoneyOfSource:
    """What the family got this year from one fund line, in fen, and how many times."""

    source: str
    code: str
    title: str
    fen: int
    times: int


def sums_of(lines: Iterable[Mapping[str, Any]]) -> tuple[SideSum, ...]:
    """Return the sum of each side that has a line."""
    rows = list(lines)
    return tuple(
        SideSum(side, sum(row["fen"] - row["reimbursed_fen"] for row in rows if row["side"] == side))
        for side in LineSide
        if any(row["side"] == side for row in rows)
    )


def money_of_year(received: Iterable[Mapping[str, Any]], on: date) -> tuple[MoneyOfSource, ...]:
    """Return what was received in the year of a day from each fund line: cases, gifts, donations passed on."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for row in received:
        if row["fen"] and row["on"].year == on.year:
            sums.setdefault((row["source"], row["fund_code"], row["fund_title"]), []).append(row["fen"])
    return tuple(MoneyOfSource(*names, sum(each), len(each)) for names, each in sorted(sums.items()))


def assessment_of(
    file: Mapping[str, Any],
    members: int,
    lines: Iterable[Mapping[str, Any]],
    received: Iterable[Mapping[str, Any]],
    policy: PolicySet | None,
    on: date,
) -> dict[str, Plain] | None:
    """Return the means test of a family on a day, as a case of it would be assessed.

    None without finances on file, a policy set in force or a 低保 line.
    """
    if file["finances_as_of"] is None or not members or policy is None:
        return None
    rows = list(lines)
    finances = Finances(
        members=members,
        income=tuple(_income(row) for row in rows if row["side"] == LineSide.INCOME),
        spending=tuple(_spending(row) for row in rows if row["side"] == LineSide.SPENDING),
        assets=Fen(sum(row["fen"] for row in rows if row["side"] == LineSide.ASSET)),
        idle_able_members=min(file["idle_able_members"], members),
        prior_aid=tuple((row["item"], Fen(row["given_fen"]), row["on"]) for row in received if row["given_fen"]),
        event=file["event_kind"],
        observed=frozenset(file["observed"]),
    )
    try:
        return as_record(assess_need(policy, finances, file["division"], on))
    except NoLine:
        return None


def _income(row: Mapping[str, Any]) -> IncomeLine:
    return IncomeLine(row["kind"], str(row["person_id"] or ""), Fen(row["fen"]))


def _spending(row: Mapping[str, Any]) -> SpendingLine:
    return SpendingLine(row["kind"], str(row["person_id"] or ""), Fen(row["fen"]), Fen(row["reimbursed_fen"]))
