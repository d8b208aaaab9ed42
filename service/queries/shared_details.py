"""Persons of other files who share a birth day and name, a phone, an address or a bank card with a household."""

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

SHARED = ("birth", "phone", "address", "card")
"""What is shared: name and day of birth, phone, address, bank card."""

MOST = 21
"""The most that are read: one more than an account is shown in a day."""


def _pairs() -> sa.CompoundSelect[Any]:
    """Return pairs of a member and a person of another file, each with what they share."""
    me, other = person.alias("me"), person.alias("other")
    mine, theirs = bank_account.alias("mine"), bank_account.alias("theirs")
    ours = sa.bindparam("household_id", type_=sa.Uuid())

    def same(sign: str, *columns: str) -> sa.Select[Any]:
        equal = sa.and_(*(me.c[each] == other.c[each] for each in columns))
        pair = sa.select(me.c.id.label("person_id"), other.c.id, sa.literal_column(f"'{sign}'").label("sign"))
        return pair.join(other, equal).where(me.c.household_id == ours, me.c.active, other.c.household_id != ours)

    cards = (
        sa.select(mine.c.person_id, theirs.c.person_id.label("id"), sa.literal_column("'card'").label("sign"))
        .join(theirs, mine.c.card_index == theirs.c.card_index)
        .where(mine.c.household_id == ours, theirs.c.household_id != ours)
    )
    return sa.union(
        same("birth", "name_index", "birth_index"),
        same("phone", "phone_index"),
        same("address", "address_index"),
        cards,
    )


def _statement() -> PreparedStatement:
    pairs, me, other = _pairs().subquery("pairs"), person.alias("self"), person.alias("found")
    file = household.alias("file")
    first = [sa.func.coalesce(each.c.first_person_id, each.c.id) for each in (me, other)]
    return PreparedStatement(
        sa.select(pairs.c.person_id, other.c.id, other.c.name_sealed, other.c.active, other.c.household_id)
        .add_columns(unit.c.name.label("unit_name"), file.c.file_no, sa.func.array_agg(pairs.c.sign).label("shares"))
        .add_columns(visible_by_name(file.c.unit_path).label("seen"))
        .join(me, me.c.id == pairs.c.person_id)
        .join(other, other.c.id == pairs.c.id)
        .join(file, file.c.id == other.c.household_id)
        .join(unit, unit.c.id == file.c.unit_id)
        .where(first[0] != first[1])
        .where(file.c.exit_reason.is_distinct_from(sa.literal_column(f"'{ENTERED_BY_MISTAKE}'")))
        .group_by(pairs.c.person_id, other.c.id, unit.c.id, file.c.id)
        .order_by(pairs.c.person_id, other.c.id)
        .limit(sa.literal_column(str(MOST)))
    )


_SHARED_DETAILS = _statement()


def shared_details(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return the persons of other files, active or not, who share something with active members; at most MOST."""
    return [row._asdict() for row in _SHARED_DETAILS.rows(conn, {"household_id": household_id, **ranges(caller)})]
