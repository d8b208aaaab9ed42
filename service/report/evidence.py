"""Evidence of a section: cited policy sets, fund pots, and a digest of hash chains."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.queries.scope import below
from service.report.figure_definition import Scope, within
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.ledger import ledger_entry
from service.tables.payments import payment
from service.tables.policies import policy_set
from workflows.vocabulary import Pot

POTS = (Pot.AVAILABLE, Pot.COMMITTED, Pot.IN_TRANSIT, Pot.PAID, Pot.RECOVERING, Pot.WRITTEN_OFF)


@dataclass(frozen=True, slots=True)
class CitedPolicySet:
    """A policy set cited by a case of the period; a `sample` set is nobody's rules."""

    title: str
    issuer: str
    document: str
    version: str
    sample: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a section.

    `pots` are fen on the last day of the period, of `funds` lines. `digest` covers one line per case: number, version, head of its hash chain.
    """

    policies: tuple[CitedPolicySet, ...]
    funds: int
    pots: dict[str, int]
    cases: int
    digest: str


def evidence(conn: sa.Connection, scope: Scope) -> Evidence:
    """Return the evidence, read in the transaction that counts the figures."""
    heads = conn.execute(_heads(scope)).one()
    pots = conn.execute(_pots(scope)).one()
    cited = tuple(CitedPolicySet(**row) for row in conn.execute(_cited(scope)).mappings())
    return Evidence(cited, pots.funds, {pot.value: getattr(pots, pot.value) for pot in POTS}, heads.cases, heads.digest)


def _cited(scope: Scope) -> sa.Select[Any]:
    """Select the policy sets of cases opened, paid or ended in the period."""
    in_unit = below(case.c.unit_path, scope.unit_path)
    opened = sa.select(case.c.policy_set_id).where(in_unit, within(case.c.opened_on, scope))
    ended = sa.select(case.c.policy_set_id).where(in_unit, case.c.phase == "ended", within(case.c.entered_on, scope))
    paid = (
        sa.select(case.c.policy_set_id)
        .join(payment, payment.c.case_id == case.c.id)
        .where(below(payment.c.unit_path, scope.unit_path), within(payment.c.paid_on, scope))
    )
    names = (policy_set.c[name] for name in ("title", "issuer", "document", "version", "sample"))
    return (
        sa.select(*names)
        .where(policy_set.c.id.in_(sa.union(opened, ended, paid)))
        .order_by(policy_set.c.document, policy_set.c.version, policy_set.c.title)
    )


def _pots(scope: Scope) -> sa.Select[Any]:
    """Sum the pots on the last day of the period, of the unit's lines and those below, for each year of the period."""
    lines = (
        sa.select(fund.c.id)
        .where(below(fund.c.unit_path, scope.unit_path), fund.c.year.between(scope.start.year, scope.end.year))
        .where(fund.c.opens_on <= scope.end)
        .cte("lines")
    )
    moved = sa.and_(ledger_entry.c.fund_id == lines.c.id, ledger_entry.c.on <= scope.end)
    columns: list[sa.ColumnElement[Any]] = [sa.func.count(sa.distinct(lines.c.id)).label("funds")]
    return sa.select(*columns, *(_balance(pot) for pot in POTS)).select_from(lines.outerjoin(ledger_entry, moved))


def _balance(pot: Pot) -> sa.ColumnElement[int]:
    """Sum what came into a pot less what left it."""
    came_in, left = ledger_entry.c.target_pot == pot.value, ledger_entry.c.source_pot == pot.value
    fen = sa.case((came_in, ledger_entry.c.fen), (left, -ledger_entry.c.fen), else_=0)
    return sa.cast(sa.func.coalesce(sa.func.sum(fen), 0), sa.BigInteger()).label(pot.value)


def _heads(scope: Scope) -> sa.Select[Any]:
    """Hash `case_no version head_hash`, one line per case in the order of case numbers, with SHA-256.

    Cases count that were opened by the end of the period.
    """
    line = sa.func.concat_ws(" ", case.c.case_no, case.c.version, sa.func.encode(case.c.head_hash, "hex"))
    order = aggregate_order_by(sa.literal("\n"), sa.collate(case.c.case_no, "C"))
    lines = sa.func.coalesce(sa.func.string_agg(line, order), "")
    hashed = sa.func.encode(sa.func.sha256(sa.func.convert_to(lines, "UTF8")), "hex")
    return sa.select(sa.func.count().label("cases"), hashed.label("digest")).where(
        below(case.c.unit_path, scope.unit_path), case.c.opened_on <= scope.end
    )
