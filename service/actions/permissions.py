"""Whether the caller may write here: a role held over the unit, of one's own or for somebody else."""

from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.tables.units import unit
from workflows.vocabulary import Plain, Reason, Refused, Role


def require_role(context: ActionContext, roles: tuple[Role, ...], unit_path: str) -> dict[str, Plain]:
    """Return what the event must say of the right it rests on: nothing, or the person stood in for.

    Raises Unknown when the caller has no grant over the unit at all, Refused (role_missing) when none of `roles`.
    """
    over = [held for held in context.caller.held if unit_path.startswith(held.unit_path)]
    if not over:
        raise NotFound
    fitting = sorted((held for held in over if held.role in roles), key=lambda held: held.principal is not None)
    if not fitting:
        raise Refused(Reason.of("role_missing", roles=[role.value for role in roles]))
    principal = fitting[0].principal
    return {"principal": str(principal)} if principal else {}


def unit_path_of(conn: sa.Connection, unit_id: UUID, *, lock: bool = False) -> str:
    """The path of a unit; `lock` makes its writers take turns without stopping rows that point to it. Raises Unknown."""
    row = sa.select(unit.c.path).where(unit.c.id == unit_id)
    path: str | None = conn.scalar(row.with_for_update(key_share=True) if lock else row)
    if path is None:
        raise NotFound
    return path
