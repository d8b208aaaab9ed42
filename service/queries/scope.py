"""Who is calling, and which rows they may see: every read of cases starts from visible_to()."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from workflows.vocabulary import Actor, Grant, Role

CASE_READERS = frozenset(Role) - {Role.ADMIN}


@dataclass(frozen=True, slots=True)
class HeldRole:
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
    held: tuple[HeldRole, ...]

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


_STEP = 33
"""The notifications of one unit in a path: 32 hex digits and a slash."""


def paths_above(path: sa.ColumnElement[str]) -> sa.Select[Any]:
    """The paths of the unit at `path` and of every unit above it, spelled from the path alone, so that an index finds
    them.
    """
    step, one = sa.literal_column(str(_STEP), sa.Integer()), sa.literal_column("1", sa.Integer())
    depth = (
        sa.func.generate_series(one, sa.func.length(path, type_=sa.Integer()) // step)
        .table_valued("n")
        .render_derived()
    )
    return sa.select(sa.func.left(path, one + step * depth.c.n)).correlate_except(depth)


SEEN_FROM, SEEN_TO = "seen_from", "seen_to"


def visible_by_name(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """visible_to() for a statement spelled once: its ranges are the parameters that ranges() gives."""
    seen = (
        sa.func.unnest(sa.bindparam(SEEN_FROM, type_=ARRAY(sa.Text())), sa.bindparam(SEEN_TO, type_=ARRAY(sa.Text())))
        .table_valued("first", "past")
        .render_derived()
    )
    first, past = (sa.collate(each, "C") for each in (seen.c.first, seen.c.past))
    return sa.exists(sa.select(sa.literal_column("1")).select_from(seen).where(column >= first, column < past))


def ranges(caller: Caller, roles: frozenset[Role] = CASE_READERS) -> dict[str, list[str]]:
    """The ranges of paths `caller` may see, by parameter name."""
    paths = sorted({held.unit_path for held in caller.held if held.role in roles})
    return {SEEN_FROM: paths, SEEN_TO: [path_end(path) for path in paths]}


def visible_to(
    caller: Caller, column: sa.ColumnElement[str], roles: frozenset[Role] = CASE_READERS
) -> sa.ColumnElement[bool]:
    """The rows `caller` may see; nothing without a grant."""
    paths = sorted({held.unit_path for held in caller.held if held.role in roles})
    return sa.or_(sa.false(), *(below(column, path) for path in paths))
