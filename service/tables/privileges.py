"""Privileges of the application's database role: what it may do with each table (docs/decisions/0031)."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from service.db.columns import METADATA
from service.tables.recorded_columns import CHANGING, FIRST_VALUES, UNRECORDED_COLUMNS

NO_INSERT: Mapping[str, str] = {
    **dict.fromkeys(("incompatible_duty", "pot_move", "payment_move", "second_person_act"), "the migrations write it"),
    "heartbeat": "the function write_heartbeat() writes it",
    "past_record": "the functions copy_past_record() and drop_past_records() write it",
}
"""Tables that the application only reads, and who writes them."""

DELETED_FROM = frozenset({"calendar_day", "calendar_year", "idempotency", "prepared_part", "sign_in_attempt"})
"""Tables whose rows the application deletes; of every other table a row stays for good."""

ALSO_UPDATED: Mapping[str, str] = {
    "chain_head": "seq hash",
    "idempotency": "status headers body_sealed",
    "job_run": "at done refused",
    "prepared_file": "grants state attempts rows_done rows_in_all size ended_at",
    "sign_in_attempt": "token_hash csrf_token account_id challenge state done_at",
    "uploaded_workbook": "about_sealed content_sealed result_sealed state confirmation_id ended_at",
    "workbook_import": "undo_confirmation_id",
    "imported_row": "undone_on kept",
    "sign_in_count": "failed locked_until totp_step",
    # A statement may lock a row of a fund line only with UPDATE on one of its columns. A trigger refuses any change of
    # this one that is not a ledger entry's.
    "fund": "available_fen",
}
"""Columns that change and that the event log does not know as changing."""

NOT_UPDATED: Mapping[str, str] = {
    "fund": "the ledger's trigger moves the pots",
    "notification.created_at": "written once",
}
"""Tables and columns of UNRECORDED_COLUMNS that the application does not update, and why."""

FUNCTIONS = ("lock_event_log()", "write_heartbeat()", "copy_past_record(bigint)", "drop_past_records()")
"""Functions that run with the owner's rights (migrations/versions/0009_installation.py, 0024_past_records.py)."""

SEQUENCES = ("case_no",)

_quote = PGDialect_psycopg().identifier_preparer.quote_identifier  # type: ignore[no-untyped-call]


def insertable_columns(table: sa.Table) -> list[str]:
    """Return the columns that the application may fill in a new row: all but a number that the database counts."""
    return [] if table.name in NO_INSERT else [each.name for each in table.columns if each.identity is None]


def updatable_columns(table: sa.Table) -> list[str]:
    """Return the columns that the application may change, in the order of the table."""
    name = table.name
    first_values = FIRST_VALUES.get(name, {})
    changing = {*CHANGING.get(name, "").split(), *first_values, *first_values.values()}
    if name not in NOT_UPDATED:
        unrecorded = UNRECORDED_COLUMNS.get(name, {})
        changing |= {column for column in unrecorded if f"{name}.{column}" not in NOT_UPDATED}
    changing |= set(ALSO_UPDATED.get(name, "").split())
    return [each.name for each in table.columns if each.name in changing]


def grant_statements(role: str, database: str) -> Iterator[str]:
    """Yield the statements that give a role these privileges and no other; the owner of the tables runs them."""
    to = _quote(role)
    yield f"REVOKE TEMPORARY ON DATABASE {_quote(database)} FROM PUBLIC"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        yield f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {to}"
    yield f"GRANT USAGE ON SCHEMA public TO {to}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {to}"
    for table in METADATA.sorted_tables:
        for privilege, columns in (("INSERT", insertable_columns(table)), ("UPDATE", updatable_columns(table))):
            if columns:
                names = ", ".join(_quote(column) for column in columns)
                yield f"GRANT {privilege} ({names}) ON {_quote(table.name)} TO {to}"
        if table.name in DELETED_FROM:
            yield f"GRANT DELETE ON {_quote(table.name)} TO {to}"
    for sequence in SEQUENCES:
        yield f"GRANT USAGE ON SEQUENCE {sequence} TO {to}"
    for function in FUNCTIONS:
        yield f"GRANT EXECUTE ON FUNCTION {function} TO {to}"


def grant_to(conn: sa.Connection, role: str) -> None:
    """Give a role the privileges of the application, and take every other one of these tables from it."""
    for statement in grant_statements(role, str(conn.engine.url.database)):
        conn.exec_driver_sql(statement)


OWNS_SOMETHING = sa.text("""
SELECT rolsuper OR rolcreaterole OR rolbypassrls OR EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'MEMBER'))
FROM pg_roles WHERE rolname = current_user
""")
"""Whether the role of this connection is a superuser, or owns a table or is a member of a role that does."""


def owns_something(conn: sa.Connection) -> bool:
    """Return whether the role of this connection could change the tables, their triggers and its own rights."""
    return bool(conn.scalar(OWNS_SOMETHING))
