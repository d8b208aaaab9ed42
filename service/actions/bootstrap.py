"""The first setup of an installation: a unit, its administrator and the scheduler's account."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.accounts import NewAccount, account_problems
from service.actions.context import ActionContext
from service.actions.units import unit_columns
from service.actions.write_batch import WriteBatch
from service.clock import Clock
from service.crypto.encryption import Keyring
from service.db.columns import new_id
from service.queries.scope import Caller, HeldRole
from service.tables.accounts import account, role_grant
from service.tables.units import unit
from workflows.code_lists import UnitKind
from workflows.vocabulary import Plain, Reason, Refused, Role

CLOCK_LOGIN = "clock"


@dataclass(frozen=True, slots=True)
class FirstSetup:
    """The unit at the root of the tree, and the administrator who adds every other account."""

    unit_name: str
    kind: str
    division: str
    login: str
    display_name: str
    email: str | None = None
    until_on: date = date.max


def set_up_union(
    conn: sa.Connection, new: FirstSetup, at: datetime, today: date, keyring: Keyring, clock: Clock = Clock.SYSTEM
) -> Caller:
    """Add the first unit, its administrator and the account `clock`; the administrator is the actor of all three.

    Returns the administrator as a caller. Raises InvalidForm, Refused (founded_already).
    """
    unit_id, admin_id = new_id(), new_id()
    validation.refuse_invalid(
        validation.text("unit_name", new.unit_name),
        validation.choice("kind", new.kind, UnitKind),
        validation.shaped("division", new.division, validation.DIVISION, "not_a_division"),
        account_problems(NewAccount(new.login, new.display_name, unit_id, new.email), today),
    )
    conn.execute(sa.text("LOCK TABLE unit IN SHARE ROW EXCLUSIVE MODE"))
    if conn.scalar(sa.select(unit.c.id).limit(1)) is not None:
        raise Refused(Reason.of("founded_already"))
    root_columns = unit_columns(unit_id, new.unit_name, new.kind, new.division, "/")
    admin = Caller(
        admin_id, new.login, new.display_name, unit_id, (HeldRole(Role.ADMIN, 0, str(root_columns["path"]), None),)
    )
    context = ActionContext(admin, at, today, keyring, clock=clock)
    account_columns, batch = {"login": new.login, "display_name": new.display_name, "email": new.email}, WriteBatch()
    batch.add(unit, {**root_columns, "created_at": at})
    batch.add(account, {"id": admin_id, "unit_id": unit_id, "created_at": at, **account_columns})
    facts: dict[str, Plain] = {"kind": new.kind, "division": new.division, "path": str(root_columns["path"])}
    event_log.append_event(conn, "unit", unit_id, "found", facts, context, batch)
    _add_role(conn, admin_id, Role.ADMIN, new.until_on, context, WriteBatch())
    _add_clock_account(conn, unit_id, context)
    return admin


def _add_clock_account(conn: sa.Connection, unit_id: UUID, context: ActionContext) -> None:
    """Add the account of the scheduled jobs; it has no token, and its role has no end."""
    account_id, batch = new_id(), WriteBatch()
    batch.add(
        account,
        {
            "id": account_id,
            "login": CLOCK_LOGIN,
            "display_name": CLOCK_LOGIN,
            "unit_id": unit_id,
            "created_at": context.at,
        },
    )
    _add_role(conn, account_id, Role.CLOCK, date.max, context, batch)


def _add_role(
    conn: sa.Connection, account_id: UUID, role: Role, until_on: date, context: ActionContext, batch: WriteBatch
) -> None:
    grant_id, unit_id = new_id(), context.caller.unit_id
    period = {"from_on": context.today, "until_on": until_on}
    batch.add(role_grant, {"id": grant_id, "account_id": account_id, "unit_id": unit_id, "role": role.value, **period})
    facts = {"grant": str(grant_id), "role": role.value, "unit": str(unit_id), "until": until_on.isoformat()}
    event_log.append_event(conn, "account", account_id, "found", facts, context, batch)
