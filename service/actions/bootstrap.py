"""The founding of an installation: a unit, two people who close it together, and the scheduler's account."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.accounts import NewAccount, account_problems
from service.actions.context import ActionContext
from service.actions.invitations import VALID, code_hash, half_hash, new_half
from service.actions.units import unit_columns
from service.actions.write_batch import WriteBatch
from service.clock import Clock
from service.crypto.encryption import Keyring
from service.db.columns import new_id
from service.queries.scope import Caller, HeldRole
from service.tables.accounts import account, role_grant
from service.tables.installation import RecordKind, installation
from service.tables.invitations import invitation
from service.tables.units import unit
from workflows.code_lists import UnitKind
from workflows.vocabulary import APPROVERS, Plain, Reason, Refused, Role

CLOCK_LOGIN = "clock"


@dataclass(frozen=True, slots=True)
class Founder:
    """One of the two people of the founding."""

    login: str
    display_name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class FirstSetup:
    """The unit at the root of the tree, its administrator, and the approver who closes the founding with them."""

    unit_name: str
    kind: str
    division: str
    administrator: Founder
    approver: Founder
    tier: int = len(APPROVERS)
    until_on: date = date.max
    record: RecordKind = RecordKind.OFFICE
    clock_name: str = CLOCK_LOGIN
    """The name under which people read what the scheduled jobs did."""


@dataclass(frozen=True, slots=True)
class Founded:
    """What was set up: the administrator as a caller, the approver, and the code of each one's invitation, by login."""

    administrator: Caller
    approver_id: UUID
    codes: dict[str, str]


def set_up_union(
    conn: sa.Connection, new: FirstSetup, at: datetime, today: date, keyring: Keyring, clock: Clock = Clock.SYSTEM
) -> Founded:
    """Add the first unit, its administrator, its first approver and the account `clock`.

    The founding stays open until the approver confirms it (service/actions/proposals/powers.py). Raises InvalidForm,
    Refused (founded_already).
    """
    unit_id, admin_id, approver_id = new_id(), new_id(), new_id()
    _check(conn, new, unit_id, today)
    root_columns = unit_columns(unit_id, new.unit_name, new.kind, new.division, "/")
    held = (HeldRole(Role.ADMIN, 0, str(root_columns["path"]), None),)
    admin = Caller(admin_id, new.administrator.login, new.administrator.display_name, unit_id, held)
    context, batch = ActionContext(admin, at, today, keyring, clock=clock), WriteBatch()
    batch.add(unit, {**root_columns, "created_at": at})
    batch.add(account, _account_row(admin_id, new.administrator, context))
    batch.add(installation, {"id": new_id(), "kind": new.record.value, "at": at})
    facts: dict[str, Plain] = {"kind": new.kind, "division": new.division, "path": str(root_columns["path"])}
    event_log.append_event(conn, "unit", unit_id, "found", facts, context, batch)
    admin_code = _add_role(conn, admin_id, Role.ADMIN, 0, new.until_on, context, WriteBatch())
    batch = WriteBatch()
    batch.add(account, _account_row(approver_id, new.approver, context))
    approver_code = _add_role(conn, approver_id, Role.APPROVER, new.tier, new.until_on, context, batch)
    _add_clock_account(conn, new.clock_name, context)
    codes = {new.administrator.login: admin_code, new.approver.login: approver_code}
    return Founded(admin, approver_id, codes)


def _check(conn: sa.Connection, new: FirstSetup, unit_id: UUID, today: date) -> None:
    people = (new.administrator, new.approver)
    validation.refuse_invalid(
        validation.text("unit_name", new.unit_name),
        validation.choice("kind", new.kind, UnitKind),
        validation.shaped("division", new.division, validation.DIVISION, "not_a_division"),
        validation.whole_number("tier", new.tier, 1, len(APPROVERS)),
        *(account_problems(NewAccount(who.login, who.display_name, unit_id, who.email), today) for who in people),
    )
    if new.administrator.login == new.approver.login:
        raise Refused(Reason.of("founders_are_one", field="login"))
    conn.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('installation'))"))
    if conn.scalar(sa.select(unit.c.id).limit(1)) is not None:
        raise Refused(Reason.of("founded_already"))


def close_founding(conn: sa.Connection, unit_id: UUID, context: ActionContext) -> None:
    """Close the founding: from now on everything else can be proposed."""
    event_log.append_event(conn, "unit", unit_id, "close_founding", {}, context)


def _account_row(account_id: UUID, who: Founder, context: ActionContext) -> dict[str, object]:
    columns = {"login": who.login, "display_name": who.display_name, "email": who.email}
    return {"id": account_id, "unit_id": context.caller.unit_id, "created_at": context.at, **columns}


def _add_clock_account(conn: sa.Connection, name: str, context: ActionContext) -> None:
    """Add the account of the scheduled jobs; it has no credential, and its role has no end."""
    account_id, batch = new_id(), WriteBatch()
    batch.add(account, _account_row(account_id, Founder(CLOCK_LOGIN, name), context))
    _add_role(conn, account_id, Role.CLOCK, 0, date.max, context, batch)


def _add_role(
    conn: sa.Connection,
    account_id: UUID,
    role: Role,
    tier: int,
    until_on: date,
    context: ActionContext,
    batch: WriteBatch,
) -> str:
    """Add a role to the batch and write it; return the code of the person's invitation."""
    grant_id, unit_id, first, second = new_id(), context.caller.unit_id, new_half(), new_half()
    period = {"from_on": context.today, "until_on": until_on}
    holder = {"account_id": account_id, "unit_id": unit_id, "role": role.value, "tier": tier}
    batch.add(role_grant, {"id": grant_id, **holder, **period})
    if role is not Role.CLOCK:
        dates = {"created_at": context.at, "expires_at": context.at + VALID}
        code = code_hash(half_hash(first), second)
        batch.add(invitation, {"id": new_id(), "account_id": account_id, "hash": code, **dates})
    facts = {"grant": str(grant_id), "role": role.value, "tier": tier, "unit": str(unit_id)}
    facts |= {"until": until_on.isoformat()}
    event_log.append_event(conn, "account", account_id, "found", facts, context, batch)
    return f"{first}-{second}"
