"""The tree of the union's units: adding a unit and renaming it."""

from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, names, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound, VersionConflict
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.units import unit
from workflows.code_lists import UnitKind
from workflows.vocabulary import Plain, Reason, Refused, Role


def add_unit(conn: sa.Connection, name: str, kind: str, division: str, parent_id: UUID, context: ActionContext) -> UUID:
    """Add a unit below `parent_id`. Raises InvalidForm, Refused (role_missing, unit_name_…), NotFound."""
    parent_path = unit_path_of(conn, parent_id, lock=True)
    right = require_role(context, (Role.ADMIN,), parent_path)
    validation.refuse_invalid(
        validation.text("name", name),
        validation.choice("kind", kind, UnitKind),
        validation.shaped("division", division, validation.DIVISION, "not_a_division"),
    )
    _refuse_taken_name(conn, None, parent_id, name)
    unit_id = new_id()
    batch = WriteBatch()
    batch.add(
        unit,
        {**unit_columns(unit_id, name, kind, division, parent_path), "parent_id": parent_id, "created_at": context.at},
    )
    facts: dict[str, Plain] = {"kind": kind, "division": division, "parent": str(parent_id), **right}
    facts["path"] = f"{parent_path}{unit_id.hex}/"
    event_log.append_event(conn, "unit", unit_id, "add_unit", facts, context, batch)
    return unit_id


def unit_columns(unit_id: UUID, name: str, kind: str, division: str, parent_path: str) -> dict[str, object]:
    """Return the columns of a new unit: its path is its parent's path, its own id in hex, and a slash."""
    return {
        "id": unit_id,
        "name": name.strip(),
        "kind": kind,
        "division": division,
        "path": f"{parent_path}{unit_id.hex}/",
    }


def rename_unit(conn: sa.Connection, unit_id: UUID, name: str, context: ActionContext) -> None:
    """Rename a unit. Raises InvalidForm, Refused (role_missing, unit_name_…), NotFound, VersionConflict."""
    unit_row = conn.execute(sa.select(unit).where(unit.c.id == unit_id).with_for_update(key_share=True)).one_or_none()
    if unit_row is None:
        raise NotFound
    right = require_role(context, (Role.ADMIN,), unit_row.path)
    if context.version is not None and context.version != unit_row.version:
        raise VersionConflict(context.version, unit_row.version)
    validation.refuse_invalid(validation.text("name", name))
    if name.strip() == unit_row.name:
        return
    _refuse_taken_name(conn, unit_id, unit_row.parent_id, name)
    batch = WriteBatch()
    batch.change(unit, {"id": unit_id, "name": name.strip(), "version": unit_row.version + 1})
    event_log.append_event(
        conn, "unit", unit_id, "rename", {"before": unit_row.name, "after": name.strip(), **right}, context, batch
    )


def _refuse_taken_name(conn: sa.Connection, unit_id: UUID | None, parent_id: UUID | None, name: str) -> None:
    """Refuse a name that a unit below the same parent has, and a name that only looks like that of any other unit."""
    alike = names.normal_in_sql(unit.c.name) == names.normal(name)
    for other in conn.execute(
        sa.select(unit.c.parent_id, unit.c.name).where(alike, unit.c.id.is_distinct_from(unit_id))
    ):
        if other.name != name.strip():
            raise Refused(Reason.of("unit_name_alike", field="name", name=name.strip()))
        if other.parent_id == parent_id:
            raise Refused(Reason.of("unit_name_taken", field="name", name=name.strip()))
