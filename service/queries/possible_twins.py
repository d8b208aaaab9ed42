"""Persons in other files who may be the same person: one name, one of the two without an identity number."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, ranges, visible_by_name
from service.tables.households import household
from service.tables.payees import bank_account
from service.tables.persons import person
from service.tables.units import unit
from workflows.household_change_codes import ENTERED_BY_MISTAKE

SIGNS = ("phone", "unit", "relative", "card")
"""What two persons of one name may share besides: phone, unit, the name or number of another member, bank card."""


MAX_TWINS = 21
"""The most that are read: one more than an account is shown in a day."""


def _statement() -> PreparedStatement:
    me, twin = person.alias("me"), person.alias("twin")
    my_file, twin_file = household.alias("my_file"), household.alias("twin_file")
    signs = _signs(me, twin, my_file, twin_file)
    persons = sa.bindparam("person_ids", type_=sa.ARRAY(sa.Uuid()))
    return PreparedStatement(
        sa.select(me.c.id.label("person_id"), twin.c.id, twin.c.name_sealed, twin.c.active, twin.c.household_id)
        .add_columns(unit.c.name.label("unit_name"), twin_file.c.file_no)
        .add_columns(visible_by_name(twin_file.c.unit_path).label("seen"))
        .add_columns(*(condition.label(name) for name, condition in signs.items()))
        .join(twin, sa.and_(twin.c.name_index == me.c.name_index, twin.c.household_id != me.c.household_id))
        .join(my_file, my_file.c.id == me.c.household_id)
        .join(twin_file, twin_file.c.id == twin.c.household_id)
        .join(unit, unit.c.id == twin_file.c.unit_id)
        .where(me.c.id == sa.func.any(persons), sa.or_(me.c.id_no_index.is_(None), twin.c.id_no_index.is_(None)))
        .where(_first(me) != _first(twin), sa.or_(*signs.values()))
        .where(twin_file.c.exit_reason.is_distinct_from(sa.literal_column(f"'{ENTERED_BY_MISTAKE}'")))
        .limit(sa.literal_column(str(MAX_TWINS)))
    )


def possible_twins(conn: sa.Connection, person_ids: Collection[UUID], caller: Caller) -> list[dict[str, Any]]:
    """Return the possible twins of these persons in other files, active or not, with what they share.

    A file that was entered by mistake is no other file: the right one may say the same.

    There is no birth date outside the identity number, so a person without one has no year of birth to compare.
    """
    rows = _POSSIBLE_TWINS.rows(conn, {"person_ids": list(person_ids), **ranges(caller)})
    return sorted((row._asdict() for row in rows), key=lambda row: (row["person_id"], row["id"]))


def _first(each: sa.FromClause) -> sa.ColumnElement[Any]:
    """Return the first row of a person: the same for a member who came from another file."""
    return sa.func.coalesce(each.c.first_person_id, each.c.id)


def _signs(
    me: sa.FromClause, twin: sa.FromClause, my_file: sa.FromClause, twin_file: sa.FromClause
) -> dict[str, sa.ColumnElement[bool]]:
    mine, theirs = person.alias("mine"), person.alias("theirs")
    same = sa.or_(mine.c.name_index == theirs.c.name_index, mine.c.id_no_index == theirs.c.id_no_index)
    relative = sa.exists().where(
        mine.c.household_id == me.c.household_id,
        mine.c.id != me.c.id,
        theirs.c.household_id == twin.c.household_id,
        theirs.c.id != twin.c.id,
        same,
    )
    my_card, their_card = bank_account.alias("my_card"), bank_account.alias("their_card")
    card = sa.exists().where(
        my_card.c.household_id == me.c.household_id,
        their_card.c.household_id == twin.c.household_id,
        my_card.c.card_index == their_card.c.card_index,
    )
    phone = sa.func.coalesce(me.c.phone_index == twin.c.phone_index, sa.literal_column("false"))
    return {"phone": phone, "unit": my_file.c.unit_id == twin_file.c.unit_id, "relative": relative, "card": card}


_POSSIBLE_TWINS = _statement()
