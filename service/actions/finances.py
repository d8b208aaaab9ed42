"""Income, spending and assets of a household over twelve months, replaced as a whole."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.open_households import bump_version, lock_open_household
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
"""The kinds of a finance line, by side. The policy decides which count (docs/domain/eligibility.md §2.3, §2.4)."""


NOTHING = Fen(0)


@dataclass(frozen=True, slots=True)
class FinanceLine:
    """Fen in twelve months (for an asset: fen today), of one member or of the whole household."""

    side: str
    kind: str
    fen: Fen
    reimbursed: Fen = NOTHING
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Finances:
    """A household's finances on the day `as_of`."""

    as_of: date
    lines: tuple[FinanceLine, ...]
    idle_able_members: int = 0


def problems(finances: Finances, members: Collection[UUID], today: date, prefix: str = "") -> Iterator[Reason]:
    """Yield every problem of the finances; `members` are the household's persons, `prefix` precedes a field's name."""
    yield from validation.not_in_future(f"{prefix}as_of", finances.as_of, today)
    yield from validation.whole_number(
        f"{prefix}idle_able_members", finances.idle_able_members, 0, max(len(members), 1)
    )
    for number, line in enumerate(finances.lines, start=1):
        yield from _line_problems(line, members, f"{prefix}lines[{number}].")


def _line_problems(line: FinanceLine, members: Collection[UUID], prefix: str) -> Iterator[Reason]:
    yield from validation.choice(f"{prefix}side", line.side, KINDS)
    yield from validation.choice(f"{prefix}kind", line.kind, KINDS.get(line.side, ()))
    yield from validation.amount(f"{prefix}fen", line.fen, lowest=0)
    limit = line.fen if line.side == "spending" else 0
    if not 0 <= line.reimbursed <= limit:
        yield Reason.of("reimbursed_too_much", field=f"{prefix}reimbursed", limit=limit)
    if line.person_id is not None and line.person_id not in members:
        yield Reason.of("not_a_member", field=f"{prefix}person_id")


def replace_finances(conn: sa.Connection, household_id: UUID, finances: Finances, context: ActionContext) -> None:
    """End the finance lines on file today, and put these in their place. Raises InvalidForm, Refused, NotFound, VersionConflict."""
    file = lock_open_household(conn, household_id, context)
    members = [row["id"] for row in households.members(conn, household_id)]
    validation.refuse_invalid(problems(finances, members, context.today))
    batch, ended = WriteBatch(), {"ended_on": context.today}
    on_file = sa.and_(finance_line.c.household_id == household_id, finance_line.c.ended_on.is_(None))
    for line_id in conn.scalars(finance_line.update().where(on_file).values(ended).returning(finance_line.c.id)):
        batch.note_updated(finance_line, {"id": line_id, **ended})
    batch.add(finance_line, *as_rows(household_id, finances.lines))
    bump_version(batch, file, finances_as_of=finances.as_of, idle_able_members=finances.idle_able_members)
    event_log.append_event(
        conn, "household", household_id, "replace_finances", {**summary(finances), **file.right}, context, batch
    )


def as_rows(household_id: UUID, lines: Sequence[FinanceLine]) -> list[dict[str, object]]:
    """Return the rows of lines that have been checked."""
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
    """Return what an event records: the day, and the sum of each side in fen, less what was reimbursed."""
    sums: dict[str, Plain] = {
        side: sum(line.fen - line.reimbursed for line in finances.lines if line.side == side) for side in KINDS
    }
    return {"as_of": finances.as_of.isoformat(), "idle_able_members": finances.idle_able_members, **sums}
