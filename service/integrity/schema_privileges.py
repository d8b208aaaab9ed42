"""The privilege check: no role but the owner of the tables may write more than the application does (docs/decisions/0031)."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from service.db.columns import METADATA
from service.integrity.faults import Fault
from service.tables import privileges

# Reading is left out: a role for backups or statistics may read. Grantee 0 is PUBLIC; of whole tables schema_objects tells it.
_RIGHTS = """
SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END AS role, c.relname::text AS relation,
    held.attname::text AS attribute, a.privilege_type AS right
FROM pg_class AS c JOIN (SELECT oid, NULL AS attname, relacl AS acl FROM pg_class
    UNION ALL SELECT attrelid, attname, attacl FROM pg_attribute WHERE NOT attisdropped) AS held ON held.oid = c.oid
CROSS JOIN LATERAL aclexplode(held.acl) AS a
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.grantee <> c.relowner
    AND a.privilege_type <> 'SELECT' AND (a.grantee <> 0 OR held.attname IS NOT NULL) ORDER BY 1, 2, 3, 4
"""
_MEMBERS = """
SELECT DISTINCT pg_get_userbyid(m.member)::text FROM pg_auth_members AS m
WHERE m.roleid = (SELECT relowner FROM pg_class WHERE oid = 'alembic_version'::regclass) ORDER BY 1
"""


def privilege_faults(conn: sa.Connection) -> Iterator[Fault]:
    """Yield a fault for each right to write that the application does not need, and each role that may act as the owner."""
    for row in conn.execute(sa.text(_RIGHTS)):
        if not _granted(row):
            held = f"{row.relation}.{row.attribute}" if row.attribute else row.relation
            yield Fault("schema_privilege_foreign", row.role, f"{row.right} {held}")
    for role in conn.scalars(sa.text(_MEMBERS)):
        yield Fault("schema_owner_has_member", "role", role)


def _granted(row: Any) -> bool:
    """Return whether the migrations give the application's role this right."""
    table = METADATA.tables.get(row.relation)
    if table is None:
        return False
    if row.attribute is None:
        return row.right == "DELETE" and table.name in privileges.DELETED_FROM
    allowed = {"INSERT": privileges.insertable_columns, "UPDATE": privileges.updatable_columns}
    return row.right in allowed and row.attribute in allowed[row.right](table)
