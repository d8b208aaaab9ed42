"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "no > 0 AND events > 0 AND octet_length(root) = 32 AND octet_length(hash) = 32",
            name=op.f("ck_anchor_chain"),
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_anchor")),
        sa.UniqueConstraint("up_to", name=op.f("uq_anchor_up_to")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("on", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("seq > 0 AND octet_length(hash) = 32", name=op.f("ck_chain_head_chain")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_head")),
    )
    op.create_table(
        "incompatible_duty",
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_incompatible_duty")),
    )
    op.create_table(
        "job_run",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("job", "on", name=op.f("pk_job_run")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("division ~ '^[0-9]{0,12}$'", name=op.f("ck_unit_division")),
        sa.CheckConstraint(
            "kind IN ('national', 'province', 'city', 'county', 'industry', 'grass_roots')", name=op.f("ck_unit_kind")
        ),
        sa.CheckConstraint("path ~ '^/([0-9a-f]{32}/)+$'", name=op.f("ck_unit_path")),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("path", name=op.f("uq_unit_path")),
    )
    op.create_index(op.f("ix_unit_parent_id"), "unit", ["parent_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("id_no_index", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_account_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("id_no_index", name=op.f("uq_account_id_no_index")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )
    op.create_index(op.f("ix_account_unit_id"), "account", ["unit_id"], unique=False)
    op.create_table(
        "fund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("permitted_items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("available_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("committed_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recovering_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("written_off_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("outside_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('CEN', 'PRV', 'CTY', 'CNT', 'UPS', 'OWN', 'ADM', 'DON-S', 'DON-W', 'CIV', 'INT', 'OTH')",
            name=op.f("ck_fund_source"),
        ),
        sa.CheckConstraint(
            "available_fen + committed_fen + paid_fen + recovering_fen + written_off_fen + outside_fen = 0",
            name=op.f("ck_fund_no_fen_made_or_lost"),
        ),
        sa.CheckConstraint(
            "available_fen >= 0 AND committed_fen >= 0 AND paid_fen >= 0 AND recovering_fen >= 0 AND written_off_fen >= 0 AND outside_fen <= 0",
            name=op.f("ck_fund_no_pot_below_zero"),
        ),
        sa.CheckConstraint("opens_on <= expires_on", name=op.f("ck_fund_dates")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_fund_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("unit_id", "code", "year", name=op.f("uq_fund_unit_id_code_year")),
    )
    op.create_index(op.f("ix_fund_unit_id"), "fund", ["unit_id"], unique=False)
    op.create_index(op.f("ix_fund_unit_path"), "fund", ["unit_path"], unique=False)
    op.create_table(
        "household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("file_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("observed", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("event_kind", sa.Text(), nullable=True),
        sa.Column("idle_able_members", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("finances_as_of", sa.Date(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("story_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("aid_version", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("category IN ('deep', 'relative', 'sudden')", name=op.f("ck_household_category")),
        sa.CheckConstraint("kind IN ('worker', 'rural_paired')", name=op.f("ck_household_kind")),
        sa.CheckConstraint("exited_on IS NULL OR exited_on >= filed_on", name=op.f("ck_household_dates")),
        sa.CheckConstraint("idle_able_members >= 0", name=op.f("ck_household_idle")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_household_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("unit_id", "file_no", name=op.f("uq_household_unit_id_file_no")),
    )
    op.create_index(
        "ix_household_report",
        "household",
        ["unit_path"],
        unique=False,
        postgresql_include=["id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"],
    )
    op.create_index(op.f("ix_household_unit_id"), "household", ["unit_id"], unique=False)
    op.create_index(op.f("ix_household_unit_path"), "household", ["unit_path"], unique=False)
    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=True),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("account_code", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("account_code LIKE '501%%'", name=op.f("ck_activity_activity_money_only")),
        sa.CheckConstraint("fen >= 0 AND participants > 0", name=op.f("ck_activity_amount")),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_activity_recorded_by_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_activity_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_report", "activity", ["unit_path", "on"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("adults_signed", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("signed_on <= until_on AND adults_signed > 0", name=op.f("ck_consent_dates")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_consent_household_id_household")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_household_id"), "consent", ["household_id"], unique=False)
    op.create_table(
        "donation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("organiser", sa.Text(), nullable=False),
        sa.Column("donors", sa.Integer(), nullable=True),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("handed_to", sa.Text(), nullable=False),
        sa.Column("receipt_no", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('passed_on', 'received')", name=op.f("ck_donation_direction")),
        sa.CheckConstraint("fen > 0 AND donors > 0", name=op.f("ck_donation_amount")),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_donation_recorded_by_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_donation_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_donation")),
    )
    op.create_index("ix_donation_report", "donation", ["unit_path", "on"], unique=False)
    op.create_table(
        "event",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "subject IN ('case', 'household', 'person', 'fund', 'unit', 'account', 'visit', 'gift', 'donation', 'activity', 'policy')",
            name=op.f("ck_event_subject"),
        ),
        sa.CheckConstraint(
            "seq > 0 AND octet_length(prev) = 32 AND octet_length(hash) = 32", name=op.f("ck_event_chain")
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name=op.f("fk_event_actor_id_account")),
        sa.ForeignKeyConstraint(["principal_id"], ["account.id"], name=op.f("fk_event_principal_id_account")),
        sa.PrimaryKeyConstraint("subject_id", "seq", name=op.f("pk_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_event_hash")),
        sa.UniqueConstraint("no", name=op.f("uq_event_no")),
    )
    op.create_index(op.f("ix_event_actor_id"), "event", ["actor_id"], unique=False)
    op.create_index(op.f("ix_event_at"), "event", ["at"], unique=False)
    op.create_table(
        "fund_allocation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("with_below", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("ceiling_fen", sa.BigInteger(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ceiling_fen > 0", name=op.f("ck_fund_allocation_ceiling")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_fund_allocation_dates")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_allocation_fund_id_fund")),
        sa.ForeignKeyConstraint(["opened_by"], ["account.id"], name=op.f("fk_fund_allocation_opened_by_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_fund_allocation_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_allocation")),
    )
    op.create_index(op.f("ix_fund_allocation_fund_id"), "fund_allocation", ["fund_id"], unique=False)
    op.create_index(op.f("ix_fund_allocation_unit_path"), "fund_allocation", ["unit_path"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("grants", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_idempotency_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "imported_file",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_imported_file_by_id_account")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_imported_file")),
    )
    op.create_table(
        "kinship",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_kinship_account_id_account")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["account.id"], name=op.f("fk_kinship_confirmed_by_account")),
        sa.ForeignKeyConstraint(["declared_by"], ["account.id"], name=op.f("fk_kinship_declared_by_account")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_kinship_household_id_household")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kinship")),
    )
    op.create_index(op.f("ix_kinship_account_id"), "kinship", ["account_id"], unique=False)
    op.create_index(
        "uq_kinship_one_live",
        "kinship",
        ["household_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "pairing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("programme_name", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_pairing_household_id_household")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_pairing_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing")),
        sa.UniqueConstraint("household_id", "unit_id", "from_on", name=op.f("uq_pairing_household_id_unit_id_from_on")),
    )
    op.create_index(op.f("ix_pairing_household_id"), "pairing", ["household_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(), nullable=False),
        sa.Column("id_no_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id_no_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("workplace_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("student_stage", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "relation IN ('head', 'spouse', 'child', 'parent', 'other')", name=op.f("ck_person_relation")
        ),
        sa.CheckConstraint("(id_no_sealed IS NULL) = (id_no_index IS NULL)", name=op.f("ck_person_id_no")),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name=op.f("ck_person_phone")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_person_household_id_household")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_household_id"), "person", ["household_id"], unique=False)
    op.create_index(op.f("ix_person_id_no_index"), "person", ["id_no_index"], unique=False)
    op.create_index(op.f("ix_person_name_index"), "person", ["name_index"], unique=False)
    op.create_index(op.f("ix_person_phone_index"), "person", ["phone_index"], unique=False)
    op.create_index(
        "uq_person_one_active_file", "person", ["id_no_index"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_index(
        "uq_person_one_head",
        "person",
        ["household_id"],
        unique=True,
        postgresql_where=sa.text("active AND relation = 'head'"),
    )
    op.create_table(
        "policy_set",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("loaded_by", sa.Uuid(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("effective_to IS NULL OR effective_from <= effective_to", name=op.f("ck_policy_set_dates")),
        sa.ForeignKeyConstraint(["loaded_by"], ["account.id"], name=op.f("fk_policy_set_loaded_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_set")),
        sa.UniqueConstraint("key", "version", name=op.f("uq_policy_set_key_version")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("for_account_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(role = 'approver') = (tier > 0) AND tier <= 3", name=op.f("ck_role_grant_tier")),
        sa.CheckConstraint(
            "role IN ('registrar', 'visitor', 'verifier', 'reviewer', 'approver', 'cashier', 'clock', 'auditor', 'admin')",
            name=op.f("ck_role_grant_role"),
        ),
        sa.CheckConstraint(
            "for_account_id IS NULL OR for_account_id <> account_id", name=op.f("ck_role_grant_stand_in")
        ),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_role_grant_dates")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id_account")),
        sa.ForeignKeyConstraint(["for_account_id"], ["account.id"], name=op.f("fk_role_grant_for_account_id_account")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_role_grant_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint(
            "account_id",
            "unit_id",
            "role",
            "tier",
            "for_account_id",
            "from_on",
            name=op.f("uq_role_grant_account_id_unit_id_role_tier_for_account_id_from_on"),
        ),
    )
    op.create_index(op.f("ix_role_grant_account_id"), "role_grant", ["account_id"], unique=False)
    op.create_index(op.f("ix_role_grant_unit_id"), "role_grant", ["unit_id"], unique=False)
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("created_at < expires_at", name=op.f("ck_token_dates")),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_token_hash")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_token_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    op.create_index(op.f("ix_token_account_id"), "token", ["account_id"], unique=False)
    op.create_table(
        "bank_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("card_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("card_index", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_bank_account_household_id_household")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bank_account_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
    )
    op.create_index(op.f("ix_bank_account_card_index"), "bank_account", ["card_index"], unique=False)
    op.create_index(op.f("ix_bank_account_household_id"), "bank_account", ["household_id"], unique=False)
    op.create_index(
        "uq_bank_account_one_payee", "bank_account", ["household_id"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("programme", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("beneficiary_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requested_fen", sa.BigInteger(), nullable=False),
        sa.Column("award_fen", sa.BigInteger(), nullable=True),
        sa.Column("outstanding_fen", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("fund_id", sa.Uuid(), nullable=True),
        sa.Column("policy_set_id", sa.Uuid(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_is_provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("held_until", sa.Date(), nullable=True),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(phase = 'ended') = (due_on IS NULL)", name=op.f("ck_case_open_has_due_date")),
        sa.CheckConstraint(
            "phase IN ('survey', 'approval', 'disbursement', 'follow_up', 'ended')", name=op.f("ck_case_phase")
        ),
        sa.CheckConstraint("(award_fen IS NULL) = (fund_id IS NULL)", name=op.f("ck_case_award_has_fund")),
        sa.CheckConstraint(
            "requested_fen >= 0 AND award_fen > 0 AND outstanding_fen >= 0", name=op.f("ck_case_amounts")
        ),
        sa.CheckConstraint("version > 0 AND octet_length(head_hash) = 32", name=op.f("ck_case_chain")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["person.id"], name=op.f("fk_case_beneficiary_id_person")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_case_fund_id_fund")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_case_household_id_household")),
        sa.ForeignKeyConstraint(["policy_set_id"], ["policy_set.id"], name=op.f("fk_case_policy_set_id_policy_set")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_case_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("case_no", name=op.f("uq_case_case_no")),
    )
    op.create_index(op.f("ix_case_beneficiary_id"), "case", ["beneficiary_id"], unique=False)
    op.create_index("ix_case_count", "case", ["unit_path", "programme", "item", "phase", "state"], unique=False)
    op.create_index("ix_case_due", "case", ["due_on"], unique=False, postgresql_where=sa.text("phase <> 'ended'"))
    op.create_index(
        "ix_case_ended", "case", ["unit_path", "entered_on"], unique=False, postgresql_where=sa.text("phase = 'ended'")
    )
    op.create_index(op.f("ix_case_fund_id"), "case", ["fund_id"], unique=False)
    op.create_index(op.f("ix_case_household_id"), "case", ["household_id"], unique=False)
    op.create_index("ix_case_list", "case", ["unit_path", "opened_on", "id"], unique=False)
    op.create_index("ix_case_newest", "case", ["opened_on", "id"], unique=False)
    op.create_index("ix_case_state", "case", ["state", "opened_on", "id"], unique=False)
    op.create_index(op.f("ix_case_unit_id"), "case", ["unit_id"], unique=False)
    op.create_index(
        "uq_case_one_grant_per_school_year",
        "case",
        ["beneficiary_id", sa.literal_column("(answers ->> 'school_year')")],
        unique=True,
        postgresql_where=sa.text("outstanding_fen > 0 AND (answers ->> 'school_year') IS NOT NULL"),
    )
    op.create_table(
        "finance_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("reimbursed_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("side = 'spending' OR reimbursed_fen = 0", name=op.f("ck_finance_line_reimbursed")),
        sa.CheckConstraint("side IN ('income', 'spending', 'asset')", name=op.f("ck_finance_line_side")),
        sa.CheckConstraint(
            "fen >= 0 AND reimbursed_fen >= 0 AND reimbursed_fen <= fen", name=op.f("ck_finance_line_amount")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_finance_line_household_id_household")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_finance_line_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_line")),
    )
    op.create_index(op.f("ix_finance_line_household_id"), "finance_line", ["household_id"], unique=False)
    op.create_table(
        "sealed_remark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id", "seq"], ["event.subject_id", "event.seq"], name=op.f("fk_sealed_remark_subject_id_seq_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_remark")),
        sa.UniqueConstraint("subject_id", "seq", "field", name=op.f("uq_sealed_remark_subject_id_seq_field")),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("award_fen", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=True),
        sa.Column("voided_seq", sa.Integer(), nullable=True),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("ck_approval_tier")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_approval_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_approval_case_id_case")),
        sa.ForeignKeyConstraint(["principal_id"], ["account.id"], name=op.f("fk_approval_principal_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_approval_case_id_seq")),
    )
    op.create_index(op.f("ix_approval_case_id"), "approval", ["case_id"], unique=False)
    op.create_index(
        "uq_approval_one_live",
        "approval",
        ["case_id", "tier"],
        unique=True,
        postgresql_where=sa.text("voided_seq IS NULL"),
    )
    op.create_table(
        "case_duty",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "duty IN ('registrar', 'filer', 'visitor', 'verifier', 'reviewer', 'approver', 'approver_1', 'approver_2', 'approver_3', 'payer', 'receipt_witness', 'follower')",
            name=op.f("ck_case_duty_duty"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_case_duty_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_duty_case_id_case")),
        sa.PrimaryKeyConstraint("case_id", "duty", "account_id", name=op.f("pk_case_duty")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("source_pot", sa.Text(), nullable=False),
        sa.Column("target_pot", sa.Text(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source_pot IN ('outside', 'available', 'committed', 'paid', 'recovering', 'written_off')",
            name=op.f("ck_ledger_entry_source_pot"),
        ),
        sa.CheckConstraint(
            "target_pot IN ('outside', 'available', 'committed', 'paid', 'recovering', 'written_off')",
            name=op.f("ck_ledger_entry_target_pot"),
        ),
        sa.CheckConstraint("fen > 0 AND source_pot <> target_pot", name=op.f("ck_ledger_entry_amount")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_ledger_entry_case_id_case")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_ledger_entry_fund_id_fund")),
        sa.ForeignKeyConstraint(
            ["subject_id", "seq"], ["event.subject_id", "event.seq"], name=op.f("fk_ledger_entry_subject_id_seq_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "subject_id",
            "seq",
            "source_pot",
            "target_pot",
            name=op.f("uq_ledger_entry_subject_id_seq_source_pot_target_pot"),
        ),
    )
    op.create_index(op.f("ix_ledger_entry_case_id"), "ledger_entry", ["case_id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_fund_id"), "ledger_entry", ["fund_id"], unique=False)
    op.create_index(
        "ix_ledger_entry_recovering",
        "ledger_entry",
        ["on"],
        unique=False,
        postgresql_where=sa.text("source_pot = 'recovering'"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("places", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("shown_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("shown_hash", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("ends_on > posted_on", name=op.f("ck_notice_dates")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notice_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_notice_case_id_seq")),
    )
    op.create_index(op.f("ix_notice_case_id"), "notice", ["case_id"], unique=False)
    op.create_index(
        "uq_notice_one_up", "notice", ["case_id"], unique=True, postgresql_where=sa.text("ended_on IS NULL")
    )
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="created", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_notification_delivered")
        ),
        sa.CheckConstraint("channel IN ('inbox', 'email')", name=op.f("ck_notification_channel")),
        sa.CheckConstraint(
            "state IN ('created', 'sending', 'delivered', 'temporary_failure', 'permanent_failure', 'technical_failure')",
            name=op.f("ck_notification_state"),
        ),
        sa.CheckConstraint("(account_id IS NULL) <> (person_id IS NULL)", name=op.f("ck_notification_one_reader")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notification_account_id_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_notification_case_id_case")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_person_id_person")),
        sa.ForeignKeyConstraint(
            ["subject_id", "seq"], ["event.subject_id", "event.seq"], name=op.f("fk_notification_subject_id_seq_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint(
            "subject_id",
            "seq",
            "kind",
            "channel",
            "account_id",
            "person_id",
            name=op.f("uq_notification_subject_id_seq_kind_channel_account_id_person_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_notification_account_id"), "notification", ["account_id"], unique=False)
    op.create_index(op.f("ix_notification_case_id"), "notification", ["case_id"], unique=False)
    op.create_index(
        "ix_notification_due",
        "notification",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("state IN ('created', 'sending', 'temporary_failure')"),
    )
    op.create_index(
        "ix_notification_inbox",
        "notification",
        ["account_id", "id"],
        unique=False,
        postgresql_where=sa.text("channel = 'inbox' AND state = 'delivered'"),
    )
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("channel = 'inbox' AND state = 'delivered' AND read_at IS NULL"),
    )
    op.create_table(
        "paper",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("seen_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_paper_case_id_case")),
        sa.ForeignKeyConstraint(["seen_by"], ["account.id"], name=op.f("fk_paper_seen_by_account")),
        sa.PrimaryKeyConstraint("case_id", "kind", name=op.f("pk_paper")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=True),
        sa.Column("cash_reason", sa.Text(), nullable=True),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("paid_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("returned_code", sa.Text(), nullable=True),
        sa.Column("recalled_on", sa.Date(), nullable=True),
        sa.Column("receipt_on", sa.Date(), nullable=True),
        sa.Column("receipt_evidence", sa.Text(), nullable=True),
        sa.CheckConstraint("(method = 'cash') = (cash_reason IS NOT NULL)", name=op.f("ck_payment_cash")),
        sa.CheckConstraint("(state = 'recalled') = (recalled_on IS NOT NULL)", name=op.f("ck_payment_recalled")),
        sa.CheckConstraint("(state = 'returned') = (returned_on IS NOT NULL)", name=op.f("ck_payment_returned")),
        sa.CheckConstraint("method = 'cash' OR bank_account_id IS NOT NULL", name=op.f("ck_payment_account")),
        sa.CheckConstraint("method IN ('bank', 'cash')", name=op.f("ck_payment_method")),
        sa.CheckConstraint("state IN ('live', 'returned', 'recalled')", name=op.f("ck_payment_state")),
        sa.CheckConstraint("fen > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["bank_account.id"], name=op.f("fk_payment_bank_account_id_bank_account")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_payment_case_id_case")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_payment_fund_id_fund")),
        sa.ForeignKeyConstraint(["paid_by"], ["account.id"], name=op.f("fk_payment_paid_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index(
        "ix_payment_back", "payment", ["unit_path"], unique=False, postgresql_where=sa.text("state <> 'live'")
    )
    op.create_index(op.f("ix_payment_case_id"), "payment", ["case_id"], unique=False)
    op.create_index("ix_payment_report", "payment", ["unit_path", "paid_on"], unique=False)
    op.create_index(
        "uq_payment_one_live", "payment", ["case_id"], unique=True, postgresql_where=sa.text("state = 'live'")
    )
    op.create_table(
        "verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("request_no", sa.Text(), nullable=False),
        sa.Column("replied_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("explained", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IN ('clear', 'hits')", name=op.f("ck_verification_outcome")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_verification_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_verification_case_id_seq")),
    )
    op.create_index(op.f("ix_verification_case_id"), "verification", ["case_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("with_employer", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("companions", sa.SmallInteger(), nullable=True),
        sa.Column("relation_of_deceased", sa.Text(), nullable=True),
        sa.Column("story_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'bereavement') = (relation_of_deceased IS NOT NULL)", name=op.f("ck_visit_bereavement")
        ),
        sa.CheckConstraint("(kind IN ('survey', 'follow_up')) = (case_id IS NOT NULL)", name=op.f("ck_visit_case")),
        sa.CheckConstraint(
            "kind IN ('survey', 'follow_up', 'festival', 'hardship', 'bereavement', 'pairing', 'retired')",
            name=op.f("ck_visit_kind"),
        ),
        sa.CheckConstraint("seq IS NULL OR case_id IS NOT NULL", name=op.f("ck_visit_seq")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_visit_case_id_case")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_visit_household_id_household")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_visit_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_case_id"), "visit", ["case_id"], unique=False)
    op.create_index(op.f("ix_visit_household_id"), "visit", ["household_id"], unique=False)
    op.create_index("ix_visit_report", "visit", ["unit_path", "on"], unique=False)
    op.create_table(
        "gift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=True),
        sa.Column("fund_id", sa.Uuid(), nullable=True),
        sa.Column("goods", sa.Text(), nullable=True),
        sa.Column("goods_unit", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("account_code", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("handed_by", sa.Uuid(), nullable=False),
        sa.Column("signed_by_family", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("item IN ('EDU', 'HOU', 'LIV', 'SWN', 'CON', 'KIND')", name=op.f("ck_gift_item")),
        sa.CheckConstraint("(fen IS NULL) = (fund_id IS NULL)", name=op.f("ck_gift_money_has_fund")),
        sa.CheckConstraint("(goods IS NULL) <> (fen IS NULL)", name=op.f("ck_gift_goods_or_money")),
        sa.CheckConstraint("(goods IS NULL) = (goods_unit IS NULL)", name=op.f("ck_gift_goods")),
        sa.CheckConstraint(
            "fen IS NULL OR (fen > 0 AND approved_by IS NOT NULL AND approved_by <> handed_by)",
            name=op.f("ck_gift_hands"),
        ),
        sa.CheckConstraint("goods IS NOT NULL OR quantity IS NULL", name=op.f("ck_gift_quantity_of_goods")),
        sa.CheckConstraint("quantity IS NULL OR quantity > 0", name=op.f("ck_gift_quantity")),
        sa.ForeignKeyConstraint(["approved_by"], ["account.id"], name=op.f("fk_gift_approved_by_account")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_gift_fund_id_fund")),
        sa.ForeignKeyConstraint(["handed_by"], ["account.id"], name=op.f("fk_gift_handed_by_account")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_gift_household_id_household")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_gift_unit_id_unit")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_gift_visit_id_visit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift")),
    )
    op.create_index(op.f("ix_gift_fund_id"), "gift", ["fund_id"], unique=False)
    op.create_index(op.f("ix_gift_household_id"), "gift", ["household_id"], unique=False)
    op.create_index("ix_gift_report", "gift", ["unit_path", "on"], unique=False)
    op.create_index(op.f("ix_gift_visit_id"), "gift", ["visit_id"], unique=False)
    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.CheckConstraint("outcome IN ('cleared', 'upheld')", name=op.f("ck_objection_outcome")),
        sa.CheckConstraint("(outcome IS NULL) = (answered_on IS NULL)", name=op.f("ck_objection_answer")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_objection_case_id_case")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_objection_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index(op.f("ix_objection_case_id"), "objection", ["case_id"], unique=False)
    op.create_index(op.f("ix_objection_notice_id"), "objection", ["notice_id"], unique=False)
    op.create_table(
        "visit_visitor",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_visit_visitor_account_id_account")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_visitor_visit_id_visit")),
        sa.PrimaryKeyConstraint("visit_id", "account_id", name=op.f("pk_visit_visitor")),
    )
    op.create_index(op.f("ix_visit_visitor_account_id"), "visit_visitor", ["account_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_visit_visitor_account_id"), table_name="visit_visitor")
    op.drop_table("visit_visitor")
    op.drop_index(op.f("ix_objection_notice_id"), table_name="objection")
    op.drop_index(op.f("ix_objection_case_id"), table_name="objection")
    op.drop_table("objection")
    op.drop_index(op.f("ix_gift_visit_id"), table_name="gift")
    op.drop_index("ix_gift_report", table_name="gift")
    op.drop_index(op.f("ix_gift_household_id"), table_name="gift")
    op.drop_index(op.f("ix_gift_fund_id"), table_name="gift")
    op.drop_table("gift")
    op.drop_index("ix_visit_report", table_name="visit")
    op.drop_index(op.f("ix_visit_household_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_case_id"), table_name="visit")
    op.drop_table("visit")
    op.drop_index(op.f("ix_verification_case_id"), table_name="verification")
    op.drop_table("verification")
    op.drop_index("uq_payment_one_live", table_name="payment", postgresql_where=sa.text("state = 'live'"))
    op.drop_index("ix_payment_report", table_name="payment")
    op.drop_index(op.f("ix_payment_case_id"), table_name="payment")
    op.drop_index("ix_payment_back", table_name="payment", postgresql_where=sa.text("state <> 'live'"))
    op.drop_table("payment")
    op.drop_table("paper")
    op.drop_index(
        "ix_notification_unread",
        table_name="notification",
        postgresql_where=sa.text("channel = 'inbox' AND state = 'delivered' AND read_at IS NULL"),
    )
    op.drop_index(
        "ix_notification_inbox",
        table_name="notification",
        postgresql_where=sa.text("channel = 'inbox' AND state = 'delivered'"),
    )
    op.drop_index(
        "ix_notification_due",
        table_name="notification",
        postgresql_where=sa.text("state IN ('created', 'sending', 'temporary_failure')"),
    )
    op.drop_index(op.f("ix_notification_case_id"), table_name="notification")
    op.drop_index(op.f("ix_notification_account_id"), table_name="notification")
    op.drop_table("notification")
    op.drop_index("uq_notice_one_up", table_name="notice", postgresql_where=sa.text("ended_on IS NULL"))
    op.drop_index(op.f("ix_notice_case_id"), table_name="notice")
    op.drop_table("notice")
    op.drop_index(
        "ix_ledger_entry_recovering", table_name="ledger_entry", postgresql_where=sa.text("source_pot = 'recovering'")
    )
    op.drop_index(op.f("ix_ledger_entry_fund_id"), table_name="ledger_entry")
    op.drop_index(op.f("ix_ledger_entry_case_id"), table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("case_duty")
    op.drop_index("uq_approval_one_live", table_name="approval", postgresql_where=sa.text("voided_seq IS NULL"))
    op.drop_index(op.f("ix_approval_case_id"), table_name="approval")
    op.drop_table("approval")
    op.drop_table("sealed_remark")
    op.drop_index(op.f("ix_finance_line_household_id"), table_name="finance_line")
    op.drop_table("finance_line")
    op.drop_index(
        "uq_case_one_grant_per_school_year",
        table_name="case",
        postgresql_where=sa.text("outstanding_fen > 0 AND (answers ->> 'school_year') IS NOT NULL"),
    )
    op.drop_index(op.f("ix_case_unit_id"), table_name="case")
    op.drop_index("ix_case_state", table_name="case")
    op.drop_index("ix_case_newest", table_name="case")
    op.drop_index("ix_case_list", table_name="case")
    op.drop_index(op.f("ix_case_household_id"), table_name="case")
    op.drop_index(op.f("ix_case_fund_id"), table_name="case")
    op.drop_index("ix_case_ended", table_name="case", postgresql_where=sa.text("phase = 'ended'"))
    op.drop_index("ix_case_due", table_name="case", postgresql_where=sa.text("phase <> 'ended'"))
    op.drop_index("ix_case_count", table_name="case")
    op.drop_index(op.f("ix_case_beneficiary_id"), table_name="case")
    op.drop_table("case")
    op.drop_index("uq_bank_account_one_payee", table_name="bank_account", postgresql_where=sa.text("active"))
    op.drop_index(op.f("ix_bank_account_household_id"), table_name="bank_account")
    op.drop_index(op.f("ix_bank_account_card_index"), table_name="bank_account")
    op.drop_table("bank_account")
    op.drop_index(op.f("ix_token_account_id"), table_name="token")
    op.drop_table("token")
    op.drop_index(op.f("ix_role_grant_unit_id"), table_name="role_grant")
    op.drop_index(op.f("ix_role_grant_account_id"), table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_table("policy_set")
    op.drop_index("uq_person_one_head", table_name="person", postgresql_where=sa.text("active AND relation = 'head'"))
    op.drop_index("uq_person_one_active_file", table_name="person", postgresql_where=sa.text("active"))
    op.drop_index(op.f("ix_person_phone_index"), table_name="person")
    op.drop_index(op.f("ix_person_name_index"), table_name="person")
    op.drop_index(op.f("ix_person_id_no_index"), table_name="person")
    op.drop_index(op.f("ix_person_household_id"), table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_pairing_household_id"), table_name="pairing")
    op.drop_table("pairing")
    op.drop_index("uq_kinship_one_live", table_name="kinship", postgresql_where=sa.text("ended_on IS NULL"))
    op.drop_index(op.f("ix_kinship_account_id"), table_name="kinship")
    op.drop_table("kinship")
    op.drop_table("imported_file")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_index(op.f("ix_fund_allocation_unit_path"), table_name="fund_allocation")
    op.drop_index(op.f("ix_fund_allocation_fund_id"), table_name="fund_allocation")
    op.drop_table("fund_allocation")
    op.drop_index(op.f("ix_event_at"), table_name="event")
    op.drop_index(op.f("ix_event_actor_id"), table_name="event")
    op.drop_table("event")
    op.drop_index("ix_donation_report", table_name="donation")
    op.drop_table("donation")
    op.drop_index(op.f("ix_consent_household_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index("ix_activity_report", table_name="activity")
    op.drop_table("activity")
    op.drop_index(op.f("ix_household_unit_path"), table_name="household")
    op.drop_index(op.f("ix_household_unit_id"), table_name="household")
    op.drop_index(
        "ix_household_report",
        table_name="household",
        postgresql_include=["id", "unit_id", "file_no", "kind", "category", "filed_on", "exited_on"],
    )
    op.drop_table("household")
    op.drop_index(op.f("ix_fund_unit_path"), table_name="fund")
    op.drop_index(op.f("ix_fund_unit_id"), table_name="fund")
    op.drop_table("fund")
    op.drop_index(op.f("ix_account_unit_id"), table_name="account")
    op.drop_table("account")
    op.drop_index(op.f("ix_unit_parent_id"), table_name="unit")
    op.drop_table("unit")
    op.drop_table("job_run")
    op.drop_table("incompatible_duty")
    op.drop_table("chain_head")
    op.drop_table("calendar_year")
    op.drop_table("calendar_day")
    op.drop_table("anchor")
