"""Persons, families and cases that a search finds, within the caller's units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from service.crypto.search_keys import GROUPS, SearchedBy
from service.queries.page import counted
from service.queries.scope import Caller, visible_to
from service.tables.cases import case
from service.tables.households import household
from service.tables.persons import person
from service.tables.units import unit

FEW = 1000
"""Families of a caller whose persons are compared one by one."""

_LAST_CHARACTER = "\U0010ffff"
_OF_FAMILY = (household.c.file_no, household.c.unit_id, unit.c.name.label("unit"), household.c.exited_on)


@dataclass(frozen=True, slots=True)
class Sought:
    """What a typed text may be: keys of persons, whole numbers, the beginning of a file number, a case number."""

    by: tuple[SearchedBy, ...] = ()
    keys: tuple[bytes, ...] = ()
    id_no_index: bytes | None = None
    phone_index: bytes | None = None
    file_no: str | None = None
    case_no: str | None = None

    @property
    def of_persons(self) -> bool:
        """Return whether personal data is searched: such a search is recorded."""
        return bool(self.keys or self.id_no_index or self.phone_index)


_SHOWN = [column for column in person.c if column.name != "search_index"]


def _hits(sought: Sought) -> sa.FromClause:
    """Return the persons, members or not, that the text may mean; one may come twice."""
    if not sought.keys:
        indexes = ((person.c.id_no_index, sought.id_no_index), (person.c.phone_index, sought.phone_index))
        is_numbered = (column == index for column, index in indexes if index is not None)
        return sa.select(*_SHOWN).where(sa.or_(sa.false(), *is_numbered)).subquery("hit")
    keys = sa.func.unnest(sa.literal(list(sought.keys), person.c.search_index.type)).table_valued("key")
    each = keys.render_derived("sought")
    # OFFSET 0 keeps the planner from comparing every person with every key: each key is looked up in the GIN index, and
    # LIMIT stops after the first groups. `search_index && keys` took 7 s, because 256 keys are estimated as most rows.
    persons_of_key = sa.select(*_SHOWN).where(person.c.search_index.contains(pg.array([each.c.key])))
    hit = persons_of_key.offset(sa.literal_column("0")).lateral("of_key")
    return sa.select(*hit.c).select_from(each.join(hit, sa.true())).subquery("hit")


def is_file(sought: Sought) -> sa.ColumnElement[bool]:
    """Return the condition for files whose number begins with the text, or whose number before a move was the text."""
    if sought.file_no is None:
        return sa.false()
    # A range is answered by the index; LIKE with a parameter may read the whole table.
    typed = dict.fromkeys((sought.file_no, sought.file_no.upper()))
    ranges = (sa.and_(household.c.file_no >= each, household.c.file_no < each + _LAST_CHARACTER) for each in typed)
    return sa.or_(*ranges, household.c.first_file_no.in_(typed))


def is_family(sought: Sought) -> sa.ColumnElement[bool]:
    """Return the condition for families whose file or person the text may mean."""
    # Two conditions joined by OR would read every family: each has its own index. The array is made once, where a join may
    # compare each family of a unit with every hit.
    of_file = sa.select(household.c.id).where(is_file(sought)).correlate(None)
    found = sa.union(sa.select(_hits(sought).c.household_id), of_file).scalar_subquery()
    return household.c.id == sa.func.any(sa.func.array(found))


def persons(conn: sa.Connection, sought: Sought, caller: Caller, most: int) -> list[dict[str, Any]]:
    """Return at most `most` persons, still encrypted, with file number, unit and exit of the family."""
    families = sa.select(household.c.id).where(visible_to(caller, household.c.unit_path))
    is_small = bool(sought.keys) and not counted(conn, families, FEW).is_capped
    found = persons_of_few(sought, caller) if is_small else persons_found(sought, caller)
    rows = conn.execute(found.limit(most)).mappings()
    return list({row["id"]: dict(row) for row in rows}.values())


def persons_of_few(sought: Sought, caller: Caller) -> sa.Select[Any]:
    """Select the same persons by comparing each person of the caller's families with the keys of their group."""
    # A common surname has more hits in the union than a small unit has persons: looked up first, they took 80 ms.
    keys = sa.select(sa.literal(list(sought.keys), person.c.search_index.type).label("of_groups")).subquery("sought")
    group = sa.func.get_byte(sa.func.uuid_send(person.c.id), 15, type_=sa.Integer())
    of_group = (keys.c.of_groups[group + first] for first in range(1, len(sought.keys), GROUPS))
    has_key = sa.or_(*(person.c.search_index.contains(pg.array([key])) for key in of_group))
    members = household.join(person, person.c.household_id == household.c.id)
    rows = sa.select(*_SHOWN, *_OF_FAMILY).select_from(keys.join(members, sa.true()))
    return rows.join(unit, unit.c.id == household.c.unit_id).where(visible_to(caller, household.c.unit_path), has_key)


def persons_found(sought: Sought, caller: Caller) -> sa.Select[Any]:
    """Select the persons of the caller's units that the text may mean, with file number, unit and exit of the family."""
    hit = _hits(sought)
    # OFFSET 0: the family of each hit is looked up by its id, and its unit compared after that. The planner takes the scope
    # of a unit for one family, and would look up the 256 keys again for each of its hundred: 3 s.
    names = ("file_no", "unit_id", "unit_path", "exited_on")
    of_hit = sa.select(*(household.c[name] for name in names)).where(household.c.id == hit.c.household_id)
    family = of_hit.offset(sa.literal_column("0")).lateral("family")
    rows = sa.select(hit, *family.c, unit.c.name.label("unit")).select_from(hit.join(family, sa.true()))
    return rows.join(unit, unit.c.id == family.c.unit_id).where(visible_to(caller, family.c.unit_path))


def households(conn: sa.Connection, sought: Sought, caller: Caller, most: int) -> list[dict[str, Any]]:
    """Return at most `most` families in the order of their numbers, with the head's name still encrypted."""
    is_head = sa.and_(person.c.household_id == household.c.id, person.c.relation == "head", person.c.active)
    rows = (
        sa.select(household.c.id, *_OF_FAMILY, person.c.id.label("head_id"), person.c.name_sealed)
        .join(unit, unit.c.id == household.c.unit_id)
        .outerjoin(person, is_head)
        .where(is_file(sought), visible_to(caller, household.c.unit_path))
        .order_by(household.c.file_no, household.c.id)
        .limit(most)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]


_OF_CASE: Sequence[sa.ColumnElement[Any]] = (
    *(case.c.id, case.c.case_no, case.c.programme, case.c.state, case.c.phase, case.c.household_id, case.c.unit_id),
    unit.c.name.label("unit"),
)


def cases(conn: sa.Connection, sought: Sought, caller: Caller) -> list[dict[str, Any]]:
    """Return the case of the number, if the caller may see it."""
    if sought.case_no is None:
        return []
    rows = sa.select(*_OF_CASE).join(unit, unit.c.id == case.c.unit_id)
    numbered = rows.where(case.c.case_no == sought.case_no, visible_to(caller, case.c.unit_path))
    return [dict(row) for row in conn.execute(numbered).mappings()]
