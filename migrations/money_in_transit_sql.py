"""SQL of migration 0008: pots, legal moves, payments and their counters."""

POT_MOVES = (
    ("outside", "available"),
    ("available", "outside"),
    ("available", "committed"),
    ("committed", "available"),
    ("committed", "in_transit"),
    ("in_transit", "paid"),
    ("in_transit", "committed"),
    ("paid", "in_transit"),
    ("available", "paid"),
    ("paid", "recovering"),
    ("recovering", "available"),
    ("recovering", "written_off"),
)
PAYMENT_MOVES = (
    ("sent", "live"),
    ("sent", "failed"),
    ("live", "returning"),
    ("returning", "returned"),
    ("returning", "live"),
    ("live", "recalled"),
)
OLD_POTS = "'outside', 'available', 'committed', 'paid', 'recovering', 'written_off'"

LEGAL_MOVES = """
ALTER TABLE ledger_entry ADD CONSTRAINT fk_ledger_entry_source_pot_target_pot_pot_move
    FOREIGN KEY (source_pot, target_pot) REFERENCES pot_move (source_pot, target_pot) NOT VALID
"""
# NOT VALID: entries of before this migration went from committed straight to paid, and back. New ones are checked.


def _pot_functions(pots: tuple[str, ...], counters: tuple[str, ...]) -> str:
    """Return the functions that let pots follow entries, for these pots."""
    sets = ", ".join(f"{pot}_fen = {pot}_fen + moved.{pot}" for pot in pots)
    sums = ", ".join(
        f"sum(CASE target_pot WHEN '{pot}' THEN fen ELSE 0 END - CASE source_pot WHEN '{pot}' THEN fen ELSE 0 END) AS {pot}"
        for pot in pots
    )
    old, new = (
        ", ".join(f"{row}.{name}" for name in (*(f"{p}_fen" for p in pots), *counters)) for row in ("OLD", "NEW")
    )
    zeros = ", ".join("0::bigint" for _ in (*pots, *counters))
    return f"""
CREATE OR REPLACE FUNCTION entry_moves_pots() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One UPDATE for all entries of a statement: an UPDATE for each would write the fund row anew for every one of them.
    UPDATE fund SET {sets}
    FROM (SELECT fund_id, {sums} FROM new_entries GROUP BY fund_id) AS moved
    WHERE fund.id = moved.fund_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION pots_follow_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 AND ({old}) IS DISTINCT FROM ({new}) THEN
        RAISE EXCEPTION 'fund: pots move by entries alone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION fund_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ({new}) IS DISTINCT FROM ({zeros}) THEN
        RAISE EXCEPTION 'fund: a line starts with empty pots' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608 - names of our own columns


POT_FUNCTIONS = _pot_functions(
    ("outside", "available", "committed", "in_transit", "paid", "recovering", "written_off"),
    ("counted_in_transit_fen", "counted_paid_fen"),
)
OLD_POT_FUNCTIONS = """
CREATE OR REPLACE FUNCTION entry_moves_pots() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION pots_follow_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 AND (OLD.outside_fen, OLD.available_fen, OLD.committed_fen, OLD.paid_fen, OLD.recovering_fen,
        OLD.written_off_fen) IS DISTINCT FROM (NEW.outside_fen, NEW.available_fen, NEW.committed_fen, NEW.paid_fen,
        NEW.recovering_fen, NEW.written_off_fen) THEN
        RAISE EXCEPTION 'fund: pots move by entries alone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION fund_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.outside_fen, NEW.available_fen, NEW.committed_fen, NEW.paid_fen, NEW.recovering_fen, NEW.written_off_fen)
        IS DISTINCT FROM (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint) THEN
        RAISE EXCEPTION 'fund: a line starts with empty pots' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
"""The functions of migration 0002, to the letter: a downgrade restores them."""

PAYMENT_CHECKS = {
    "state": "state IN ('sent', 'live', 'failed', 'returning', 'returned', 'recalled')",
    "returned": "(state IN ('failed', 'returned')) = (returned_on IS NOT NULL)",
    "recalled": "(state = 'recalled') = (recalled_fen = fen) AND (recalled_on IS NULL) = (recalled_fen = 0)"
    " AND (state IN ('live', 'recalled') OR recalled_fen = 0)",
    "voucher_year": "voucher_year = extract(year from paid_on)",
    "advice": "(advice_no IS NULL) = (advised_on IS NULL) AND (advice_no IS NULL) = (confirmed_by IS NULL)"
    " AND (voucher_year IS NULL OR (state = 'sent') = (advice_no IS NULL)) AND advised_on >= paid_on",
    "two_people": "confirmed_by <> paid_by",
}
NEW_CHECKS = ("voucher_year", "advice", "two_people")
OLD_PAYMENT_CHECKS = {
    "state": "state IN ('live', 'returned', 'recalled')",
    "returned": "(state = 'returned') = (returned_on IS NOT NULL)",
    "recalled": "(state = 'recalled') = (recalled_fen = fen) AND (recalled_on IS NULL) = (recalled_fen = 0)"
    " AND (state <> 'returned' OR recalled_fen = 0)",
}
PAYMENT_GUARD = """
CREATE FUNCTION payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'sent' OR NEW.voucher_year IS NULL THEN
            RAISE EXCEPTION 'payment: a payment begins as sent, with the year of its voucher'
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payment_moves';
        END IF;
    ELSIF NEW.state <> OLD.state
        AND NOT EXISTS (SELECT FROM payment_move WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'payment: % does not become %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payment_moves';
    ELSIF OLD.state <> 'sent' AND (OLD.advice_no, OLD.advised_on, OLD.confirmed_by)
        IS DISTINCT FROM (NEW.advice_no, NEW.advised_on, NEW.confirmed_by) THEN
        RAISE EXCEPTION 'payment: the advice is set once'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'payment_moves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payment_moves BEFORE INSERT OR UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION payment_moves();
"""

