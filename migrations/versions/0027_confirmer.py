"""The people a confirmation needs are rows of `confirmer`, formerly `confirmation_hand`."""

from alembic import op

from migrations.past_records import UNFOLD_AS_NAMED, UNFOLD_RENAMED

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

OLD, NEW = "confirmation_hand", "confirmer"
OLD_FUNCTION, NEW_FUNCTION = "hand_is_filled_once", "confirmer_signs_once"
CONSTRAINTS = (
    "ck_{}_another_person",
    "ck_{}_confirmed",
    "ck_{}_roles_or_person",
    "ck_{}_the_named_one",
    "fk_{}_account_id_account",
    "fk_{}_confirmation_id_proposed_by_confirmation",
    "fk_{}_confirmed_by_account",
    "pk_{}",
    "uq_{}_confirmation_id_confirmed_by",
    "uq_{}_confirmation_id_no",
)
FUNCTIONS = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.confirmed_by IS NOT NULL THEN
        RAISE EXCEPTION '{table}: confirmed already' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION confirmed_by_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {table} WHERE confirmation_id = NEW.id)
        OR EXISTS (SELECT FROM {table} WHERE confirmation_id = NEW.id AND confirmed_by IS NULL) THEN
        RAISE EXCEPTION 'confirmation: a person is missing'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'second_person_missing';
    END IF;
    RETURN NULL;
END $$;
"""


def _rename(table: str, new_table: str, function: str, new_function: str) -> None:
    op.rename_table(table, new_table)
    for name in CONSTRAINTS:
        op.execute(f"ALTER TABLE {new_table} RENAME CONSTRAINT {name.format(table)} TO {name.format(new_table)}")
    op.execute(f"ALTER INDEX ix_{table}_account_id RENAME TO ix_{new_table}_account_id")
    op.execute(f"ALTER FUNCTION {function}() RENAME TO {new_function}")
    op.execute(f"ALTER TRIGGER {function} ON {new_table} RENAME TO {new_function}")
    op.execute(FUNCTIONS.format(function=new_function, table=new_table))


def upgrade() -> None:
    _rename(OLD, NEW, OLD_FUNCTION, NEW_FUNCTION)
    op.execute(UNFOLD_RENAMED)


def downgrade() -> None:
    op.execute(UNFOLD_AS_NAMED)
    _rename(NEW, OLD, NEW_FUNCTION, OLD_FUNCTION)
