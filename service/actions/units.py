"""The union tree: adding a unit below another, and giving it another name."""

from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need, path_of
from service.actions.rows import Rows
from service.actions.trail import Asked, Stale, Unknown
from service.db import new_id
from service.tables.units import unit
from workflows.code_lists import UnitKind
from workflows.terms import Plain, Reason, Refused, Role


def add_unit(tx: sa.Connection, name: str, kind: str, division: str, parent_id: UUID, asked: Asked) -> UUID:
    """Add a unit below `parent_id`. Raises BadAnswers, Refused (role_missing, unit_name_taken), Unknown."""
    above = path_of(tx, parent_id, lock=True)
    right = need(asked, (Role.ADMIN,), above)
    fields.refuse(
        fields.text("name", name),
        fields.choice("kind", kind, UnitKind),
        fields.shaped("division", division, fields.DIVISION, "not_a_division"),
    )
    _name_free(tx, parent_id, name)
    row = new_id()
    rows = Rows()
    rows.add(unit, {**columns(row, name, kind, division, above), "parent_id": parent_id, "created_at": asked.at})
    facts: dict[str, Plain] = {"kind": kind, "division": division, "parent": str(parent_id), **right}
    trail.append(tx, "unit", row, "add_unit", facts, asked, rows)
    return row


def columns(row: UUID, name: str, kind: str, division: str, above: str) -> dict[str, object]:
    """The columns of a new unit; its path is its parent's path, its own id in hex, and a slash."""
    return {"id": row, "name": name.strip(), "kind": kind, "division": division, "path": f"{above}{row.hex}/"}


def rename(tx: sa.Connection, unit_id: UUID, name: str, asked: Asked) -> None:
    """Give a unit another name. Raises BadAnswers, Refused, Unknown, Stale."""
    row = tx.execute(sa.select(unit).where(unit.c.id == unit_id).with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise Unknown
    right = need(asked, (Role.ADMIN,), row.path)
    if asked.version is not None and asked.version != row.version:
        raise Stale(asked.version, row.version)
    fields.refuse(fields.text("name", name))
    if name.strip() == row.name:
        return
    _name_free(tx, row.parent_id, name)
    rows = Rows()
    rows.change(unit, {"id": unit_id, "name": name.strip(), "version": row.version + 1})
    trail.append(tx, "unit", unit_id, "rename", {"before": row.name, "after": name.strip(), **right}, asked, rows)


def _name_free(tx: sa.Connection, parent_id: UUID | None, name: str) -> None:
    same = sa.select(unit.c.id).where(unit.c.parent_id == parent_id, unit.c.name == name.strip())
    if tx.scalar(same) is not None:
        raise Refused(Reason.of("unit_name_taken", field="name", name=name.strip()))
