"""Who works here: the union tree, accounts, dated role grants, bearer tokens."""

import sqlalchemy as sa

from service.db import METADATA, Instant, Path, key, one_of, to
from workflows.code_lists import UnitKind
from workflows.terms import Role

unit = sa.Table(
    "unit",
    METADATA,
    key(),
    to("unit", "parent_id", optional=True, index=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("division", sa.Text(), nullable=False),
    sa.Column("path", Path, nullable=False, unique=True),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    one_of("kind", UnitKind),
    sa.CheckConstraint("path ~ '^/([0-9a-f]{32}/)+$'", name="path"),
    sa.CheckConstraint("division ~ '^[0-9]{0,12}$'", name="division"),
)

account = sa.Table(
    "account",
    METADATA,
    key(),
    to("unit", "unit_id", index=True),
    sa.Column("login", sa.Text(), nullable=False, unique=True),
    sa.Column("display_name", sa.Text(), nullable=False),
    sa.Column("email", sa.Text()),
    sa.Column("id_no_index", sa.LargeBinary(), unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("disabled_at", Instant),
)

role_grant = sa.Table(
    "role_grant",
    METADATA,
    key(),
    to("account", "account_id", index=True),
    to("unit", "unit_id", index=True),
    sa.Column("role", sa.Text(), nullable=False),
    sa.Column("tier", sa.SmallInteger(), nullable=False, server_default="0"),
    to("account", "for_account_id", optional=True),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=False),
    sa.Column("revoked_on", sa.Date()),
    one_of("role", Role),
    sa.CheckConstraint("from_on <= until_on", name="dates"),
    sa.CheckConstraint("(role = 'approver') = (tier > 0) AND tier <= 3", name="tier"),
    sa.CheckConstraint("for_account_id IS NULL OR for_account_id <> account_id", name="stand_in"),
    sa.UniqueConstraint("account_id", "unit_id", "role", "tier", "for_account_id", "from_on"),
)

token = sa.Table(
    "token",
    METADATA,
    key(),
    to("account", "account_id", index=True),
    sa.Column("hash", sa.LargeBinary(), nullable=False, unique=True),
    sa.Column("label", sa.Text(), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.CheckConstraint("octet_length(hash) = 32", name="hash"),
    sa.CheckConstraint("created_at < expires_at", name="dates"),
)
