"""What the section can be checked by: the policy sets cited, the fund pots, and a digest over the heads of all chains."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from service.queries.scope import below
from service.report.figure_definition import Scope, within
from service.tables.cases import case
from service.tables.funds import fund
from service.tables.payments import payment
from service.tables.policies import policy_set
from workflows.vocabulary import Pot

POTS = (Pot.AVAILABLE, Pot.COMMITTED, Pot.PAID, Pot.RECOVERING, Pot.WRITTEN_OFF)


@dataclass(frozen=True, slots=True)
class Cited:
    """A policy set that a case of the period rests on; `sample` ones are not anybody's rules."""

    title: str
    issuer: str
    document: str
    version: str
    sample: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """`pots` are fen as of the report; `digest` is over one line per case: number, version, head of its chain."""

    policies: tuple[Cited, ...]
    funds: int
    pots: dict[str, int]
    cases: int
    digest: str


def evidence(conn: sa.Connection, scope: Scope) -> Evidence:
    """Read all three in the transaction the figures are counted in."""
    heads = conn.execute(_heads(scope)).one()
    pots = conn.execute(_pots(scope)).one()
    cited = tuple(Cited(**row) for row in conn.execute(_cited(scope)).mappings())
    return Evidence(cited, pots.funds, {pot.value: getattr(pots, pot.value) for pot in POTS}, heads.cases, heads.digest)


def _cited(scope: Scope) -> sa.Select[Any]:
    """The sets of cases opened, paid or ended in the period."""
    here = below(case.c.unit_path, scope.unit_path)
    opened = sa.select(case.c.policy_set_id).where(here, within(case.c.opened_on, scope))
    ended = sa.select(case.c.policy_set_id).where(here, case.c.phase == "ended", within(case.c.entered_on, scope))
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
    """The lines of the unit and of those below it whose year the period touches."""
    sums = [sa.cast(sa.func.coalesce(sa.func.sum(fund.c[f"{pot}_fen"]), 0), sa.BigInteger()).label(pot) for pot in POTS]
    columns: list[sa.ColumnElement[Any]] = [sa.func.count().label("funds"), *sums]
    return sa.select(*columns).where(
        below(fund.c.unit_path, scope.unit_path), fund.c.year.between(scope.start.year, scope.end.year)
    )


def _heads(scope: Scope) -> sa.Select[Any]:
    """sha256 over `case_no version head_hash`, a line each in the order of case numbers, for cases opened by the end."""
    line = sa.func.concat_ws(" ", case.c.case_no, case.c.version, sa.func.encode(case.c.head_hash, "hex"))
    order = aggregate_order_by(sa.literal("\n"), sa.collate(case.c.case_no, "C"))
    lines = sa.func.coalesce(sa.func.string_agg(line, order), "")
    hashed = sa.func.encode(sa.func.sha256(sa.func.convert_to(lines, "UTF8")), "hex")
    return sa.select(sa.func.count().label("cases"), hashed.label("digest")).where(
        below(case.c.unit_path, scope.unit_path), case.c.opened_on <= scope.end
    )
