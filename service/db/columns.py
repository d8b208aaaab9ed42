"""Column types that the tables share: ids, money, encrypted values, instants."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.schema import SchemaItem

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""The metadata of every table; the migrations are checked against it."""

Instant = sa.DateTime(timezone=True)
Path = sa.Text(collation="C")
Words = pg.ARRAY(sa.Text())
Json = pg.JSONB


def new_id() -> UUID:
    """Return a new UUIDv7."""
    # The id exists before the row: encryption binds a value to its row's id.
    return uuid_utils.compat.uuid7()


def primary_key() -> sa.Column[UUID]:
    """Return the primary key of a table whose ids come from `new_id`."""
    return sa.Column("id", sa.Uuid(), primary_key=True)


def foreign_key(target: str, name: str, *, optional: bool = False, index: bool = False) -> sa.Column[UUID]:
    """Return a foreign key to `target`.id."""
    return sa.Column(name, sa.Uuid(), sa.ForeignKey(f"{target}.id"), nullable=optional, index=index)


def money(name: str, *, optional: bool = False) -> sa.Column[int]:
    """Return a column for an amount in fen."""
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def counted_money(name: str) -> sa.Column[int]:
    """Return a column for an amount in fen that is the sum of ledger entries, 0 before the first."""
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def sealed(name: str, *, optional: bool = True) -> sa.Column[bytes]:
    """Return a column for personal data, encrypted for this table, column and row (service/crypto/encryption.py)."""
    return sa.Column(name, sa.LargeBinary(), nullable=optional)


def recorded_once(table: str, *, optional_key: bool = False) -> tuple[SchemaItem, ...]:
    """Return the columns of a record that is known by what it is, and that can be voided or corrected (docs/decisions/0027).

    `repeat_no` counts the records with one key that a person has confirmed to be different events.
    """
    parts: tuple[tuple[sa.ColumnElement[Any], str], ...] = (
        (sa.column("natural_key"), "="),
        (sa.column("repeat_no"), "="),
    )
    # An exclusion constraint, because a unique index cannot be deferrable and partial: one statement may void a record
    # and add its correction under the same key.
    not_recorded_twice = pg.ExcludeConstraint(
        *parts, name=f"ex_{table}_recorded_once", using="btree", where=sa.text("voided_on IS NULL"), deferrable=True
    )
    return (
        sa.Column("natural_key", sa.Text(), nullable=optional_key, index=True),
        sa.Column("repeat_no", sa.SmallInteger(), nullable=False, server_default="0"),
        foreign_key(table, "corrects_id", optional=True),
        sa.Column("voided_on", sa.Date()),
        sa.Column("void_reason", sa.Text()),
        sa.CheckConstraint("(voided_on IS NULL) = (void_reason IS NULL)", name="voided"),
        not_recorded_twice,
    )


def check_in(column: str, values: object) -> sa.CheckConstraint:
    """Return a CHECK that a text column holds one of an enumeration's values."""
    literals = ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]
    return sa.CheckConstraint(f"{column} IN ({literals})", name=column)
