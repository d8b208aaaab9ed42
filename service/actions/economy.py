"""What a household lives on: income, spending and assets of twelve months, replaced as a whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.persons import file_open, touch
from service.actions.rows import Rows
from service.actions.trail import Asked
from service.db import new_id
from service.queries import households
from service.tables.households import economy_line
from workflows.code_lists import LineSide
from workflows.terms import Fen, Plain, Reason

KINDS: Mapping[str, tuple[str, ...]] = {
    LineSide.INCOME.value: (
        "wage",
        "business",
        "maintenance",
        "pension",
        "unemployment",
        "survivor",
        "compensation",
        "interest",
        "dividend",
        "expropriation",
        "rent",
        "gift",
        "transfer",
        "basic_pension",
        "dibao",
        "disability_subsidy",
        "other",
    ),
    LineSide.SPENDING.value: (
        "illness",
        "disability",
        "schooling",
        "housing",
        "employment_cost",
        "accident",
        "disaster",
        "other",
    ),
    LineSide.ASSET.value: ("savings", "securities", "investment", "other"),
}
"""What a line may be called; which of them count is the policy's word (domain/2 §2.3, §2.4)."""


NOTHING = Fen(0)


@dataclass(frozen=True, slots=True)
class Line:
    """Fen in twelve months (for an asset: fen today), by one member or by the whole household."""

    side: str
    kind: str
    fen: Fen
    reimbursed: Fen = NOTHING
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Economy:
    """The whole of it, as found on `as_of`."""

    as_of: date
    lines: tuple[Line, ...]
    idle_able_members: int = 0


def problems(economy: Economy, members: Collection[UUID], today: date, place: str = "") -> Iterator[Reason]:
    """Everything that is wrong with it; `members` are the people of the household."""
    yield from fields.not_ahead(f"{place}as_of", economy.as_of, today)
    yield from fields.whole(f"{place}idle_able_members", economy.idle_able_members, 0, max(len(members), 1))
    for number, line in enumerate(economy.lines, start=1):
        yield from _line_problems(line, members, f"{place}lines[{number}].")


def _line_problems(line: Line, members: Collection[UUID], place: str) -> Iterator[Reason]:
    yield from fields.choice(f"{place}side", line.side, KINDS)
    yield from fields.choice(f"{place}kind", line.kind, KINDS.get(line.side, ()))
    yield from fields.amount(f"{place}fen", line.fen, lowest=0)
    most = line.fen if line.side == "spending" else 0
    if not 0 <= line.reimbursed <= most:
        yield Reason.of("reimbursed_too_much", field=f"{place}reimbursed", limit=most)
    if line.person_id is not None and line.person_id not in members:
        yield Reason.of("not_a_member", field=f"{place}person_id")


def replace_economy(tx: sa.Connection, household_id: UUID, economy: Economy, asked: Asked) -> None:
    """Put these lines in the place of those on file. Raises BadAnswers, Refused, Unknown, Stale."""
    file = file_open(tx, household_id, asked)
    members = [row["id"] for row in households.members(tx, household_id)]
    fields.refuse(problems(economy, members, asked.today))
    rows, old = Rows(), economy_line.delete().where(economy_line.c.household_id == household_id)
    rows.gone(economy_line, *({"id": each} for each in tx.scalars(old.returning(economy_line.c.id))))
    rows.add(economy_line, *as_rows(household_id, economy.lines))
    touch(rows, file, economy_as_of=economy.as_of, idle_able_members=economy.idle_able_members)
    trail.append(tx, "household", household_id, "replace_economy", {**told(economy), **file.right}, asked, rows)


def as_rows(household_id: UUID, lines: Sequence[Line]) -> list[dict[str, object]]:
    """Lines that have been checked, as they are written."""
    return [
        {
            "id": new_id(),
            "household_id": household_id,
            "person_id": line.person_id,
            "side": line.side,
            "kind": line.kind,
            "fen": line.fen,
            "reimbursed_fen": line.reimbursed,
        }
        for line in lines
    ]


def told(economy: Economy) -> dict[str, Plain]:
    """What an event keeps: the day, and the sum of each side in fen."""
    sums: dict[str, Plain] = {
        side: sum(line.fen - line.reimbursed for line in economy.lines if line.side == side) for side in KINDS
    }
    return {"as_of": economy.as_of.isoformat(), "idle_able_members": economy.idle_able_members, **sums}
