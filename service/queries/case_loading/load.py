"""Loads cases with every fact that an action needs: one locked case by one SELECT, many by one SELECT after their locks."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import policies
from service.queries.case_loading import statement
from service.queries.case_loading.fact_table import BY_NAME
from service.queries.case_loading.loaded_case import CaseRow, LoadedCase, Reviewed, RoleHolder, uuid_of
from service.queries.case_loading.plan import EVERYTHING, LoadPlan
from service.queries.case_loading.readers import members_digest, seen_now
from service.queries.scope import Caller, ranges
from workflows.approval_digest import ApprovalContent, approval_digest
from workflows.facts import Facts
from workflows.vocabulary import Duty, Fen, Role

_DUTIES: Mapping[str, Duty] = {each.value: each for each in Duty}
_ROLES: Mapping[str, Role] = {each.value: each for each in Role}


def load_locked(
    conn: sa.Connection,
    case_id: UUID,
    caller: Caller,
    on: date,
    plan: LoadPlan,
    named_fund: UUID | None,
    visited_on: date | None = None,
) -> LoadedCase | None:
    """Lock a case, its household and, if money moves, its fund line, and load them; None if `caller` may not see it."""
    values = _values(caller, on, plan, named_fund, visited_on, case_id=case_id)
    rows = _fresh_rows(conn, plan, values, money=plan.money)
    if not rows and plan.money:  # a case without a fund line is not found with one
        rows = _fresh_rows(conn, plan, values, money=False)
    return _loaded(rows[0]) if rows else None


def _fresh_rows(conn: sa.Connection, plan: LoadPlan, values: dict[str, Any], *, money: bool) -> list[Any]:
    load = statement.lock_and_load(plan.facts, money=money, staff=bool(plan.roles))
    rows = load.rows(conn, values)
    # A row that waited for its lock is loaded again; the second statement has a snapshot of its own.
    return rows if not rows or rows[0].fresh else load.rows(conn, values)


def load_case(conn: sa.Connection, case_id: UUID, caller: Caller, on: date) -> LoadedCase | None:
    """Load a case with every fact, without a lock; None if `caller` may not see it."""
    load = statement.load_unlocked(EVERYTHING.facts, staff=True, many=False)
    rows = load.rows(conn, _values(caller, on, EVERYTHING, None, None, case_id=case_id))
    return _loaded(rows[0]) if rows else None


def lock_cases(conn: sa.Connection, case_ids: Iterable[UUID], caller: Caller) -> list[Any]:
    """Lock the visible ones of these cases and their households; return their keys.

    Each row has `id`, `household_id`, `fund_id`, `beneficiary_id` and `id_no_index`, in the order of ids.
    """
    keys = statement.LOCK_CASES.rows(conn, {"case_ids": list(case_ids), **ranges(caller)})
    statement.LOCK_HOUSEHOLDS.rows(conn, {"household_ids": sorted({each.household_id for each in keys})})
    return keys


def lock_funds(conn: sa.Connection, fund_ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Lock fund lines after the cases; return their columns by id."""
    rows = statement.LOCK_FUNDS.rows(conn, {"fund_ids": sorted(set(fund_ids))})
    return {row.id: row._asdict() for row in rows}


def load_many(
    conn: sa.Connection,
    case_ids: Iterable[UUID],
    caller: Caller,
    on: date,
    plan: LoadPlan,
    named_fund: UUID | None,
    visited_on: date | None = None,
) -> dict[UUID, LoadedCase]:
    """Load cases that lock_cases() has locked, by id."""
    load = statement.load_unlocked(plan.facts, staff=bool(plan.roles), many=True)
    rows = load.rows(conn, _values(caller, on, plan, named_fund, visited_on, case_ids=list(case_ids)))
    return {row.id: _loaded(row) for row in rows}


