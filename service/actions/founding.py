"""The first day: a unit, its administrator and the clock, made by the command line with nobody above them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.rows import Rows
from service.actions.staff import NewAccount, account_problems
from service.actions.trail import Asked
from service.actions.units import columns
from service.db import new_id
from service.privacy import Keyring
from service.queries.scope import Caller, Held
from service.tables.units import account, role_grant, unit
from workflows.code_lists import UnitKind
from workflows.terms import Reason, Refused, Role

CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Founding:
    """The unit at the root of the tree, and the person who will give everybody else an account."""

    unit_name: str
    kind: str
    division: str
    login: str
    display_name: str
    email: str | None = None
    until_on: date = date.max


def found(tx: sa.Connection, new: Founding, at: datetime, today: date, ring: Keyring) -> Caller:
    """Make the first unit, its administrator and the account `clock`; the administrator is the actor of all three.

    Returns the administrator as a caller. Raises BadAnswers, Refused (founded_already).
    """
    unit_id, admin_id = new_id(), new_id()
    fields.refuse(
        fields.text("unit_name", new.unit_name),
        fields.choice("kind", new.kind, UnitKind),
        fields.shaped("division", new.division, fields.DIVISION, "not_a_division"),
        account_problems(NewAccount(new.login, new.display_name, unit_id, new.email), today),
    )
    tx.execute(sa.text("LOCK TABLE unit IN SHARE ROW EXCLUSIVE MODE"))
    if tx.scalar(sa.select(unit.c.id).limit(1)) is not None:
        raise Refused(Reason.of("founded_already"))
    root = columns(unit_id, new.unit_name, new.kind, new.division, "/")
    admin = Caller(admin_id, new.login, new.display_name, unit_id, (Held(Role.ADMIN, 0, str(root["path"]), None),))
    asked = Asked(admin, at, today, ring)
    person, rows = {"login": new.login, "display_name": new.display_name, "email": new.email}, Rows()
    rows.add(unit, {**root, "created_at": at})
    rows.add(account, {"id": admin_id, "unit_id": unit_id, "created_at": at, **person})
    trail.append(tx, "unit", unit_id, "found", {"kind": new.kind, "division": new.division}, asked, rows)
    _with_role(tx, admin_id, Role.ADMIN, new.until_on, asked, Rows())
    _clock(tx, unit_id, asked)
    return admin


def _clock(tx: sa.Connection, unit_id: UUID, asked: Asked) -> None:
    """The account that ends notices and calls deadlines; it has no token and no end."""
    row, rows = new_id(), Rows()
    rows.add(account, {"id": row, "login": CLOCK, "display_name": CLOCK, "unit_id": unit_id, "created_at": asked.at})
    _with_role(tx, row, Role.CLOCK, date.max, asked, rows)


def _with_role(tx: sa.Connection, account_id: UUID, role: Role, until_on: date, asked: Asked, rows: Rows) -> None:
    row, unit_id = new_id(), asked.caller.unit_id
    period = {"from_on": asked.today, "until_on": until_on}
    rows.add(role_grant, {"id": row, "account_id": account_id, "unit_id": unit_id, "role": role.value, **period})
    facts = {"grant": str(row), "role": role.value, "until": until_on.isoformat()}
    trail.append(tx, "account", account_id, "found", facts, asked, rows)
