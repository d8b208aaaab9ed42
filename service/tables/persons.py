"""Members of households, with every identifying value encrypted."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from service.db.columns import METADATA, Instant, check_in, foreign_key, primary_key, sealed
from workflows.code_lists import Relation

person = sa.Table(
    "person",
    METADATA,
    primary_key(),
    foreign_key("household", "household_id", index=True),
    sa.Column("relation", sa.Text(), nullable=False),
    sealed("name_sealed", optional=False),
    sa.Column("name_index", sa.LargeBinary(), nullable=False, index=True),
    sealed("id_no_sealed"),
    sa.Column("id_no_index", sa.LargeBinary(), index=True),
    sealed("phone_sealed"),
    sa.Column("phone_index", sa.LargeBinary(), index=True),
    # Of the day of birth in the identity number, and of the address: what persons of several files share.
    sa.Column("birth_index", sa.LargeBinary(), index=True),
    sa.Column("address_index", sa.LargeBinary(), index=True),
    # Of each part of the name, its pinyin and the tails of the numbers; empty until filled (docs/decisions/0036).
    sa.Column("search_index", pg.ARRAY(sa.LargeBinary())),
    sealed("email_sealed"),
    sealed("address_sealed"),
    sealed("workplace_sealed"),
    sa.Column("student_stage", sa.Text()),
    # The first row of a member who has come from another file.
    foreign_key("person", "first_person_id", optional=True, index=True),
    sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("created_at", Instant, nullable=False),
    check_in("relation", Relation),
    # Without a pending list a search costs the same after an import; an insert costs about 0.2 ms more.
    sa.Index("ix_person_search", "search_index", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    sa.Index("ix_person_search_missing", "id", postgresql_where=sa.text("search_index IS NULL")),
    sa.Index("uq_person_one_active_file", "id_no_index", unique=True, postgresql_where=sa.text("active")),
    sa.Index(
        "uq_person_one_head", "household_id", unique=True, postgresql_where=sa.text("active AND relation = 'head'")
    ),
    sa.CheckConstraint("(id_no_sealed IS NULL) = (id_no_index IS NULL)", name="id_no"),
    sa.CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name="phone"),
)
