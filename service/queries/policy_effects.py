"""What a policy set would change: families on file and open cases whose category of need becomes another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from service.queries import policies
from service.queries.scope import Caller, visible_to
from service.tables.cases import case
from service.tables.finances import finance_line
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.policies import policy_set
from service.tables.units import unit
from workflows.code_lists import LineSide
from workflows.eligibility import Finances, IncomeLine, SpendingLine, assess_need
from workflows.policy import NoLine, NoPolicy, PoliciesOverlap, PolicySet, dibao_line
from workflows.policy_codes import Requirement
from workflows.vocabulary import Fen, Phase

MOST = 5_000
"""The most families that are assessed, which takes about three seconds; the page of a larger region says so."""

ASSESSED_BY = (
    *("dibao_lines", "minimum_wage_fen_month", "categories", "events", "uncounted_income", "rigid_kinds"),
    *("misfortune_kinds", "prior_aid_counts", "gift_items", "small_gift_threshold_fen", "impute_idle", "item_rules"),
)
"""Parameters that decide a family's category, and the items that it is asked of."""


class Effect(StrEnum):
    """What a set does to a family or a case."""

    PASSES = "passes"
    """It would newly meet the income line."""

    FAILS = "fails"
    """It would no longer meet it."""

    MOVES = "moves"
    """It would still meet it, in another category."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A family on file or an open case (`id`) whose category is another under the new set; None: over the line."""

    id: UUID
    before: str | None
    after: str | None
    effect: Effect


@dataclass(slots=True)
class Effects:
    """What a set would change, for families on file and for open cases without an award, in the order of their ids."""

    files: list[Changed] = field(default_factory=list)
    cases: list[Changed] = field(default_factory=list)
    assessed: int = 0
    without_finances: int = 0
    """Families of the region whose finances are not on file: nobody can say."""

    has_more: bool = False
    """Whether the region has more families than were assessed."""

    def number(self, kind: str, effect: str) -> int:
        """Return how many of the files or cases have an effect."""
        rows: list[Changed] = getattr(self, kind)
        return sum(each.effect == effect for each in rows)


@dataclass(frozen=True, slots=True)
class _Rules:
    """The new set, the set of each division the day before, and the divisions that a set of their own keeps."""

    new: PolicySet
    conn: sa.Connection
    own_regions: tuple[str, ...]

    @property
    def eve(self) -> date:
        """Return the last day of the rules before."""
        return self.new.effective_from - timedelta(days=1)

    def are_alike(self, old: PolicySet | None, division: str) -> bool:
        """Return whether both sets give every family of a division the same category."""
        if old is None or any(getattr(old, name) != getattr(self.new, name) for name in ASSESSED_BY):
            return False
        return _line(old, division, self.eve) == _line(self.new, division, self.new.effective_from)

    def keeps_own(self, division: str) -> bool:
        """Return whether a set of a smaller region governs the division before the new one does."""
        return any(division.startswith(region) for region in self.own_regions)


def effects(conn: sa.Connection, new: PolicySet, caller: Caller | None = None) -> Effects:
    """Return what a set would change on its first day, for all families of its region or for those that `caller` sees.

    A case with an award keeps its set, so it is not among them. Families of a smaller region with a set of its own are
    not among them either.
    """
    rules, found = _Rules(new, conn, _own_regions(conn, new)), Effects()
    seen = _seen(new, household.c.unit_path, caller)
    found.without_finances = conn.scalar(_without_finances(seen)) or 0
    before = cache(lambda division: _before(rules, division))
    alike = cache(lambda division: rules.are_alike(before(division), division))
    categories: dict[UUID, tuple[str | None, str | None]] = {}
    for number, row in enumerate(conn.execute(_families(seen)).mappings()):
        if number == MOST:
            found.has_more = True
            break
        if rules.keeps_own(row["division"]):
            continue
        old, division, found.assessed = before(row["division"]), row["division"], found.assessed + 1
        if alike(division):
            continue
        finances = _finances(row)
        pair = _category(old, finances, division, rules.eve), _category(new, finances, division, new.effective_from)
        categories[row["id"]] = pair
        if row["exited_on"] is None:
            found.files += _changed(row["id"], *pair, *pair)
    found.cases = list(_cases(conn, rules, before, categories, caller))
    return found


