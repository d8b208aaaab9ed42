"""What a household lives on: income, spending and assets of twelve months, replaced as a whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.persons import bump_version, lock_open_household
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.queries import households
from service.tables.finances import finance_line
from workflows.code_lists import LineSide
from workflows.vocabulary import Fen, Plain, Reason

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
class FinanceLine:
    """Fen in twelve months (for an asset: fen today), by one member or by the whole household."""

    side: str
    kind: str
    fen: Fen
    reimbursed: Fen = NOTHING
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Finances:
    """The whole of it, as found on `as_of`."""

    as_of: date
    lines: tuple[FinanceLine, ...]
    idle_able_members: int = 0


def problems(finances: Finances, members: Collection[UUID], today: date, place: str = "") -> Iterator[Reason]:
    """Everything that is wrong with it; `members` are the people of the household."""
    yield from validation.not_ahead(f"{place}as_of", finances.as_of, today)
    yield from validation.whole(f"{place}idle_able_members", finances.idle_able_members, 0, max(len(members), 1))
    for number, line in enumerate(finances.lines, start=1):
        yield from _line_problems(line, members, f"{place}lines[{number}].")


def _line_problems(line: FinanceLine, members: Collection[UUID], place: str) -> Iterator[Reason]:
    yield from validation.choice(f"{place}side", line.side, KINDS)
    yield from validation.choice(f"{place}kind", line.kind, KINDS.get(line.side, ()))
    yield from validation.amount(f"{place}fen", line.fen, lowest=0)
    most = line.fen if line.side == "spending" else 0
    if not 0 <= line.reimbursed <= most:
        yield Reason.of("reimbursed_too_much", field=f"{place}reimbursed", limit=most)
    if line.person_id is not None and line.person_id not in members:
        yield Reason.of("not_a_member", field=f"{place}person_id")


def replace_finances(conn: sa.Connection, household_id: UUID, finances: Finances, context: ActionContext) -> None:
    """Put these lines in the place of those on file. Raises BadAnswers, Refused, Unknown, Stale."""
    file = lock_open_household(conn, household_id, context)
    members = [row["id"] for row in households.members(conn, household_id)]
    validation.refuse_invalid(problems(finances, members, context.today))
    batch, old = WriteBatch(), finance_line.delete().where(finance_line.c.household_id == household_id)
    batch.note_deleted(finance_line, *({"id": each} for each in conn.scalars(old.returning(finance_line.c.id))))
    batch.add(finance_line, *as_rows(household_id, finances.lines))
    bump_version(batch, file, finances_as_of=finances.as_of, idle_able_members=finances.idle_able_members)
    event_log.append_event(
        conn, "household", household_id, "replace_finances", {**summary(finances), **file.right}, context, batch
    )


def as_rows(household_id: UUID, lines: Sequence[FinanceLine]) -> list[dict[str, object]]:
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


def summary(finances: Finances) -> dict[str, Plain]:
    """What an event keeps: the day, and the sum of each side in fen."""
    sums: dict[str, Plain] = {
        side: sum(line.fen - line.reimbursed for line in finances.lines if line.side == side) for side in KINDS
    }
    return {"as_of": finances.as_of.isoformat(), "idle_able_members": finances.idle_able_members, **sums}