def _values(
    caller: Caller,
    on: date,
    plan: LoadPlan,
    named_fund: UUID | None,
    visited_on: date | None = None,
    **cases: UUID | list[UUID],
) -> dict[str, Any]:
    first, last = policies.years_around(on)
    roles = [role.value for role in plan.roles]
    years = {"today": on, "visited_on": visited_on or on, "first_year": first, "last_year": last}
    return {**cases, "roles": roles, "fund_id": named_fund, **years, **ranges(caller)}


def _loaded(found: Any) -> LoadedCase:
    columns = found._asdict()
    parts = columns.pop("parts")
    row = CaseRow({**columns, **parts})
    staff = (
        RoleHolder(uuid_of(account), _ROLES[role], tier, has_email, uuid_of(principal) if principal else None)
        for account, role, tier, has_email, principal in parts.get("staff") or ()
    )
    return LoadedCase(row, _facts(row, parts), tuple(staff), columns.get("line"))


def _facts(row: CaseRow, parts: Mapping[str, Any]) -> Facts:
    on_demand = {
        fact.field: fact.read(row) for name in parts if (fact := BY_NAME.get(name)) and fact.field and fact.read
    }
    return Facts.partial(
        content=digest_of(row, row),
        people=members_digest(row),
        seen=seen_now(row),
        payee_in_family=row.payee["in_family"] if row.payee else None,
        **_case_facts(row),
        **on_demand,
    )


def _case_facts(row: CaseRow) -> dict[str, Any]:
    """Return the facts that the case, its household and what is always loaded give."""
    return {
        "state": row.state,
        "opened_on": row.opened_on,
        "entered_on": row.entered_on,
        "item": row.item,
        "requested": Fen(row.requested_fen),
        "award": row.award_fen,
        "category": row.category,
        "method": row.method,
        "cash_reason": row.cash_reason,
        "outstanding": Fen(row.outstanding_fen),
        "recovering": Fen(row.recovering_fen),
        "written_off": Fen(row.written_off_fen),
        "held": row.held_until is not None,
        "duties": frozenset((_DUTIES[duty], uuid_of(person)) for duty, person, _ in row.duties or ())
        | frozenset((Duty.FILER, uuid_of(person)) for person in row.filers or ()),
        "family_staff": frozenset(uuid_of(each) for each in row.family_staff or ()),
        "answers": row.answers,
        "finances_as_of": row.finances_as_of,
        "filed": row.exited_on is None,
        "division": row.division,
        "cause": row.cause,
        "papers": frozenset(row.papers or ()),
    }


_LINE_NAMES = ("side", "kind", "person", "fen", "reimbursed")
_MEMBER_NAMES = ("id", "name", "number")
"""What the arrays of `lines` and `members` hold, under the names that the approval digest gives them."""


def digest_of(row: CaseRow, reviewed: Reviewed) -> str:
    """Return the digest that an approval of the case would store, with what the review states: award, fund, method …"""
    return approval_digest(content_of(row, reviewed))


def content_of(row: CaseRow, reviewed: Reviewed) -> ApprovalContent:
    """Return what an approval of the case would cover, with what the review states."""
    return ApprovalContent(
        item=row.item,
        requested=row.requested_fen,
        award=reviewed.award_fen,
        fund=reviewed.fund_id,
        policy=reviewed.policy_set_id,
        category=reviewed.category,
        beneficiary=row.beneficiary_id,
        payee=row.payee,
        form=row.answers,
        division=row.division,
        cause=row.cause,
        identity=row.identity,
        observed=sorted(row.observed),
        misfortune=row.event_kind,
        finances_as_of=row.finances_as_of,
        idle_able_members=row.idle_able_members,
        finance_lines=[dict(zip(_LINE_NAMES, line, strict=True)) for line in row.lines or ()],
        members=[dict(zip(_MEMBER_NAMES, member, strict=True)) for member in row.members or ()],
        papers=row.papers or (),
        documents=row.scanned,
        method=reviewed.method,
        cash_reason=reviewed.cash_reason,
    )