def _own_regions(conn: sa.Connection, new: PolicySet) -> tuple[str, ...]:
    """Return the smaller regions within that of the new set which have a set in force on its first day."""
    smaller = policy_set.c.region.startswith(new.region, autoescape=True), policy_set.c.region != new.region
    query = sa.select(policy_set.c.region).distinct()
    lasts = sa.or_(policy_set.c.effective_to.is_(None), policy_set.c.effective_to >= new.effective_from)
    return tuple(conn.scalars(query.where(policies.begun_by(new.effective_from), lasts, *smaller)))


def _before(rules: _Rules, division: str) -> PolicySet | None:
    try:
        return policies.in_force_on(rules.conn, division, rules.eve)[1]
    except (NoPolicy, PoliciesOverlap):
        return None


def _line(policy: PolicySet, division: str, on: date) -> Fen | None:
    try:
        return dibao_line(policy, division, on)
    except NoLine:
        return None


def _category(policy: PolicySet | None, finances: Finances, division: str, on: date) -> str | None:
    """Return the category of a family; None where it is over every line, or where there is no set or no line."""
    try:
        return None if policy is None else assess_need(policy, finances, division, on).category
    except NoLine:
        return None


def _changed(row_id: UUID, before: str | None, after: str | None, passed: object, passes: object) -> Iterator[Changed]:
    """Yield the change of one row, if there is one; `passed` and `passes` say whether the line is met."""
    if bool(passed) != bool(passes):
        yield Changed(row_id, before, after, Effect.PASSES if passes else Effect.FAILS)
    elif passes and before != after and None not in (before, after):
        yield Changed(row_id, before, after, Effect.MOVES)


def _seen(new: PolicySet, path: sa.ColumnElement[str], caller: Caller | None) -> sa.ColumnElement[bool]:
    in_region = household.c.division.startswith(new.region, autoescape=True)
    return in_region if caller is None else sa.and_(in_region, visible_to(caller, path))


