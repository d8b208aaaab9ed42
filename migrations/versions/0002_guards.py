"""Triggers guard written-once rows, fund pots and incompatible duties, and wake the outbox."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WRITTEN_ONCE = (
    "anchor",
    "event",
    "ledger_entry",
    "policy_set",
    "case_duty",
    "incompatible_duty",
    "verification",
)
MAY_CHANGE = {
    "chain_head": ("seq", "hash"),
    "approval": ("voided_seq",),
    "notice": ("ended_on",),
    "objection": ("outcome", "answered_on"),
    "payment": (
        "state",
        "returned_on",
        "returned_code",
        "recalled_on",
        "receipt_on",
        "receipt_evidence",
    ),
}

FUNCTIONS = """
CREATE FUNCTION written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION only_may_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) - TG_ARGV) IS DISTINCT FROM (to_jsonb(NEW) - TG_ARGV) THEN
        RAISE EXCEPTION '%: only % may change', TG_TABLE_NAME, TG_ARGV USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION entry_moves_pots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One UPDATE for all entries of a statement: an UPDATE for each would write the fund row anew for every one of them.
    UPDATE fund SET
        outside_fen = outside_fen + moved.outside,
        available_fen = available_fen + moved.available,
        committed_fen = committed_fen + moved.committed,
        paid_fen = paid_fen + moved.paid,
        recovering_fen = recovering_fen + moved.recovering,
        written_off_fen = written_off_fen + moved.written_off
    FROM (SELECT fund_id,
            sum(CASE target_pot WHEN 'outside' THEN fen ELSE 0 END - CASE source_pot WHEN 'outside' THEN fen ELSE 0 END) AS outside,
            sum(CASE target_pot WHEN 'available' THEN fen ELSE 0 END - CASE source_pot WHEN 'available' THEN fen ELSE 0 END) AS available,
            sum(CASE target_pot WHEN 'committed' THEN fen ELSE 0 END - CASE source_pot WHEN 'committed' THEN fen ELSE 0 END) AS committed,
            sum(CASE target_pot WHEN 'paid' THEN fen ELSE 0 END - CASE source_pot WHEN 'paid' THEN fen ELSE 0 END) AS paid,
            sum(CASE target_pot WHEN 'recovering' THEN fen ELSE 0 END - CASE source_pot WHEN 'recovering' THEN fen ELSE 0 END) AS recovering,
            sum(CASE target_pot WHEN 'written_off' THEN fen ELSE 0 END - CASE source_pot WHEN 'written_off' THEN fen ELSE 0 END) AS written_off
        FROM new_entries GROUP BY fund_id) AS moved
    WHERE fund.id = moved.fund_id;
    RETURN NULL;
END $$;

CREATE FUNCTION pots_follow_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 AND (OLD.outside_fen, OLD.available_fen, OLD.committed_fen, OLD.paid_fen, OLD.recovering_fen,
        OLD.written_off_fen) IS DISTINCT FROM (NEW.outside_fen, NEW.available_fen, NEW.committed_fen, NEW.paid_fen,
        NEW.recovering_fen, NEW.written_off_fen) THEN
        RAISE EXCEPTION 'fund: pots move by entries alone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION fund_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.outside_fen, NEW.available_fen, NEW.committed_fen, NEW.paid_fen, NEW.recovering_fen, NEW.written_off_fen)
        IS DISTINCT FROM (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint) THEN
        RAISE EXCEPTION 'fund: a line starts with empty pots' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION duties_keep_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE earlier record;
BEGIN
    SELECT d.duty INTO earlier FROM case_duty AS d
    JOIN incompatible_duty AS c ON (c.one = d.duty AND c.other = NEW.duty) OR (c.one = NEW.duty AND c.other = d.duty)
    WHERE d.case_id = NEW.case_id AND d.account_id = NEW.account_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'case_duty: % and % may not meet in one person', earlier.duty, NEW.duty
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'incompatible_case_duty';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER entry_moves_pots AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS new_entries
    FOR EACH STATEMENT EXECUTE FUNCTION entry_moves_pots();
CREATE TRIGGER pots_follow_entries BEFORE UPDATE ON fund FOR EACH ROW EXECUTE FUNCTION pots_follow_entries();
CREATE TRIGGER fund_starts_empty BEFORE INSERT ON fund FOR EACH ROW EXECUTE FUNCTION fund_starts_empty();
CREATE TRIGGER duties_keep_apart AFTER INSERT ON case_duty FOR EACH ROW EXECUTE FUNCTION duties_keep_apart();
CREATE TRIGGER notify_outbox AFTER INSERT ON notification FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();
"""

INCOMPATIBLE = (
    ("approver_1", "approver_2"),
    ("approver_1", "approver_3"),
    ("approver_2", "approver_3"),
    *(
        (maker, f"approver_{tier}")
        for maker in ("registrar", "filer", "visitor", "verifier", "reviewer")
        for tier in (1, 2, 3)
    ),
    *((duty, "payer") for duty in ("registrar", "filer", "visitor", "verifier", "reviewer")),
    *((f"approver_{tier}", "payer") for tier in (1, 2, 3)),
    ("registrar", "reviewer"),
    ("filer", "reviewer"),
    ("visitor", "reviewer"),
    ("payer", "receipt_witness"),
    ("payer", "follower"),
)


def upgrade() -> None:
    op.execute("CREATE SEQUENCE case_no")
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    rows = ", ".join(f"('{one}', '{other}')" for one, other in INCOMPATIBLE)
    op.execute(f"INSERT INTO incompatible_duty (one, other) VALUES {rows}")  # noqa: S608 - our own constants
    for table in WRITTEN_ONCE:
        op.execute(
            f"CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
    for table, columns in MAY_CHANGE.items():
        names = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER only_may_change BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION only_may_change({names})"
        )
        op.execute(
            f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
    for table in (*WRITTEN_ONCE, *MAY_CHANGE):
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        )


def downgrade() -> None:
    for table in (*WRITTEN_ONCE, *MAY_CHANGE):
        op.execute(f"DROP TRIGGER never_truncated ON {table}")
    for table in MAY_CHANGE:
        op.execute(f"DROP TRIGGER only_may_change ON {table}")
        op.execute(f"DROP TRIGGER never_deleted ON {table}")
    for table in WRITTEN_ONCE:
        op.execute(f"DROP TRIGGER written_once ON {table}")
    op.execute("DELETE FROM incompatible_duty")
    for name, table in (
        ("notify_outbox", "notification"),
        ("duties_keep_apart", "case_duty"),
        ("fund_starts_empty", "fund"),
        ("pots_follow_entries", "fund"),
        ("entry_moves_pots", "ledger_entry"),
    ):
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP FUNCTION only_may_change()")
    op.execute("DROP FUNCTION written_once()")
    op.execute("DROP SEQUENCE case_no")
