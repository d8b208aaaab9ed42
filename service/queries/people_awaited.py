"""Whom the cases of a page wait for, by name."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from service.db.prepared import PreparedStatement
from service.queries import accounts
from service.queries.awaited_steps import asked_by, may_take, steps_of_anybody, steps_table
from service.queries.scope import paths_above
from service.tables.accounts import account, role_grant
from service.tables.cases import case
from service.tables.units import unit
from workflows.vocabulary import Role


@dataclass(frozen=True, slots=True)
class AwaitedPerson:
    """A person that a case waits for, as what, and for an approver the tier of the next signature."""

    account: UUID
    display_name: str
    role: Role
    tier: int | None


def people_awaited(conn: sa.Connection, case_ids: Collection[UUID], today: date) -> dict[UUID, list[AwaitedPerson]]:
    """Return the people that cases wait for, in the order of names, by one SELECT. A case that nobody may take is left out.

    The cases are those of a page: the caller has been allowed to see them already.
    """
    values = {"case_ids": list(case_ids), "today": today, "steps": _STEPS}
    awaited: dict[UUID, list[AwaitedPerson]] = {}
    for row in _PEOPLE_AWAITED.rows(conn, values):
        tier = None if row.signatures is None else row.signatures + 1
        awaited.setdefault(row.case_id, []).append(AwaitedPerson(row.id, row.display_name, Role(row.role), tier))
    return awaited


def _select_people() -> sa.Select[Any]:
    """Select the people of people_awaited(): `case_ids`, `today` and `steps` are bound when it runs."""
    today: Any = sa.bindparam("today", type_=sa.Date())
    step = steps_table(sa.bindparam("steps", type_=sa.Text()), "step")
    high_enough = sa.or_(step.c.signatures.is_(None), role_grant.c.tier > step.c.signatures)
    own = postgresql.array([role_grant.c.account_id])
    both = postgresql.array([role_grant.c.account_id, role_grant.c.for_account_id])
    people = sa.case((role_grant.c.for_account_id.is_(None), own), else_=both)
    of_page = case.c.id == sa.any_(sa.bindparam("case_ids", type_=postgresql.ARRAY(sa.Uuid())))
    return (
        sa.select(case.c.id.label("case_id"), step.c.role, step.c.signatures, account.c.id, account.c.display_name)
        .distinct()
        .select_from(case)
        .join(step, sa.and_(step.c.programme == case.c.programme, step.c.state == case.c.state))
        .join(role_grant, sa.and_(role_grant.c.role == step.c.role, high_enough, accounts.in_force(today)))
        .join(unit, sa.and_(unit.c.id == role_grant.c.unit_id, unit.c.path.in_(paths_above(case.c.unit_path))))
        .join(account, sa.and_(account.c.id == role_grant.c.account_id, account.c.disabled_at.is_(None)))
        .where(of_page, may_take(asked_by(steps_of_anybody()), step.c, people, today))
        .order_by(account.c.display_name, account.c.id)
    )


_STEPS = json.dumps(steps_of_anybody())
_PEOPLE_AWAITED = PreparedStatement(_select_people())
"""Built once: to build it for each page took longer than to run it."""
