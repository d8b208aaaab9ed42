"""Asks the record after a walk what the attackers got, and whether the people were there whom the tables demand."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.accounts import role_grant, token
from service.tables.cases import approval, case, case_duty
from service.tables.confirmations import confirmation, confirmer
from service.tables.events import event
from service.tables.ledger import ledger_entry
from service.tables.payees import bank_account
from service.tables.payments import payment
from service.tables.policies import policy_set
from tests.collusion.acts import find_in_act
from tests.collusion.demanded import APART, STEPS, can_fill, demanded_people
from tests.collusion.evidence import find_in_evidence
from tests.collusion.snapshot import Snapshot
from workflows.policy import PolicySet
from workflows.policy_parser import read_policy
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Fen, Pot

LEAST = {"notice_days": 5, "min_visitors": 2}
"""The floors of a policy set (docs/domain/procedure.md §1.3, §1.5)."""

PAYMENT_PEOPLE = {key: demanded_people(programme, Pot.IN_TRANSIT) for key, programme in PROGRAMMES.items()}


@dataclass
class Record:
    """What was written during a walk, with the people of each write."""

    conn: sa.Connection
    before: Snapshot
    attackers: frozenset[UUID]
    friend: UUID
    card_index: bytes
    events: list[Any] = field(default_factory=list)
    facts: list[dict[str, Any]] = field(default_factory=list)
    roles: dict[UUID, dict[str, int]] = field(default_factory=dict)
    """The roles of each account with the highest tier, those granted during the walk too."""

    controlled: frozenset[UUID] = frozenset()
    policy: PolicySet | None = None
    """The rules of the walk; None once another set was loaded, which has tiers of its own."""

    founding_open: bool = False
    acts: dict[UUID, str] = field(default_factory=dict)
    confirmers: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    duties: dict[UUID, set[tuple[str, UUID]]] = field(default_factory=dict)


def read_record(
    conn: sa.Connection, before: Snapshot, attackers: tuple[UUID, ...], friend: UUID, card_index: bytes
) -> Record:
    """Read what was written since the morning of the walk."""
    record = Record(conn, before, frozenset(attackers), friend, card_index)
    rows = conn.execute(sa.select(event).where(event.c.no > before.last_event).order_by(event.c.no))
    record.events = list(rows)
    record.facts = [json.loads(row.body) for row in record.events]
    for row in conn.execute(sa.select(role_grant).where(role_grant.c.for_account_id.is_(None))):
        held = record.roles.setdefault(row.account_id, {})
        held[row.role] = max(row.tier, held.get(row.role, 0))
    sets = conn.execute(sa.select(policy_set.c.id, policy_set.c.source)).all()
    record.policy = read_policy(sets[0].source) if len(sets) == 1 else None
    record.controlled = record.attackers | _invited(record)
    open_founding = sa.and_(confirmation.c.act == "founding", confirmation.c.state == "proposed")
    record.founding_open = conn.scalar(sa.select(confirmation.c.id).where(open_founding)) is not None
    record.acts = {row.id: row.act for row in conn.execute(sa.select(confirmation.c.id, confirmation.c.act))}
    for row in conn.execute(sa.select(confirmer).where(confirmer.c.confirmed_by.is_not(None))):
        record.confirmers[row.confirmation_id] = record.confirmers.get(row.confirmation_id, frozenset()) | {
            row.confirmed_by
        }
    for row in conn.execute(sa.select(case_duty)):
        record.duties.setdefault(row.case_id, set()).add((row.duty, row.account_id))
    return record


def _invited(record: Record) -> frozenset[UUID]:
    """Return the accounts whose invitation was accepted during the walk; whether it was right is judged by itself."""
    return frozenset(row.subject_id for row in record.events if row.action == "accept_invitation")


def finds(record: Record) -> list[str]:
    """Return what the attackers got without the people whom the tables demand, one line each."""
    found = [
        *_of_keys(record),
        *_of_payments(record),
        *_of_money_back(record),
        *_of_notices(record),
        *_of_rules(record),
    ]
    for row, body in zip(record.events, record.facts, strict=True):
        if row.subject == "case":
            found += _of_step(record, row, body)
        else:
            found += find_in_act(record, row, body)
    return found


def _of_keys(record: Record) -> Iterator[str]:
    """Yield each new token of an account that is neither an attacker's nor was invited."""
    known = set(record.before.pools["token"])
    for row in record.conn.execute(sa.select(token.c.id, token.c.account_id)):
        if row.id not in known and row.account_id not in record.controlled:
            yield f"power: a token of {record.before.logins.get(row.account_id)}"


