"""Permission checks for writes: a role over the unit, held directly or as a stand-in."""

from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.tables.units import unit
from workflows.vocabulary import Plain, Reason, Refused, Role


def require_role(context: ActionContext, roles: tuple[Role, ...], unit_path: str) -> dict[str, Plain]:
    """Return the facts an event records of the caller's right: none, or the principal the caller stands in for.

    Raises NotFound when the caller has no grant over the unit at all, Refused (role_missing) when none of `roles`.
    """
    grants = [grant for grant in context.caller.held if unit_path.startswith(grant.unit_path)]
    if not grants:
        raise NotFound
    usable_grants = sorted(
        (grant for grant in grants if grant.role in roles), key=lambda grant: grant.principal is not None
    )
    if not usable_grants:
        raise Refused(Reason.of("role_missing", roles=[role.value for role in roles]))
    principal = usable_grants[0].principal
    return {"principal": str(principal)} if principal else {}


def unit_path_of(conn: sa.Connection, unit_id: UUID, *, lock: bool = False) -> str:
    """Return the path of a unit; `lock` makes its writers take turns. Raises NotFound."""
    select_path = sa.select(unit.c.path).where(unit.c.id == unit_id)
    # FOR NO KEY UPDATE: rows that refer to the unit can still be inserted.
    path: str | None = conn.scalar(select_path.with_for_update(key_share=True) if lock else select_path)
    if path is None:
        raise NotFound
    return path
