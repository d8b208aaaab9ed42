"""Copies the rows that the pages read from the service's tables to Django's, which have the same names and fewer columns."""

from typing import Any

import psycopg

TABLES = (
    *("unit", "account", "role_grant", "session", "credential", "passkey", "policy_set", "calendar_day"),
    *("household", "person", "bank_account", "finance_line", "consent", "fund", "case", "event", "case_duty"),
    *("visit", "visit_visitor", "visit_confirmation", "paper", "verification", "notice", "objection", "approval"),
    *("payment", "notification", "sealed_remark", "stored_file", "document", "paper_document"),
)
OTHERWISE = {
    "account": {"password": "''"},
    "paper": {"seen_by_id": "seen_by"},
    "payment": {
        "paid_by_id": "paid_by",
        "confirmed_by_id": "confirmed_by",
        "voucher_year": "coalesce(voucher_year, extract(year FROM paid_on)::smallint)",
    },
}
"""Columns that the service does not have, or has under another name, as SQL."""

INDEXES = (
    'CREATE INDEX ON "case" (opened_on, id)',
    'CREATE INDEX ON "case" (unit_path, programme, item, phase, state)',
    """CREATE INDEX ON "case" (due_on) WHERE phase <> 'ended'""",
)
"""The service's indexes for its lists and counts, which Django's tables of the contest of writes do without."""

_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"


def copy(source_url: str, target_url: str) -> None:
    """Copy every row of TABLES in one transaction, then create the indexes and collect the statistics."""
    with psycopg.connect(source_url) as source, psycopg.connect(target_url) as target:
        names = ", ".join(f'"{table}"' for table in TABLES)
        target.execute(f"TRUNCATE {names} CASCADE")
        for table in TABLES:
            _copy_table(source, target, table)
    with psycopg.connect(target_url, autocommit=True) as target:
        for index in INDEXES:
            target.execute(index)
        target.execute("VACUUM ANALYZE")


def _copy_table(source: psycopg.Connection[Any], target: psycopg.Connection[Any], table: str) -> None:
    known, wanted = ({row[0] for row in each.execute(_COLUMNS, (table,))} for each in (source, target))
    others = OTHERWISE.get(table, {})
    columns = sorted((known & wanted) - others.keys())
    read = ", ".join([*(f'"{column}"' for column in columns), *others.values()])
    written = ", ".join(f'"{column}"' for column in (*columns, *others))
    with (
        source.cursor().copy(f'COPY (SELECT {read} FROM "{table}") TO STDOUT') as rows,
        target.cursor().copy(f'COPY "{table}" ({written}) FROM STDIN') as copied,
    ):
        for block in rows:
            copied.write(block)
