"""Who is calling, and which rows they may see: every read of cases starts from visible_to()."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from workflows.terms import Actor, Grant, Role

CASE_ROLES = frozenset(Role) - {Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Held:
    """A grant in force today: a role over a unit and everything below it."""

    role: Role
    tier: int
    unit_path: str
    principal: UUID | None


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that has shown a valid token, with its grants of the day."""

    account: UUID
    login: str
    display_name: str
    unit_id: UUID
    held: tuple[Held, ...]

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held anywhere."""
        return frozenset(held.role for held in self.held)

    def actor_over(self, unit_path: str) -> Actor:
        """The caller as the rules see them, over one case's unit."""
        grants = (held for held in self.held if unit_path.startswith(held.unit_path))
        return Actor(self.account, tuple(Grant(held.role, held.tier, held.principal) for held in grants))

    def holds(self, roles: Iterable[Role], unit_path: str) -> bool:
        """Whether any of `roles` is held over the unit at `unit_path`."""
        wanted = frozenset(roles)
        return any(held.role in wanted and unit_path.startswith(held.unit_path) for held in self.held)


def path_end(path: str) -> str:
    """The first path after everything below `path`: a range beats LIKE (choices §6, 14)."""
    return path[:-1] + "0"


def below(column: sa.ColumnElement[str], path: str) -> sa.ColumnElement[bool]:
    """Rows of the unit at `path` and of every unit below it; "0" follows "/" in the C collation."""
    return sa.and_(column >= path, column < path_end(path))


def visible_to(
    caller: Caller, column: sa.ColumnElement[str], roles: frozenset[Role] = CASE_ROLES
) -> sa.ColumnElement[bool]:
    """The rows `caller` may see; nothing without a grant."""
    paths = sorted({held.unit_path for held in caller.held if held.role in roles})
    return sa.or_(sa.false(), *(below(column, path) for path in paths))
