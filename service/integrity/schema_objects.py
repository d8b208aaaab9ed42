"""The schema check compares triggers, functions, constraints and columns with those the migrations make."""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from service.integrity.faults import Fault
from service.integrity.schema_privileges import privilege_faults

EXPECTED = Path(__file__).parent / "schema_objects.txt"
"""What the migrations make, one object a line: kind, name, digest of its definition. Written by a test (CONTRIBUTING.md)."""

# Objects that an extension brought are left out. Enabled triggers of foreign keys are left out, as their constraint is
# listed; PostgreSQL 18 lists NOT NULL as a constraint ('n'), earlier versions in the column alone, where it is read here.
_OBJECTS = """
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = 'public'),
brought AS (SELECT objid FROM pg_depend WHERE deptype = 'e'),
relation AS (SELECT c.* FROM pg_class AS c JOIN own ON own.oid = c.relnamespace
    WHERE c.oid NOT IN (SELECT objid FROM brought))
SELECT 'table' AS kind, relname::text AS name, concat_ws(' ', relkind, relpersistence, relrowsecurity, relispartition,
    relacl IS NOT NULL AND EXISTS (SELECT FROM aclexplode(relacl) AS right_of WHERE right_of.grantee = 0)) AS definition
    FROM relation WHERE relkind NOT IN ('i', 'I', 't')
UNION ALL SELECT 'column', r.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), n.collname)
    FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation AS n ON n.oid = a.attcollation WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL SELECT 'trigger', r.relname || '.' || t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM relation AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal OR t.tgenabled <> 'O'
UNION ALL SELECT 'constraint', coalesce(r.relname || '.', '') || c.conname,
    concat_ws(' ', pg_get_constraintdef(c.oid), c.convalidated)
    FROM pg_constraint AS c JOIN own ON own.oid = c.connamespace LEFT JOIN relation AS r ON r.oid = c.conrelid
    WHERE c.contype NOT IN ('n', 't')
UNION ALL SELECT 'index', i.relname::text, concat_ws(' ', pg_get_indexdef(x.indexrelid), x.indisvalid)
    FROM relation AS i JOIN pg_index AS x ON x.indexrelid = i.oid
UNION ALL SELECT 'rule', r.relname || '.' || w.rulename, concat_ws(' ', pg_get_ruledef(w.oid), w.ev_enabled)
    FROM relation AS r JOIN pg_rewrite AS w ON w.ev_class = r.oid
UNION ALL SELECT 'policy', r.relname || '.' || p.polname, concat_ws(' ', p.polcmd, pg_get_expr(p.polqual, p.polrelid))
    FROM relation AS r JOIN pg_policy AS p ON p.polrelid = r.oid
UNION ALL SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
    FROM pg_proc AS p JOIN own ON own.oid = p.pronamespace WHERE p.oid NOT IN (SELECT objid FROM brought)
UNION ALL SELECT 'event_trigger', evtname::text, evtevent FROM pg_event_trigger
    WHERE oid NOT IN (SELECT objid FROM brought)
"""
_OWNERS = """
SELECT c.relname::text FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
AND c.relowner <> (SELECT relowner FROM pg_class WHERE oid = 'alembic_version'::regclass) ORDER BY 1
"""


def stored_objects(conn: sa.Connection) -> dict[tuple[str, str], str]:
    """Return the digest of each object of the schema `public`, by kind and name."""
    # Definitions name an object with its schema unless the schema is on the path.
    conn.execute(sa.text("SELECT set_config('search_path', 'public', true)"))
    return {(row.kind, row.name): _digest(row.definition) for row in conn.execute(sa.text(_OBJECTS))}


def _digest(definition: str) -> str:
    return sha256(" ".join(definition.split()).encode()).hexdigest()[:16]


def as_lines(objects: Mapping[tuple[str, str], str]) -> str:
    """Return the objects as EXPECTED holds them."""
    return "".join(f"{kind}\t{name}\t{digest}\n" for (kind, name), digest in sorted(objects.items()))


@cache
def expected_objects() -> Mapping[tuple[str, str], str]:
    """Return the objects that the migrations make."""
    lines = (line.split("\t") for line in EXPECTED.read_text(encoding="utf-8").splitlines())
    return {(kind, name): digest for kind, name, digest in lines}


def schema_faults(conn: sa.Connection) -> Iterator[Fault]:
    """Yield a fault for each object that is missing, foreign or different, table of another owner, and foreign right."""
    stored, expected = stored_objects(conn), expected_objects()
    for kind, name in sorted(stored.keys() | expected.keys()):
        there, should = stored.get((kind, name)), expected.get((kind, name))
        if there is None:
            yield Fault("schema_object_missing", kind, name)
        elif should is None:
            yield Fault("schema_object_foreign", kind, name)
        elif there != should:
            yield Fault("schema_object_differs", kind, name)
    for name in conn.scalars(sa.text(_OWNERS)):
        yield Fault("schema_owner_differs", "table", name)
    yield from privilege_faults(conn)
