"""The caller, and the conditions for rows the caller may see."""

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
    """A grant in force today: a role over a unit and every unit below it."""

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
        """Return the roles held over any unit."""
        return frozenset(held.role for held in self.held)

    def actor_over(self, unit_path: str) -> Actor:
        """Return the caller as the rules see them, over one case's unit."""
        grants = (held for held in self.held if unit_path.startswith(held.unit_path))
        return Actor(self.account, tuple(Grant(held.role, held.tier, held.principal) for held in grants))

    def holds(self, roles: Iterable[Role], unit_path: str) -> bool:
        """Return whether any of `roles` is held over the unit at `unit_path`."""
        wanted_roles = frozenset(roles)
        return any(held.role in wanted_roles and unit_path.startswith(held.unit_path) for held in self.held)


def path_end(path: str) -> str:
    """Return the first path after every path below `path`."""
    # "0" follows "/" in the C collation. PostgreSQL answers a range from the index; a LIKE prefix may scan the table.
    return path[:-1] + "0"


@dataclass(frozen=True, slots=True)
class AskedUnit:
    """A unit that a statement learns when it runs: its path, and what `path_end` returns for it."""

    path: sa.ColumnElement[str]
    end: sa.ColumnElement[str]


def below(column: sa.ColumnElement[str], path: str | AskedUnit) -> sa.ColumnElement[bool]:
    """Return the condition for rows of the unit at `path` and of every unit below it."""
    if isinstance(path, AskedUnit):
        return sa.and_(column >= path.path, column < path.end)
    return sa.and_(column >= path, column < path_end(path))


_UNIT_LENGTH = 33
"""Characters of one unit in a path: 32 hex digits and a slash."""


def paths_above(path: sa.ColumnElement[str]) -> sa.Select[Any]:
    """Select the paths of the unit at `path` and of every unit above it, computed from the path alone."""
    unit_length, one = sa.literal_column(str(_UNIT_LENGTH), sa.Integer()), sa.literal_column("1", sa.Integer())
    depth = (
        sa.func.generate_series(one, sa.func.length(path, type_=sa.Integer()) // unit_length)
        .table_valued("n")
        .render_derived()
    )
    return sa.select(sa.func.left(path, one + unit_length * depth.c.n)).correlate_except(depth)


SEEN_FROM, SEEN_TO = "seen_from", "seen_to"


def visible_by_name(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition of visible_to() for a prepared statement, whose parameters ranges() returns."""
    path_ranges = (
        sa.func.unnest(sa.bindparam(SEEN_FROM, type_=ARRAY(sa.Text())), sa.bindparam(SEEN_TO, type_=ARRAY(sa.Text())))
        .table_valued("first", "past")
        .render_derived()
    )
    first, end = (sa.collate(each, "C") for each in (path_ranges.c.first, path_ranges.c.past))
    return sa.exists(sa.select(sa.literal_column("1")).select_from(path_ranges).where(column >= first, column < end))


def visible_between(number: int, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition of visible_to() for so many ranges of paths, whose parameters bounds() returns.

    PostgreSQL estimates a range in the condition itself better than the unnested ranges of visible_by_name().
    """
    names = ((f"{SEEN_FROM}_{each}", f"{SEEN_TO}_{each}") for each in range(number))
    first_last = ([sa.collate(sa.bindparam(name, type_=sa.Text()), "C") for name in pair] for pair in names)
    return sa.or_(sa.false(), *(sa.and_(column >= first, column < end) for first, end in first_last))


def bounds(caller: Caller, roles: frozenset[Role] = CASE_READERS) -> dict[str, str]:
    """Return the ranges of paths `caller` may see, each end by its parameter's name."""
    return {
        f"{name}_{number}": path for name, paths in ranges(caller, roles).items() for number, path in enumerate(paths)
    }


def ranges(caller: Caller, roles: frozenset[Role] = CASE_READERS) -> dict[str, list[str]]:
    """Return the ranges of paths `caller` may see, by parameter name."""
    paths = sorted({held.unit_path for held in caller.held if held.role in roles})
    return {SEEN_FROM: paths, SEEN_TO: [path_end(path) for path in paths]}


def visible_to(
    caller: Caller, column: sa.ColumnElement[str], roles: frozenset[Role] = CASE_READERS
) -> sa.ColumnElement[bool]:
    """Return the condition for rows `caller` may see: none without a grant."""
    paths = sorted({held.unit_path for held in caller.held if held.role in roles})
    return sa.or_(sa.false(), *(below(column, path) for path in paths))