def _of_payments(record: Record) -> Iterator[str]:
    """Yield each payment that reached the friend, the attackers' card or a person (cash) without the people of the table."""
    query = (
        sa.select(payment, case.c.household_id, case.c.programme, bank_account.c.card_index)
        .add_columns(case.c.method.label("signed_method"), case.c.award_fen)
        .join(case, case.c.id == payment.c.case_id)
        .outerjoin(bank_account, bank_account.c.id == payment.c.bank_account_id)
        .where(payment.c.state.in_(("sent", "live", "returning")))
    )
    held: dict[object, set[str]] = {each: set(record.roles.get(each, {})) for each in record.controlled}
    for row in record.conn.execute(query):
        if row.id in record.before.payments:
            continue
        theirs = row.household_id == record.friend or bytes(row.card_index or b"") == record.card_index
        if (theirs or row.method == "cash") and not can_fill(PAYMENT_PEOPLE[row.programme], held):
            yield f"money: {row.fen} fen sent to {'X' if theirs else 'a person, in cash'}"
        if row.method != (row.signed_method or "bank"):
            yield f"money: paid by {row.method}, signed for {row.signed_method or 'bank'}"


def _of_money_back(record: Record) -> Iterator[str]:
    """Yield each release of money that had left the fund, by anybody but an approver who neither paid nor confirmed."""
    by_step = {(row.subject_id, row.seq): row for row in record.events}
    entries = sa.select(ledger_entry).where(
        ledger_entry.c.case_id.is_not(None), ledger_entry.c.source_pot == "committed"
    )
    paid = set(record.conn.scalars(sa.select(payment.c.case_id)))
    for row in record.conn.execute(entries.where(ledger_entry.c.target_pot == "available")):
        step = by_step.get((row.subject_id, row.seq))
        if step is None or row.case_id not in paid:
            continue
        payers = {who for duty, who in record.duties.get(row.case_id, ()) if duty in {"payer", "payment_confirmer"}}
        if "approver" not in record.roles.get(step.actor_id, {}) or step.actor_id in payers:
            yield f"money: {step.action} released what had been paid"


def _of_notices(record: Record) -> Iterator[str]:
    """Yield each notice that hung in the morning and ended before the end that it showed."""
    for row in record.events:
        shown = record.before.hanging.get(row.subject_id)
        if row.action == "end_notice" and shown is not None and row.on <= shown:
            yield f"rules: a notice that showed {shown} ended on {row.on}"


def _of_rules(record: Record) -> Iterator[str]:
    """Yield each new policy set below a floor, and each that takes effect before tomorrow without a reason."""
    for row, body in zip(record.events, record.facts, strict=True):
        if row.action != "load_policy":
            continue
        source = record.conn.scalars(sa.select(policy_set.c.source).where(policy_set.c.id == row.subject_id)).one()
        policy = read_policy(source)
        below = [name for name, least in LEAST.items() if getattr(policy, name) < least]
        if below and policy.below_floor_document is None:
            yield f"rules: a set with {', '.join(below)} below the floor"
        if policy.effective_from <= row.on and "urgent" not in body["facts"]:
            yield "rules: a set in force before tomorrow without a reason"


def _of_step(record: Record, row: Any, body: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the person of one step of a case, by the programme's table."""
    known = record.before.cases.get(row.subject_id)
    programme, household_id = _case(record, row.subject_id) if known is None else (known.programme, known.household_id)
    steps = [step for step in STEPS.get((programme, row.action), ()) if row.from_state in step.sources]
    if not steps or row.action == "end_notice":
        return
    held = record.roles.get(row.actor_id, {})
    if row.actor_id not in record.controlled:
        yield f"steps: {row.action} in the name of {record.before.logins.get(row.actor_id)}"
    if not {role.value for role in steps[0].roles} & set(held) and "principal" not in body:
        yield f"steps: {row.action} without its role"
    if known is not None and (household_id, row.actor_id) in record.before.kin:
        yield f"steps: {row.action} by a relative"
    if row.action == "approve":
        yield from _of_tier(record, row.subject_id)
    yield from find_in_evidence(record, row, household_id)
    yield from _of_duties(record, row)


def _of_duties(record: Record, row: Any) -> Iterator[str]:
    """Yield two duties that are apart, both done by the person of this step."""
    for duty, who in record.duties.get(row.subject_id, ()):
        for other, same in record.duties.get(row.subject_id, ()):
            if who == same == row.actor_id and duty < other and _are_apart(duty, other):
                yield f"steps: {duty} and {other} of one case by one person"


def _are_apart(duty: str, other: str) -> bool:
    return any({each.value for each in pair} == {duty, other} for pair in APART)


def _case(record: Record, case_id: UUID) -> tuple[str, UUID]:
    row = record.conn.execute(sa.select(case.c.programme, case.c.household_id).where(case.c.id == case_id)).one()
    return row.programme, row.household_id


def _of_tier(record: Record, case_id: UUID) -> Iterator[str]:
    """Yield an approval without the signatures of every tier that the sum needs."""
    row = record.conn.execute(sa.select(case.c.award_fen, case.c.item).where(case.c.id == case_id)).one()
    signed = record.conn.scalar(sa.select(sa.func.count()).where(approval.c.case_id == case_id)) or 0
    if record.policy is not None and row.award_fen and signed < record.policy.tier_for(Fen(row.award_fen), row.item):
        yield f"money: {row.award_fen} fen approved with {signed} signatures"
