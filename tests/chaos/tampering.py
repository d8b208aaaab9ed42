"""Tampering changes random rows after it disabled triggers, keys and checks."""

# ruff: noqa: S608 - these statements contain names of our own tables and columns only
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.db.columns import METADATA
from service.tables.recorded_columns import UNRECORDED_COLUMNS

HARMLESS = {
    "idempotency": "answers stored for a week, so that a repeated request gets the same one",
    "heartbeat": "written to see that the disk takes writes; it says nothing",
    "imported_file": "prevents a second import of a file; the imported rows have fingerprints of their own",
    "sign_in_attempt": "a browser on its way to a session, for ten minutes",
    "sign_in_count": "failures since the last sign-in; each is an event",
    "workbook_import": "names the files of an import; its event keeps their digests, each record has fingerprints of its own",
    "imported_row": "which records an import made; an undo compares the digest that the event of the import keeps",
    "uploaded_workbook": "kept for seven days between a dry run and its import; what is imported has fingerprints of its own",
    "prepared_file": "a long export, kept for a day; who took it is an event, what it shows has fingerprints of its own",
    "prepared_part": "the content of such a file",
    "past_record": "a copy of the record as it stood, kept for a day",
    "job_run": "prevents a second reminder; the rows the job wrote have fingerprints of their own",
}
"""Tables whose rows are no evidence, each with the reason."""
HARMLESS_COLUMNS = {
    table: frozenset(UNRECORDED_COLUMNS[table]) for table in ("notification", "passkey", "session", "person")
}
"""Columns that no person decides: a notification's delivery, when a key or session was last used, keys of a search."""

NUMBERED = " WHERE no <= (SELECT max(up_to) FROM anchor)"
"""Only events covered by an anchor: the order of later ones is not yet recorded."""

KINDS = ("change", "change", "change", "swap", "delete", "copy", "truncate")


@dataclass(frozen=True)
class Tampering:
    """A kind of change, and the table and column it applies to."""

    kind: str
    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.kind} {self.table}.{self.column}"


def disable_guards(conn: sa.Connection) -> None:
    """Disable triggers, constraints and unique indexes inside the transaction."""
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    constraints = sa.text(
        "SELECT conrelid::regclass::text AS of, conname AS name FROM pg_constraint"
        " WHERE contype IN ('f', 'c', 'u') AND connamespace = 'public'::regnamespace ORDER BY contype DESC"
    )
    for row in conn.execute(constraints).all():
        conn.execute(sa.text(f'ALTER TABLE {row.of} DROP CONSTRAINT IF EXISTS "{row.name}" CASCADE'))
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


def tamperings(chance: random.Random, count: int) -> list[Tampering]:
    """Return `count` cases: each column changed and each kind for each table first, then random ones."""
    columns = [
        (table.name, column.name)
        for table in METADATA.tables.values()
        if table.name not in HARMLESS
        for column in table.columns
        if column.name not in HARMLESS_COLUMNS.get(table.name, ())
    ]
    first = [Tampering("change", *column) for column in columns]
    first += [Tampering(kind, *column) for column in dict(columns).items() for kind in ("delete", "copy", "truncate")]
    first += [Tampering("swap", *column) for column in columns]
    chance.shuffle(first)
    more = (Tampering(chance.choice(KINDS), *chance.choice(columns)) for _ in range(count))
    return [*first, *more][:count]


def tamper(conn: sa.Connection, tampering: Tampering, chance: random.Random) -> bool:
    """Apply the change to a random row; return False if the table has no suitable row."""
    table = METADATA.tables[tampering.table]
    if tampering.kind == "truncate":
        row_count = conn.scalar(sa.select(sa.func.count()).select_from(table))
        conn.execute(sa.text(f'TRUNCATE "{tampering.table}"'))
        return bool(row_count)
    return any(
        conn.execute(sa.text(statement), {"seed": chance.random()}).rowcount
        for statement in _statements(table, tampering)
    )


def _statements(table: sa.Table, tampering: Tampering) -> Iterator[str]:
    """Yield the statements of a change; the second one applies when the first changed no row."""
    name, column = f'"{table.name}"', table.columns[tampering.column]
    condition = NUMBERED if (table.name, column.name) == ("event", "no") else ""
    one = f"ctid = (SELECT ctid FROM {name}{condition} ORDER BY md5(ctid::text || CAST(:seed AS text)) LIMIT 1)"
    if tampering.kind == "delete":
        yield f"DELETE FROM {name} WHERE {one}"
    elif tampering.kind == "copy":
        key = [each.name for each in table.primary_key.columns][-1]
        rest = ", ".join(f'"{each.name}"' for each in table.columns if each.name != key)
        yield f'INSERT INTO {name} ("{key}", {rest}) SELECT {_other_value(table.columns[key])}, {rest} FROM {name} WHERE {one}'
    else:
        if tampering.kind == "swap" and not column.primary_key:
            yield _swap(name, f'"{column.name}"')
        yield f'UPDATE {name} SET "{column.name}" = {_other_value(column)} WHERE {one}'


def _swap(name: str, column: str) -> str:
    """Return a statement that swaps the column values of two rows."""
    two = (
        f"(SELECT a.ctid AS one, b.ctid AS two, a.{column} AS of_one, b.{column} AS of_two"
        f" FROM {name} AS a JOIN {name} AS b ON a.{column} IS DISTINCT FROM b.{column}"
        " ORDER BY md5(a.ctid::text || b.ctid::text || CAST(:seed AS text)) LIMIT 1)"
    )
    swapped_value = f"CASE WHEN {name}.ctid = two.one THEN two.of_two ELSE two.of_one END"
    return f"UPDATE {name} SET {column} = {swapped_value} FROM {two} AS two WHERE {name}.ctid IN (two.one, two.two)"


OTHER_VALUES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.Uuid, "gen_random_uuid()"),
    (sa.ARRAY, "array_append({0}, 'y')"),
    (sa.LargeBinary, "CASE WHEN {0} IS NULL THEN '\\x00' ELSE set_byte({0}, 0, get_byte({0}, 0) # 255) END"),
    (sa.JSON, "coalesce({0}, jsonb_build_object()) || jsonb_build_object('y', 1)"),
    (sa.Boolean, "NOT coalesce({0}, false)"),
    (sa.DateTime, "coalesce({0}, now()) + interval '1 second'"),
    (sa.Date, "coalesce({0}, '2025-01-01') - 3650"),
    (sa.Integer, "coalesce({0}, 0) + 1000"),
    (sa.Text, "coalesce({0}, '') || 'y'"),
)
"""SQL of a value that differs from the stored one, for each column type."""


def _other_value(column: sa.Column[object]) -> str:
    return next(expression for kind, expression in OTHER_VALUES if isinstance(column.type, kind)).format(
        f'"{column.name}"'
    )
