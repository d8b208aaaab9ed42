"""Relatives among the staff: declared by one, confirmed by another, ended by an administrator (docs/decisions/0013)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown
from service.db import new_id
from service.queries import households
from service.queries.scope import visible_to
from service.tables.households import household, kinship
from service.tables.units import account
from workflows.code_lists import Kinship
from workflows.terms import Plain, Reason, Refused, Role

EVERY_ROLE = frozenset(Role)


def declare(
    tx: sa.Connection, household_id: UUID, account_id: UUID, relation: str, asked: Asked, *, from_paper: bool = False
) -> UUID:
    """Keep that somebody who works here is a relative. It counts at once from himself or an administrator, and from a
    signed sheet that another brings in; else when it is confirmed.

    Raises BadAnswers, Refused (role_missing, household_not_filed, kinship_known), Unknown.
    """
    home = _home(tx, household_id, asked)
    himself = account_id == asked.caller.account
    right = need(asked, tuple(EVERY_ROLE) if himself else (Role.ADMIN, Role.REGISTRAR), home["unit_path"])
    fields.refuse(fields.choice("relation", relation, Kinship))
    if tx.scalar(sa.select(account.c.id).where(account.c.id == account_id)) is None:
        raise Unknown
    _refuse_again(tx, home, account_id)
    counts = himself or asked.caller.holds((Role.ADMIN,), home["unit_path"]) or (from_paper and "principal" in right)
    row, by, rows = new_id(), asked.caller.account, _touched(home)
    who = {"household_id": household_id, "account_id": account_id, "relation": relation, "declared_by": by}
    confirmed = {"confirmed_on": asked.today, "confirmed_by": by} if counts else {}
    rows.add(kinship, {"id": row, "declared_on": asked.today, **who, **confirmed})
    facts: dict[str, Plain] = {"kinship": str(row), "account": str(account_id), "counts": counts, **right}
    trail.append(tx, "household", household_id, "declare_kinship", facts, asked, rows)
    return row


def confirm(tx: sa.Connection, kinship_id: UUID, asked: Asked) -> None:
    """Say that a declaration is true: the person declared, or an administrator, and never who declared it.

    Raises Refused (role_missing, kinship_counts, kinship_own_word), Unknown.
    """
    row, home = _live(tx, kinship_id, asked)
    himself = row.account_id == asked.caller.account
    right = {} if himself else need(asked, (Role.ADMIN,), home["unit_path"])
    if row.confirmed_on is not None:
        raise Refused(Reason.of("kinship_counts"))
    if row.declared_by == asked.caller.account:
        raise Refused(Reason.of("kinship_own_word"))
    rows = _touched(home)
    rows.change(kinship, {"id": kinship_id, "confirmed_on": asked.today, "confirmed_by": asked.caller.account})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(row.account_id), **right}
    trail.append(tx, "household", row.household_id, "confirm_kinship", facts, asked, rows)


def end(tx: sa.Connection, kinship_id: UUID, asked: Asked) -> None:
    """End a declaration that was wrong, or a kinship that is over. Raises Refused (role_missing), Unknown."""
    row, home = _live(tx, kinship_id, asked)
    right = need(asked, (Role.ADMIN,), home["unit_path"])
    if row.account_id == asked.caller.account:
        raise Refused(Reason.of("own_family"))
    rows = _touched(home)
    rows.change(kinship, {"id": kinship_id, "ended_on": asked.today})
    facts: dict[str, Plain] = {"kinship": str(kinship_id), "account": str(row.account_id), **right}
    trail.append(tx, "household", row.household_id, "end_kinship", facts, asked, rows)


def _home(tx: sa.Connection, household_id: UUID, asked: Asked) -> dict[str, Any]:
    """The file, locked: its chain and who may work it change with a kinship. An administrator sees that it is there."""
    seen = visible_to(asked.caller, household.c.unit_path, EVERY_ROLE)
    found = tx.execute(
        sa.select(household.c.id, household.c.unit_path, household.c.exited_on, household.c.version)
        .where(household.c.id == household_id, seen)
        .with_for_update(key_share=True)
    ).mappings()
    home = found.one_or_none()
    if home is None:
        raise Unknown
    return dict(home)


def _touched(home: dict[str, Any]) -> Rows:
    """The rows of an act: a kinship that changes is a change of the file."""
    rows = Rows()
    rows.change(household, {"id": home["id"], "version": home["version"] + 1})
    return rows


def _refuse_again(tx: sa.Connection, home: dict[str, Any], account_id: UUID) -> None:
    if home["exited_on"] is not None:
        raise Refused(Reason.of("household_not_filed"))
    same = sa.and_(kinship.c.household_id == home["id"], kinship.c.account_id == account_id)
    if tx.scalar(sa.select(kinship.c.id).where(same, kinship.c.ended_on.is_(None))) is not None:
        raise Refused(Reason.of("kinship_known"))


def _live(tx: sa.Connection, kinship_id: UUID, asked: Asked) -> tuple[sa.Row[Any], dict[str, Any]]:
    """A declaration that has not ended, read once its file is locked. Raises Unknown, Refused (kinship_over)."""
    whose = tx.scalar(sa.select(kinship.c.household_id).where(kinship.c.id == kinship_id))
    if whose is None:
        raise Unknown
    home = _home(tx, whose, asked)
    row = tx.execute(sa.select(kinship).where(kinship.c.id == kinship_id)).one()
    if row.ended_on is not None:
        raise Refused(Reason.of("kinship_over"))
    return row, home


def told(tx: sa.Connection, household_id: UUID, asked: Asked) -> list[dict[str, Any]]:
    """Every declaration about a household, oldest first. Raises Unknown."""
    seen = visible_to(asked.caller, household.c.unit_path, EVERY_ROLE)
    if tx.scalar(sa.select(household.c.id).where(household.c.id == household_id, seen)) is None:
        raise Unknown
    return households.kin(tx, household_id)
