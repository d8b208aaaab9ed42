"""Somebody who owns the database: triggers, keys and checks asleep, one thing changed at random."""

# ruff: noqa: S608 - the names in these statements are those of our own tables and columns
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.db.columns import METADATA
from service.tables.row_fingerprints import UNRECORDED_COLUMNS

HARMLESS = {
    "idempotency": "answers kept for a week, so that a repeated request is answered again",
    "imported_file": "spares a second reading of a file; the rows it brought are bound themselves",
    "job_run": "spares the clock a second reminder; what it did is bound itself",
}
"""Tables whose rows prove nothing."""
HARMLESS_COLUMNS = {"notification": frozenset(UNRECORDED_COLUMNS["notification"])}
"""How far the delivery of a notification has got: nobody decides it, and it goes on by itself."""

NUMBERED = " WHERE no <= (SELECT max(up_to) FROM anchor)"
"""In which order events came says only an anchor; of those that came since the last one nobody has claimed anything."""

KINDS = ("change", "change", "change", "swap", "delete", "copy", "truncate")


@dataclass(frozen=True)
class Forgery:
    """What is done to which table, and to which column of it."""

    kind: str
    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.kind} {self.table}.{self.column}"


def asleep(conn: sa.Connection) -> None:
    """Put every guard of the database to sleep, inside the transaction."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    found = sa.text(
        "SELECT conrelid::regclass::text AS of, conname AS name FROM pg_constraint"
        " WHERE contype IN ('f', 'c', 'u') AND connamespace = 'public'::regnamespace ORDER BY contype DESC"
    )
    for row in conn.execute(found).all():
        conn.execute(sa.text(f'ALTER TABLE {row.of} DROP CONSTRAINT "{row.name}" CASCADE'))
    unique = sa.text(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indisunique AND NOT indisprimary AND relnamespace = 'public'::regnamespace"
    )
    for name in list(conn.scalars(unique)):
        conn.execute(sa.text(f"DROP INDEX {name}"))
    for table in METADATA.tables.values():
        for column in table.columns:
            if not column.primary_key and column.identity is None:
                conn.execute(sa.text(f'ALTER TABLE "{table.name}" ALTER COLUMN "{column.name}" DROP NOT NULL'))


def forgeries(chance: random.Random, count: int) -> list[Forgery]:
    """Every column changed once and every table treated in every way, then more of it at random, `count` in all."""
    places = [
        (table.name, column.name)
        for table in METADATA.tables.values()
        if table.name not in HARMLESS
        for column in table.columns
        if column.name not in HARMLESS_COLUMNS.get(table.name, ())
    ]
    first = [Forgery("change", *place) for place in places]
    first += [Forgery(kind, *place) for place in dict(places).items() for kind in ("delete", "copy", "truncate")]
    first += [Forgery("swap", *place) for place in places]
    chance.shuffle(first)
    more = (Forgery(chance.choice(KINDS), *chance.choice(places)) for _ in range(count))
    return [*first, *more][:count]


def forge(conn: sa.Connection, forgery: Forgery, chance: random.Random) -> bool:
    """Do it to rows at random; False where there is nothing to do it to."""
    table = METADATA.tables[forgery.table]
    if forgery.kind == "truncate":
        had = conn.scalar(sa.select(sa.func.count()).select_from(table))
        conn.execute(sa.text(f'TRUNCATE "{forgery.table}"'))
        return bool(had)
    return any(conn.execute(sa.text(words), {"seed": chance.random()}).rowcount for words in _words(table, forgery))


def _words(table: sa.Table, forgery: Forgery) -> Iterator[str]:
    """The statements that do it: the second where the first found nothing to do."""
    name, column = f'"{table.name}"', table.columns[forgery.column]
    among = NUMBERED if (table.name, column.name) == ("event", "no") else ""
    one = f"ctid = (SELECT ctid FROM {name}{among} ORDER BY md5(ctid::text || CAST(:seed AS text)) LIMIT 1)"
    if forgery.kind == "delete":
        yield f"DELETE FROM {name} WHERE {one}"
    elif forgery.kind == "copy":
        key = [each.name for each in table.primary_key.columns][-1]
        rest = ", ".join(f'"{each.name}"' for each in table.columns if each.name != key)
        yield f'INSERT INTO {name} ("{key}", {rest}) SELECT {_other(table.columns[key])}, {rest} FROM {name} WHERE {one}'
    else:
        if forgery.kind == "swap" and not column.primary_key:
            yield _swap(name, f'"{column.name}"')
        yield f'UPDATE {name} SET "{column.name}" = {_other(column)} WHERE {one}'


def _swap(name: str, column: str) -> str:
    """Give each of two rows the other's value."""
    two = (
        f"(SELECT a.ctid AS one, b.ctid AS two, a.{column} AS of_one, b.{column} AS of_two"
        f" FROM {name} AS a JOIN {name} AS b ON a.{column} IS DISTINCT FROM b.{column}"
        " ORDER BY md5(a.ctid::text || b.ctid::text || CAST(:seed AS text)) LIMIT 1)"
    )
    other = f"CASE WHEN {name}.ctid = two.one THEN two.of_two ELSE two.of_one END"
    return f"UPDATE {name} SET {column} = {other} FROM {two} AS two WHERE {name}.ctid IN (two.one, two.two)"


OTHER: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.Uuid, "gen_random_uuid()"),
    (sa.ARRAY, "array_append({0}, 'y')"),
    (sa.LargeBinary, "CASE WHEN {0} IS NULL THEN '\\x00' ELSE set_byte({0}, 0, get_byte({0}, 0) # 255) END"),
    (sa.JSON, "{0} || jsonb_build_object('y', 1)"),
    (sa.Boolean, "NOT coalesce({0}, false)"),
    (sa.DateTime, "coalesce({0}, now()) + interval '1 second'"),
    (sa.Date, "coalesce({0}, '2025-01-01') - 3650"),
    (sa.Integer, "coalesce({0}, 0) + 1000"),
    (sa.Text, "coalesce({0}, '') || 'y'"),
)
"""Another value of a kind than the one that stands there."""


def _other(column: sa.Column[object]) -> str:
    return next(words for kind, words in OTHER if isinstance(column.type, kind)).format(f'"{column.name}"')
