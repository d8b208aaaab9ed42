"""The key under which a person is counted once, under however many files and rows."""

from typing import Any

import sqlalchemy as sa

from service.tables.persons import person


def person_key(beneficiary_id: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return the identity number's index as text, or where there is none the person's first row.

    A member who came from another file has the number of any of their rows.
    """
    me, other = person.alias("me"), person.alias("other")
    first_id = sa.func.coalesce(me.c.first_person_id, me.c.id)
    number_elsewhere = (
        sa.select(other.c.id_no_index)
        .where(sa.or_(other.c.first_person_id == first_id, other.c.id == first_id), other.c.id_no_index.is_not(None))
        .order_by(other.c.id)
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )
    number = sa.func.encode(sa.func.coalesce(me.c.id_no_index, number_elsewhere), "hex")
    key = sa.select(sa.func.coalesce(number, sa.cast(first_id, sa.Text()))).where(me.c.id == beneficiary_id)
    return key.scalar_subquery()
