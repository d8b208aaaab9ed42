"""A record dump: the rows of every table as PostgreSQL's COPY text, gzipped, with the migration they were written at.

The wheel of PostgreSQL has no pg_dump. `python -m tests.record_dump URL FILE` writes one of a database.
"""

import gzip
import json
import sys
from pathlib import Path

import psycopg

HEAD = "-- "


def dump(url: str, target: Path) -> None:
    """Write every table of the schema `public` to a file."""
    with psycopg.connect(url) as conn, gzip.GzipFile(target, "wb", mtime=0) as out:
        (revision,) = conn.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        tables = [
            row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ]
        out.write(f"{HEAD}{json.dumps({'revision': revision})}\n".encode())
        for table in tables:
            if table == "alembic_version":
                continue
            names = [
                row[0]
                for row in conn.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
                    " ORDER BY ordinal_position",
                    [table],
                )
            ]
            out.write(f"{HEAD}{json.dumps({'table': table, 'columns': names})}\n".encode())
            columns = ", ".join(f'"{name}"' for name in names)
            with conn.cursor().copy(f'COPY "{table}" ({columns}) TO STDOUT') as rows:
                for block in rows:
                    out.write(bytes(block))


def revision_of(source: Path) -> str:
    """Return the migration at which the rows were written."""
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        revision: str = json.loads(lines.readline().removeprefix(HEAD))["revision"]
    return revision


def load(url: str, source: Path) -> None:
    """Load the rows into an empty schema at the same migration; triggers and foreign keys do not run."""
    with psycopg.connect(url) as conn:
        conn.execute("SET session_replication_role = replica")
        for table, columns, rows in _tables(source):
            names = ", ".join(f'"{name}"' for name in columns)
            conn.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names from our own dump
            with conn.cursor().copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                copy.write("".join(rows))
        conn.execute("SELECT setval('case_no', 1000000)")
        conn.execute("SELECT setval(pg_get_serial_sequence('event', 'no'), (SELECT max(no) FROM event))")


def _tables(source: Path) -> list[tuple[str, list[str], list[str]]]:
    found: list[tuple[str, list[str], list[str]]] = []
    with gzip.open(source, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if line.startswith(HEAD + "{"):
                head = json.loads(line.removeprefix(HEAD))
                if "table" in head:
                    found.append((head["table"], head["columns"], []))
            else:
                found[-1][2].append(line)
    return found


if __name__ == "__main__":
    dump(sys.argv[1], Path(sys.argv[2]))
