"""The id of an installation and the kind of its record; functions for a database role that owns nothing."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from migrations.filled_columns import record_filled_row
from service.db.columns import new_id

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FUNCTIONS = """
CREATE FUNCTION lock_event_log() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- LOCK TABLE asks for rights that would let a role change events.
    LOCK TABLE public.event IN SHARE MODE;
END $$;

CREATE FUNCTION write_heartbeat() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- TRUNCATE gives the table a new file, so that each call needs room on the disk, as a new case does.
    TRUNCATE public.heartbeat;
    INSERT INTO public.heartbeat (at, filler) VALUES (now(), repeat('x', 100));
END $$;

REVOKE ALL ON FUNCTION lock_event_log(), write_heartbeat() FROM PUBLIC;

"""
MOVES_POTS = (
    "entry_moves_pots",
    *(f"{table}_counted_{event}" for table in ("payments", "gifts") for event in ("added", "changed")),
)
"""Triggers that move the pots, or count what must equal them, with the owner's rights: the application cannot."""

# `songnuan demo` gives every account of this union a token with this label.
IS_DEMO = """SELECT EXISTS (SELECT FROM unit WHERE parent_id IS NULL AND name = '临澜县总工会' AND division = '371099')
AND EXISTS (SELECT FROM token WHERE label = 'demo')"""


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('office', 'demo')", name=op.f("ck_installation_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_index("uq_installation_one", "installation", [sa.text("(true)")], unique=True)
    op.create_table(
        "heartbeat",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filler", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_heartbeat")),
    )
    for name, event in (("written_once", "UPDATE OR DELETE"), ("never_truncated", "TRUNCATE")):
        each = "STATEMENT" if event == "TRUNCATE" else "ROW"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON installation FOR EACH {each} EXECUTE FUNCTION written_once()"
        )
    op.execute(FUNCTIONS)
    for function in MOVES_POTS:
        op.execute(f"ALTER FUNCTION {function}() SECURITY DEFINER SET search_path = public, pg_temp")
    _name_founded_installation(op.get_bind())


def _name_founded_installation(conn: sa.Connection) -> None:
    """Give a database whose union is founded already an id, and record it in the chain of the top unit."""
    unit_id = conn.scalar(sa.text("SELECT id FROM unit WHERE parent_id IS NULL ORDER BY id LIMIT 1"))
    if unit_id is None:
        return
    kind = "demo" if conn.scalar(sa.text(IS_DEMO)) else "office"
    row = {"id": new_id(), "kind": kind, "at": datetime.now(UTC)}
    conn.execute(sa.text("INSERT INTO installation (id, kind, at) VALUES (:id, :kind, :at)"), row)
    record_filled_row(conn, ("unit", unit_id), "installation", str(row["id"]), row, revision, written_once=True)


def downgrade() -> None:
    for function in MOVES_POTS:
        op.execute(f"ALTER FUNCTION {function}() SECURITY INVOKER RESET search_path")
    op.execute("DROP FUNCTION write_heartbeat()")
    op.execute("DROP FUNCTION lock_event_log()")
    op.drop_table("heartbeat")
    op.drop_table("installation")
