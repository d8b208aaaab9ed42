"""Writes that need a second person wait as confirmations; an event of such a write names its confirmation."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SUBJECTS = ["case", "household", "person", "fund", "unit", "account", "visit", "gift", "donation", "activity", "policy"]
SECOND_PERSON = (
    ("fund", "receive", False),
    ("fund", "void_receipt", False),
    ("fund", "correct_receipt", False),
    ("fund", "open_line", False),
    ("fund", "open_to_unit", False),
    ("gift", "record_gift", True),
    ("gift", "void_gift", True),
    ("unit", "close_founding", False),
    ("account", "add_account", False),
    ("account", "invite", False),
    ("account", "grant_role", False),
    ("household", "end_kinship", False),
    ("policy", "load_policy", False),
    ("policy", "withdraw_policy", False),
    ("policy", "load_calendar", False),
    ("visit", "void_visit", False),
    ("donation", "void_donation", False),
    ("activity", "void_activity", False),
    ("household", "void_pairing", False),
)
MAY_CHANGE = {
    "confirmation": ("state", "ended_on", "ended_by", "reason"),
    "confirmation_hand": ("confirmed_by", "confirmed_at"),
}

FUNCTIONS = """
CREATE FUNCTION event_has_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM second_person_act AS a WHERE a.subject = NEW.subject AND a.action = NEW.action
            AND (NOT a.only_money OR coalesce(NEW.body::jsonb #> '{facts,entries}', '[]') <> '[]'))
        AND NOT EXISTS (SELECT FROM confirmation WHERE id = NEW.confirmation_id AND state = 'confirmed') THEN
        RAISE EXCEPTION 'event: % of % needs a second person', NEW.action, NEW.subject
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'second_person_missing';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION confirmation_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'proposed' THEN
        RAISE EXCEPTION 'confirmation: % is final', OLD.state USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION hand_is_filled_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.confirmed_by IS NOT NULL THEN
        RAISE EXCEPTION 'confirmation_hand: confirmed already' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION confirmed_by_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM confirmation_hand WHERE confirmation_id = NEW.id)
        OR EXISTS (SELECT FROM confirmation_hand WHERE confirmation_id = NEW.id AND confirmed_by IS NULL) THEN
        RAISE EXCEPTION 'confirmation: a person is missing'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'second_person_missing';
    END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER event_has_second_person BEFORE INSERT ON event FOR EACH ROW WHEN (NEW.subject <> 'case')
    EXECUTE FUNCTION event_has_second_person();
CREATE TRIGGER confirmation_ends_once BEFORE UPDATE ON confirmation FOR EACH ROW
    EXECUTE FUNCTION confirmation_ends_once();
CREATE TRIGGER hand_is_filled_once BEFORE UPDATE ON confirmation_hand FOR EACH ROW
    EXECUTE FUNCTION hand_is_filled_once();
CREATE CONSTRAINT TRIGGER confirmed_by_all AFTER INSERT OR UPDATE ON confirmation DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'confirmed') EXECUTE FUNCTION confirmed_by_all();
"""
OWN = (
    ("event_has_second_person", "event"),
    ("confirmation_ends_once", "confirmation"),
    ("hand_is_filled_once", "confirmation_hand"),
    ("confirmed_by_all", "confirmation"),
)


def upgrade() -> None:
    _create_confirmation()
    _create_hand()
    op.create_table(
        "second_person_act",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("only_money", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "action", name=op.f("pk_second_person_act")),
    )
    rows = ", ".join(f"('{subject}', '{action}', {only})" for subject, action, only in SECOND_PERSON)
    op.execute(f"INSERT INTO second_person_act (subject, action, only_money) VALUES {rows}")  # noqa: S608 - our own constants
    op.add_column("event", sa.Column("confirmation_id", sa.Uuid(), nullable=True))
    name = op.f("fk_event_confirmation_id_confirmation")
    op.create_foreign_key(name, "event", "confirmation", ["confirmation_id"], ["id"])
    _replace_subjects([*SUBJECTS, "confirmation"])
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    _guard()
    _let_policies_be_withdrawn()
    op.add_column("kinship", sa.Column("end_reason", sa.Text(), nullable=True))
    _create_invitation()


def _create_invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *_checks("invitation", hash="octet_length(hash) = 32", dates="created_at < expires_at"),
        *_references("invitation", account_id="account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("hash", name=op.f("uq_invitation_hash")),
    )
    op.create_index(op.f("ix_invitation_account_id"), "invitation", ["account_id"])


def _let_policies_be_withdrawn() -> None:
    op.add_column("policy_set", sa.Column("withdrawn_on", sa.Date(), nullable=True))
    op.add_column("policy_set", sa.Column("withdrawn_reason", sa.Text(), nullable=True))
    condition = "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL)"
    op.create_check_constraint(op.f("ck_policy_set_withdrawn"), "policy_set", condition)
    op.execute("DROP TRIGGER written_once ON policy_set")
    op.execute(
        "CREATE TRIGGER only_may_change BEFORE UPDATE ON policy_set"
        " FOR EACH ROW EXECUTE FUNCTION only_may_change('withdrawn_on', 'withdrawn_reason')"
    )
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON policy_set FOR EACH ROW EXECUTE FUNCTION written_once()")


def _guard() -> None:
    for table, columns in MAY_CHANGE.items():
        names = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"CREATE TRIGGER only_may_change BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION only_may_change({names})"
        )
        op.execute(
            f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION written_once()"
        )
    op.execute(
        "CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON second_person_act"
        " FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    for table in (*MAY_CHANGE, "second_person_act"):
        op.execute(
            f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION written_once()"
        )


def _create_confirmation() -> None:
    op.create_table(
        "confirmation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        *_checks(
            "confirmation",
            state="state IN ('proposed', 'confirmed', 'refused', 'withdrawn', 'lapsed')",
            digest="octet_length(digest) = 32",
            ended="(state = 'proposed') = (ended_on IS NULL)",
            reason="(state = 'refused') = (reason IS NOT NULL)",
        ),
        *_references("confirmation", proposed_by="account", ended_by="account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation")),
        sa.UniqueConstraint("id", "proposed_by", name=op.f("uq_confirmation_id_proposed_by")),
    )
    op.create_index(op.f("ix_confirmation_proposed_by"), "confirmation", ["proposed_by"])
    still_open = sa.text("state = 'proposed'")
    op.create_index("ix_confirmation_open", "confirmation", ["unit_path"], postgresql_where=still_open)
    op.create_index("uq_confirmation_once", "confirmation", ["act", "digest"], unique=True, postgresql_where=still_open)


def _create_hand() -> None:
    op.create_table(
        "confirmation_hand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("confirmation_id", sa.Uuid(), nullable=False),
        sa.Column("no", sa.SmallInteger(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        *_checks(
            "confirmation_hand",
            another_person="confirmed_by <> proposed_by",
            the_named_one="confirmed_by = account_id OR account_id IS NULL OR confirmed_by IS NULL",
            confirmed="(confirmed_by IS NULL) = (confirmed_at IS NULL)",
            roles_or_person="(account_id IS NULL) = (cardinality(roles) > 0)",
        ),
        *_references("confirmation_hand", account_id="account", confirmed_by="account"),
        sa.ForeignKeyConstraint(
            ["confirmation_id", "proposed_by"],
            ["confirmation.id", "confirmation.proposed_by"],
            name=op.f("fk_confirmation_hand_confirmation_id_proposed_by_confirmation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation_hand")),
        sa.UniqueConstraint("confirmation_id", "no", name=op.f("uq_confirmation_hand_confirmation_id_no")),
        sa.UniqueConstraint(
            "confirmation_id", "confirmed_by", name=op.f("uq_confirmation_hand_confirmation_id_confirmed_by")
        ),
    )
    op.create_index(op.f("ix_confirmation_hand_account_id"), "confirmation_hand", ["account_id"])


def _checks(table: str, **conditions: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(each, name=op.f(f"ck_{table}_{name}")) for name, each in conditions.items()]


def _references(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
        for column, target in targets.items()
    ]


def _replace_subjects(subjects: list[str]) -> None:
    op.drop_constraint(op.f("ck_event_subject"), "event", type_="check")
    listed = ", ".join(f"'{subject}'" for subject in subjects)
    op.create_check_constraint(op.f("ck_event_subject"), "event", f"subject IN ({listed})")


def downgrade() -> None:
    op.drop_table("invitation")
    op.drop_column("kinship", "end_reason")
    op.execute("DROP TRIGGER only_may_change ON policy_set")
    op.execute("DROP TRIGGER never_deleted ON policy_set")
    op.execute(
        "CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON policy_set FOR EACH ROW EXECUTE FUNCTION written_once()"
    )
    op.drop_column("policy_set", "withdrawn_reason")
    op.drop_column("policy_set", "withdrawn_on")
    for trigger, table in OWN:
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {trigger}()")
    _replace_subjects(SUBJECTS)
    op.drop_constraint(op.f("fk_event_confirmation_id_confirmation"), "event", type_="foreignkey")
    op.drop_column("event", "confirmation_id")
    for table in ("second_person_act", "confirmation_hand", "confirmation"):
        op.drop_table(table)
