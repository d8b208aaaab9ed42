"""The roles of the local database: one owns the tables, one owns nothing."""

# The server trusts every connection to its socket (initdb --auth=trust), because its folder is closed to other
# accounts: who may open the socket may read the data too. The roles guard against a fault of the program, such as SQL
# that a request brings in, not against its own account (docs/decisions/0031).

import psycopg
from psycopg import sql
from psycopg.errors import DeadlockDetected

OWNER, APPLICATION = "songnuan_owner", "songnuan_app"

# The owner may create and drop the demo's database, and end the sessions in it.
_ROLES = ((OWNER, "LOGIN CREATEDB"), (APPLICATION, "LOGIN"))

# REASSIGN OWNED refuses the superuser that initdb made. An identity's sequence follows its table.
_TAKE_OVER = """
SELECT format('ALTER %s %s OWNER TO songnuan_owner', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
    oid::regclass) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') AND relowner <> 'songnuan_owner'::regrole
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
        AND deptype IN ('a', 'i', 'e'))
UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO songnuan_owner', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND proowner <> 'songnuan_owner'::regrole
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid
        AND deptype = 'e')
"""

# A table and its identity's sequence are locked together. Work in the database may hold the sequence and want the table.
_ATTEMPTS = 5


def ensure_database(url: str, name: str) -> None:
    """Create the two roles and the database, and give the owner every table that the superuser has made."""
    with psycopg.connect(url, dbname="postgres", autocommit=True, connect_timeout=10) as server:
        for role, rights in _ROLES:
            if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                server.execute(sql.SQL("CREATE ROLE {} " + rights).format(sql.Identifier(role)))
        server.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(APPLICATION), sql.Identifier(OWNER)))
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as database:
        _take_over(database)


def _take_over(database: psycopg.Connection) -> None:
    """Give the owner every table and function, each in a transaction of its own."""
    for (statement,) in database.execute(_TAKE_OVER).fetchall():
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                database.execute(statement)
                break
            except DeadlockDetected:
                if attempt == _ATTEMPTS:
                    raise