def _without_finances(seen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    unknown = household.c.exited_on.is_(None), household.c.finances_as_of.is_(None)
    return sa.select(sa.func.count()).select_from(household).where(seen, *unknown)


_PENDING = (case.c.phase != Phase.ENDED.value, case.c.award_fen.is_(None))
"""Open cases that still go by the rules of the day: an award cites its set for good."""


def _families(seen: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select the families on file or with an open case, each with what the means test reads: one row, one SELECT."""
    lines = _json_rows(
        sa.select(finance_line.c.side, finance_line.c.kind, finance_line.c.fen, finance_line.c.reimbursed_fen).where(
            finance_line.c.household_id == household.c.id, finance_line.c.ended_on.is_(None)
        )
    )
    members = sa.select(sa.func.count()).where(person.c.household_id == household.c.id, person.c.active)
    columns = ("id", "division", "exited_on", "observed", "event_kind", "idle_able_members")
    has_case = sa.exists().where(case.c.household_id == household.c.id, *_PENDING)
    rows = sa.select(*(household.c[name] for name in columns), lines.label("lines"), _aid().label("aid"))
    rows = rows.add_columns(members.scalar_subquery().label("members"))
    on_file = household.c.finances_as_of.is_not(None), sa.or_(household.c.exited_on.is_(None), has_case)
    return rows.where(seen, *on_file).order_by(household.c.id).limit(MOST + 1)


def _json_rows(rows: sa.Select[Any] | sa.CompoundSelect[Any]) -> sa.ScalarSelect[Any]:
    """Select rows as one list of lists."""
    each = rows.subquery() if isinstance(rows, sa.CompoundSelect) else rows.correlate(household).subquery()
    return sa.select(sa.func.jsonb_agg(sa.func.jsonb_build_array(*each.c), type_=pg.JSONB())).scalar_subquery()


def _aid() -> sa.ScalarSelect[Any]:
    """Select what a family was given, as the facts of a case have it: item, fen, day."""
    given = (case.c.outstanding_fen + case.c.written_off_fen).label("fen")
    paid = (
        sa.select(case.c.item, given, payment.c.paid_on.label("on"))
        .join(payment, payment.c.case_id == case.c.id)
        .where(case.c.household_id == household.c.id, payment.c.state.not_in(("failed", "returned")), given > 0)
        .correlate(household)
    )
    gifts = (
        sa.select(gift.c.item, gift.c.fen, gift.c.on)
        .where(gift.c.household_id == household.c.id, gift.c.fen.is_not(None), gift.c.voided_on.is_(None))
        .correlate(household)
    )
    return _json_rows(sa.union_all(paid, gifts))


def _finances(row: Any) -> Finances:
    lines: list[list[Any]] = row["lines"] or []
    members = max(row["members"], 1)
    return Finances(
        members=members,
        income=tuple(IncomeLine(kind, "", Fen(fen)) for side, kind, fen, _ in lines if side == LineSide.INCOME),
        spending=tuple(
            SpendingLine(kind, "", Fen(fen), Fen(back)) for side, kind, fen, back in lines if side == LineSide.SPENDING
        ),
        assets=Fen(sum(fen for side, _, fen, _ in lines if side == LineSide.ASSET)),
        idle_able_members=min(row["idle_able_members"], members),
        prior_aid=tuple((item, Fen(fen), date.fromisoformat(on)) for item, fen, on in row["aid"] or ()),
        event=row["event_kind"],
        observed=frozenset(row["observed"]),
    )


def _cases(
    conn: sa.Connection,
    rules: _Rules,
    before: Any,
    categories: Mapping[UUID, tuple[str | None, str | None]],
    caller: Caller | None,
) -> Iterator[Changed]:
    """Yield the open cases of the assessed families that change; an item without an income test never does."""
    seen = _seen(rules.new, case.c.unit_path, caller)
    rows = sa.select(case.c.id, case.c.household_id, case.c.item, household.c.division)
    rows = rows.join(household, household.c.id == case.c.household_id).where(seen, *_PENDING).order_by(case.c.id)
    for row in conn.execute(rows):
        if row.household_id not in categories:
            continue
        old, pair = before(row.division), categories[row.household_id]
        passed = old is not None and (pair[0] is not None or not old.binds(Requirement.INCOME_TEST, row.item))
        passes = pair[1] is not None or not rules.new.binds(Requirement.INCOME_TEST, row.item)
        yield from _changed(row.id, *pair, passed, passes)


def shown_files(conn: sa.Connection, ids: Iterable[UUID], caller: Caller) -> dict[UUID, dict[str, Any]]:
    """Return files that the caller sees by id: number, unit, and the head (`id`) with the name still encrypted."""
    head = sa.and_(person.c.household_id == household.c.id, person.c.relation == "head", person.c.active)
    rows = (
        sa.select(household.c.id.label("household_id"), household.c.file_no, unit.c.name.label("unit_name"))
        .add_columns(person.c.id, person.c.name_sealed)
        .join(unit, unit.c.id == household.c.unit_id)
        .outerjoin(person, head)
        .where(household.c.id.in_(list(ids)), visible_to(caller, household.c.unit_path))
    )
    return {row["household_id"]: dict(row) for row in conn.execute(rows).mappings()}


def shown_cases(conn: sa.Connection, ids: Iterable[UUID], caller: Caller) -> dict[UUID, dict[str, Any]]:
    """Return cases that the caller sees by id: number, item, unit, and the beneficiary (`id`), still encrypted."""
    rows = (
        sa.select(case.c.id.label("case_id"), case.c.case_no, case.c.item, unit.c.name.label("unit_name"))
        .add_columns(person.c.id, person.c.name_sealed)
        .join(unit, unit.c.id == case.c.unit_id)
        .join(person, person.c.id == case.c.beneficiary_id)
        .where(case.c.id.in_(list(ids)), visible_to(caller, case.c.unit_path))
    )
    return {row["case_id"]: dict(row) for row in conn.execute(rows).mappings()}
