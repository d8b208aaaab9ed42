"""A voucher or a bank's advice is used once for a fund line, by a payment or by what came back, and not once by each."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

FUNCTION = """
CREATE FUNCTION paper_used_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other text := CASE TG_TABLE_NAME WHEN 'payment' THEN 'bank_advice' ELSE 'payment' END;
    counts text := CASE TG_TABLE_NAME WHEN 'payment' THEN 'state <> ''rejected''' ELSE 'true' END;
    voucher_used boolean;
    advice_used boolean;
BEGIN
    -- Whoever uses a number of this line waits here for the one who is using another.
    PERFORM FROM fund WHERE id = NEW.fund_id FOR NO KEY UPDATE;
    EXECUTE format('SELECT coalesce(bool_or(voucher_year = $1 AND voucher = $2), false),'
        ' coalesce(bool_or(advice_no = $3), false) FROM %I WHERE fund_id = $4 AND %s'
        ' AND (voucher_year = $1 AND voucher = $2 OR advice_no = $3)', other, counts)
        INTO voucher_used, advice_used USING NEW.voucher_year, NEW.voucher, NEW.advice_no, NEW.fund_id;
    IF voucher_used AND TG_OP = 'INSERT' THEN
        RAISE EXCEPTION '%: the voucher is used by a %', TG_TABLE_NAME, other
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'voucher_used_once';
    END IF;
    IF advice_used THEN
        RAISE EXCEPTION '%: the advice proves a %', TG_TABLE_NAME, other
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'advice_used_once';
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(
        "CREATE TRIGGER paper_used_once BEFORE INSERT ON bank_advice FOR EACH ROW EXECUTE FUNCTION paper_used_once()"
    )
    op.execute(
        "CREATE TRIGGER paper_used_once BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION paper_used_once()"
    )
    # What an older payment says of its advice stays as it is.
    op.execute(
        "CREATE TRIGGER advice_used_once BEFORE UPDATE ON payment FOR EACH ROW"
        " WHEN (OLD.advice_no IS NULL AND NEW.advice_no IS NOT NULL) EXECUTE FUNCTION paper_used_once()"
    )


def downgrade() -> None:
    for trigger, table in (
        ("advice_used_once", "payment"),
        ("paper_used_once", "payment"),
        ("paper_used_once", "bank_advice"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("DROP FUNCTION paper_used_once()")
