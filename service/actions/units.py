"""The union tree: adding a unit below another, and giving it another name."""

from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound, VersionConflict
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.units import unit
from workflows.code_lists import UnitKind
from workflows.vocabulary import Plain, Reason, Refused, Role


def add_unit(conn: sa.Connection, name: str, kind: str, division: str, parent_id: UUID, context: ActionContext) -> UUID:
    """Add a unit below `parent_id`. Raises BadAnswers, Refused (role_missing, unit_name_taken), Unknown."""
    above = unit_path_of(conn, parent_id, lock=True)
    right = require_role(context, (Role.ADMIN,), above)
    validation.refuse_invalid(
        validation.text("name", name),
        validation.choice("kind", kind, UnitKind),
        validation.shaped("division", division, validation.DIVISION, "not_a_division"),
    )
    _name_free(conn, parent_id, name)
    row = new_id()
    batch = WriteBatch()
    batch.add(unit, {**columns(row, name, kind, division, above), "parent_id": parent_id, "created_at": context.at})
    facts: dict[str, Plain] = {"kind": kind, "division": division, "parent": str(parent_id), **right}
    event_log.append_event(conn, "unit", row, "add_unit", facts, context, batch)
    return row


def columns(row: UUID, name: str, kind: str, division: str, above: str) -> dict[str, object]:
    """The columns of a new unit; its path is its parent's path, its own id in hex, and a slash."""
    return {"id": row, "name": name.strip(), "kind": kind, "division": division, "path": f"{above}{row.hex}/"}


def rename_unit(conn: sa.Connection, unit_id: UUID, name: str, context: ActionContext) -> None:
    """Give a unit another name. Raises BadAnswers, Refused, Unknown, Stale."""
    row = conn.execute(sa.select(unit).where(unit.c.id == unit_id).with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound
    right = require_role(context, (Role.ADMIN,), row.path)
    if context.version is not None and context.version != row.version:
        raise VersionConflict(context.version, row.version)
    validation.refuse_invalid(validation.text("name", name))
    if name.strip() == row.name:
        return
    _name_free(conn, row.parent_id, name)
    batch = WriteBatch()
    batch.change(unit, {"id": unit_id, "name": name.strip(), "version": row.version + 1})
    event_log.append_event(
        conn, "unit", unit_id, "rename", {"before": row.name, "after": name.strip(), **right}, context, batch
    )


def _name_free(conn: sa.Connection, parent_id: UUID | None, name: str) -> None:
    same = sa.select(unit.c.id).where(unit.c.parent_id == parent_id, unit.c.name == name.strip())
    if conn.scalar(same) is not None:
        raise Refused(Reason.of("unit_name_taken", field="name", name=name.strip()))
