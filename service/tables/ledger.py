"""Ledger entries: money moved between two pots of a fund line; only the moves of `pot_move` exist."""

import sqlalchemy as sa

from service.db.columns import METADATA, Instant, foreign_key, money, primary_key

pot_move = sa.Table(
    "pot_move",
    METADATA,
    sa.Column("source_pot", sa.Text(), primary_key=True),
    sa.Column("target_pot", sa.Text(), primary_key=True),
)

ledger_entry = sa.Table(
    "ledger_entry",
    METADATA,
    primary_key(),
    foreign_key("fund", "fund_id"),
    sa.Column("subject_id", sa.Uuid(), nullable=False),
    sa.Column("seq", sa.Integer(), nullable=False),
    foreign_key("case", "case_id", optional=True, index=True),
    sa.Column("source_pot", sa.Text(), nullable=False),
    sa.Column("target_pot", sa.Text(), nullable=False),
    money("fen"),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("fen > 0 AND source_pot <> target_pot", name="amount"),
    sa.ForeignKeyConstraint(["subject_id", "seq"], ["event.subject_id", "event.seq"]),
    # NOT VALID: entries of before the pot `in_transit` made moves that no entry makes any more.
    sa.ForeignKeyConstraint(
        ["source_pot", "target_pot"], ["pot_move.source_pot", "pot_move.target_pot"], postgresql_not_valid=True
    ),
    sa.UniqueConstraint("subject_id", "seq", "source_pot", "target_pot"),
    sa.Index("ix_ledger_entry_journal", "fund_id", "id"),
    sa.Index(
        "ix_ledger_entry_recovering",
        "on",
        postgresql_where=sa.text("source_pot = 'recovering' OR target_pot = 'recovering'"),
    ),
)
