"""What stood in the record before a walk: accounts, roles, and the ids that attackers may name."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.accounts import account, role_grant, token
from service.tables.activities import activity
from service.tables.cases import case
from service.tables.documents import document
from service.tables.donations import donation
from service.tables.events import event
from service.tables.fund_allocations import fund_allocation
from service.tables.fund_receipts import fund_receipt
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.notices import notice, objection
from service.tables.notifications import notification
from service.tables.pairings import pairing
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.policies import policy_set
from service.tables.visits import visit

POOLS: dict[str, sa.Table] = {
    "household": household,
    "person": person,
    "fund": fund,
    "allocation": fund_allocation,
    "receipt": fund_receipt,
    "gift": gift,
    "document": document,
    "kinship": kinship,
    "notice": notice,
    "notification": notification,
    "pairing": pairing,
    "policy": policy_set,
    "visit": visit,
    "donation": donation,
    "activity": activity,
    "grant": role_grant,
    "token": token,
    "confirmation": kinship,
}


UPHELD = (
    sa.select(objection.c.case_id, event.c.actor_id, case.c.award_fen)
    .join(case, case.c.id == objection.c.case_id)
    .join(event, sa.and_(event.c.subject_id == case.c.id, event.c.action == "pass_review"))
    .where(objection.c.outcome == "upheld")
)


@dataclass(frozen=True)
class Snapshot:
    """The record on the morning of a walk."""

    pools: dict[str, list[UUID]]
    accounts: list[UUID]
    logins: dict[UUID, str]
    roles: dict[UUID, set[str]]
    tiers: dict[UUID, list[tuple[str, int]]]
    file_nos: dict[UUID, str]
    family_heads: dict[UUID, UUID]
    fund_code: str
    last_event: int
    """The number of the last event."""

    payments: frozenset[UUID]
    kin: frozenset[tuple[UUID, UUID]]
    """Household and account of every kinship that bars."""

    cases: dict[UUID, Any]
    upheld: dict[UUID, Any]
    """The cases with an objection that was upheld: who had passed the award, and its sum."""

    hanging: dict[UUID, Any]
    """The cases whose notice hangs, with the end that it shows."""


def snapshot(conn: sa.Connection) -> Snapshot:
    """Read what stands in the record."""
    roles: dict[UUID, set[str]] = defaultdict(set)
    tiers: dict[UUID, list[tuple[str, int]]] = defaultdict(list)
    for row in conn.execute(sa.select(role_grant)):
        roles[row.account_id].add(row.role)
        tiers[row.account_id].append((row.role, row.tier))
    rows = conn.execute(sa.select(account.c.id, account.c.login).order_by(account.c.id)).all()
    pools = {name: list(conn.scalars(sa.select(table.c.id).order_by(table.c.id))) for name, table in POOLS.items()}
    pools["visit"] = list(conn.scalars(sa.select(visit.c.id).where(visit.c.case_id.is_(None))))
    heads = conn.execute(sa.select(person.c.id, person.c.household_id).where(person.c.relation == "head"))
    files = conn.execute(sa.select(household.c.id, household.c.file_no))
    kin = conn.execute(sa.select(kinship.c.household_id, kinship.c.account_id).where(kinship.c.ended_on.is_(None)))
    cases = conn.execute(sa.select(case.c.id, case.c.state, case.c.household_id, case.c.programme))
    hanging = conn.execute(sa.select(notice.c.case_id, notice.c.ends_on).where(notice.c.ended_on.is_(None)))
    return Snapshot(
        pools={**pools, "confirmation": []},
        accounts=[row.id for row in rows if "clock" not in roles[row.id]],
        logins={row.id: row.login for row in rows},
        roles=roles,
        tiers=tiers,
        file_nos={row.id: row.file_no for row in files},
        family_heads={row.household_id: row.id for row in heads},
        fund_code=conn.scalars(sa.select(fund.c.code).order_by(fund.c.id).limit(1)).one(),
        last_event=conn.scalar(sa.select(sa.func.max(event.c.no))) or 0,
        payments=frozenset(conn.scalars(sa.select(payment.c.id))),
        kin=frozenset((row.household_id, row.account_id) for row in kin),
        cases={row.id: row for row in cases},
        upheld={row.case_id: row for row in conn.execute(UPHELD)},
        hanging={row.case_id: row.ends_on for row in hanging},
    )