ADVICE_CHECKS = {
    "kind": "kind IN ('return', 'recovery')",
    "state": "state IN ('stated', 'confirmed', 'rejected')",
    "amount": "fen > 0",
    "code": "(kind = 'return') = (code IS NOT NULL)",
    "decided": "(state = 'stated') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_on IS NULL)",
    "two_people": "decided_by <> stated_by",
}
ADVICE_KEYS = {
    "case_id": "case",
    "payment_id": "payment",
    "fund_id": "fund",
    "stated_by": "account",
    "decided_by": "account",
}
ADVICE_INDEXES = {
    "uq_bank_advice_one_stated": (("case_id",), "state = 'stated'"),
    "uq_bank_advice_number": (("fund_id", "advice_no"), "state <> 'rejected'"),
    "uq_bank_advice_voucher": (("fund_id", "voucher_year", "voucher"), "state <> 'rejected'"),
}
ADVICE_GUARD = """
CREATE FUNCTION advice_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'bank_advice: begins as stated and is decided once'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'advice_decided_once';
END $$;
CREATE TRIGGER advice_begins_stated BEFORE INSERT ON bank_advice FOR EACH ROW
    WHEN (NEW.state <> 'stated') EXECUTE FUNCTION advice_decided_once();
CREATE TRIGGER advice_decided_once BEFORE UPDATE ON bank_advice FOR EACH ROW
    WHEN (OLD.state <> 'stated') EXECUTE FUNCTION advice_decided_once();
"""

_OF_PAYMENT = """SELECT fund_id, CASE WHEN state IN ('sent', 'returning') THEN fen ELSE 0 END AS in_transit,
        CASE state WHEN 'live' THEN fen - recalled_fen ELSE 0 END AS paid FROM {}"""
_OF_GIFT = """SELECT fund_id, 0 AS in_transit, CASE WHEN voided_on IS NULL THEN fen ELSE 0 END AS paid FROM {}
        WHERE fund_id IS NOT NULL"""
_MINUS = "SELECT fund_id, -in_transit, -paid FROM ({}) AS before"

# Counted once at the upgrade; from then on by the triggers below.
COUNT_NOW = f"""
UPDATE fund SET counted_in_transit_fen = counted.in_transit, counted_paid_fen = counted.paid
FROM (SELECT fund_id, sum(in_transit) AS in_transit, sum(paid) AS paid
    FROM ({_OF_PAYMENT.format("payment")} UNION ALL {_OF_GIFT.format("gift")}) AS each GROUP BY fund_id) AS counted
WHERE fund.id = counted.fund_id
"""  # noqa: S608 - our own constants


def _counter(name: str, table: str, rows: str) -> str:
    """Return the two statement triggers that count the rows of a table: those added, and those changed."""
    added = rows.format("new_rows")
    changed = f"{added} UNION ALL {_MINUS.format(rows.format('old_rows'))}"
    functions = "".join(
        f"""
CREATE FUNCTION {name}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE fund SET counted_in_transit_fen = counted_in_transit_fen + counted.in_transit,
        counted_paid_fen = counted_paid_fen + counted.paid
    FROM (SELECT fund_id, sum(in_transit) AS in_transit, sum(paid) AS paid FROM ({select}) AS each
        GROUP BY fund_id) AS counted
    WHERE fund.id = counted.fund_id AND (counted.in_transit <> 0 OR counted.paid <> 0);
    RETURN NULL;
END $$;"""  # noqa: S608 - our own constants
        for event, select in (("added", added), ("changed", changed))
    )
    return f"""{functions}
CREATE TRIGGER {name}_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {name}_added();
CREATE TRIGGER {name}_changed AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {name}_changed();
"""


COUNTERS = f"""{_counter("payments_counted", "payment", _OF_PAYMENT)}{_counter("gifts_counted", "gift", _OF_GIFT)}
CREATE FUNCTION pots_equal_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM fund WHERE id = NEW.id
        AND (in_transit_fen <> counted_in_transit_fen OR paid_fen <> counted_paid_fen)) THEN
        RAISE EXCEPTION 'fund: the pots in transit and paid differ from the payments and gifts'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'pots_equal_payments';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER pots_equal_payments AFTER UPDATE ON fund DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.in_transit_fen <> NEW.counted_in_transit_fen OR NEW.paid_fen <> NEW.counted_paid_fen)
    EXECUTE FUNCTION pots_equal_payments();
"""  # noqa: S608 - our own constants
DROP_COUNTERS = """
DROP TRIGGER pots_equal_payments ON fund;
DROP FUNCTION pots_equal_payments();
DROP TRIGGER payments_counted_added ON payment;
DROP TRIGGER payments_counted_changed ON payment;
DROP TRIGGER gifts_counted_added ON gift;
DROP TRIGGER gifts_counted_changed ON gift;
DROP FUNCTION payments_counted_added();
DROP FUNCTION payments_counted_changed();
DROP FUNCTION gifts_counted_added();
DROP FUNCTION gifts_counted_changed();
"""
