"""Writes that need a second person: proposed, confirmed by others, refused, withdrawn, lapsed (docs/decisions/0032)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.confirmation_notices import DUE, ENDED, notices
from service.actions.context import ActionContext, Second
from service.actions.errors import NotFound
from service.actions.proofs import refuse_unproved
from service.actions.proposals.content import from_plain, to_plain
from service.actions.proposals.registry import WRITES
from service.actions.proposals.write import Confirmer, Made, ProposedWrite
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field, fingerprint
from service.db.columns import new_id
from service.queries import accounts
from service.queries import confirmations as read
from service.queries.scope import Caller
from service.tables.confirmations import confirmation, confirmer
from workflows.canonical_json import canonical_json
from workflows.powers import POWERS
from workflows.vocabulary import Plain, Reason, Refused

FOUNDING = "founding"
Result = TypeVar("Result")
Writes = Mapping[str, ProposedWrite]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A write that waits: its id, the digest that its confirmer repeats, and the last day to confirm it."""

    id: UUID
    digest: str
    until_on: date


def propose(conn: sa.Connection, act: str, content: Any, context: ActionContext, writes: Writes = WRITES) -> Proposal:
    """Propose a write: it is tried, taken back, and kept until the people it needs have confirmed it.

    Raises what the write raises, and Refused (founding_open, proposed_already, nobody_can_confirm).
    """
    write = writes[act]
    try_write(conn, context, lambda trial: write.run(conn, content, trial))
    return keep(conn, act, content, context, writes)


def try_write(conn: sa.Connection, context: ActionContext, run: Callable[[ActionContext], Result]) -> Result:
    """Do a write and take it back, so that what is wrong with it is said to its proposer; return what it returned."""
    savepoint = conn.begin_nested()
    try:
        trial_id, caller = new_id(), context.caller.account
        ended = {"state": "confirmed", "ended_on": context.today, "ended_by": caller, "until_on": context.today}
        columns = {"act": "trial", "unit_path": "/", "content_sealed": b"", "digest": bytes(32), "proposed_by": caller}
        batch = WriteBatch()
        batch.add(confirmation, {"id": trial_id, "proposed_at": context.at, **columns, **ended})
        batch.write(conn)
        return run(replace(context, second=Second(trial_id)))
    finally:
        savepoint.rollback()


def keep(conn: sa.Connection, act: str, content: Any, context: ActionContext, writes: Writes = WRITES) -> Proposal:
    """Keep a write that was tried until it is confirmed, and tell the people it needs.

    Raises Refused (founding_open, proposed_already, nobody_can_confirm), NotFound.
    """
    if act != FOUNDING and read.is_open(conn, FOUNDING):
        raise Refused(Reason.of("founding_open"))
    write, proposer = writes[act], context.caller.account
    unit_path = write.unit_path(conn, content, context)
    confirmers = _with_who_may_void(conn, write, write.confirmers(conn, content, proposer), unit_path, context.today)
    plain = canonical_json(to_plain(content))
    digest = bytes.fromhex(fingerprint(context.keyring, f"{act}\n{plain}"))
    proposing = write.proposing_persons(conn, proposer, unit_path, context.today)
    people = _refuse_hopeless(conn, act, digest, unit_path, confirmers, proposing, context)
    proposal = Proposal(new_id(), digest.hex(), context.today + timedelta(days=write.days))
    columns = {"act": act, "unit_path": unit_path, "digest": digest, "proposed_by": proposer}
    columns |= {"proposed_at": context.at, "until_on": proposal.until_on, "state": "proposed"}
    content_sealed = encrypt_field(context.keyring, read.FIELD, proposal.id, plain)
    batch = WriteBatch()
    batch.add(confirmation, {"id": proposal.id, "content_sealed": content_sealed, **columns})
    batch.add(confirmer, *_confirmer_rows(proposal.id, proposer, confirmers))
    facts: dict[str, Plain] = {"act": act, "digest": proposal.digest, "until": proposal.until_on.isoformat()}
    told = notices(conn, DUE, people, context)
    event_log.append_event(
        conn, "confirmation", proposal.id, "propose", facts | write.facts(content), context, batch, told=told
    )
    return proposal


def _with_who_may_void(
    conn: sa.Connection, write: ProposedWrite, confirmers: tuple[Confirmer, ...], unit_path: str, today: date
) -> tuple[Confirmer, ...]:
    """Return the people a write needs, with one who may confirm what it voids where none of those named may."""
    if write.voids is None:
        return confirmers
    roles = POWERS[write.voids].confirms
    may_void = read.people_for(conn, roles, None, unit_path, today)
    enough = any(each.roles == roles or each.account_id in may_void for each in confirmers)
    return confirmers if enough else (*confirmers, Confirmer(roles))


def _confirmer_rows(confirmation_id: UUID, proposer: UUID, confirmers: Iterable[Confirmer]) -> list[dict[str, object]]:
    return [
        {"id": new_id(), "confirmation_id": confirmation_id, "no": no, "proposed_by": proposer}
        | {"roles": [role.value for role in each.roles], "account_id": each.account_id}
        for no, each in enumerate(confirmers, start=1)
    ]


def _refuse_hopeless(
    conn: sa.Connection,
    act: str,
    digest: bytes,
    unit_path: str,
    confirmers: tuple[Confirmer, ...],
    proposing: frozenset[UUID],
    context: ActionContext,
) -> frozenset[UUID]:
    """Return who may confirm; refuse a second proposal of the same content, and one that nobody else could confirm."""
    same = sa.and_(confirmation.c.act == act, confirmation.c.digest == digest, confirmation.c.state == "proposed")
    if waiting := conn.scalar(sa.select(confirmation.c.id).where(same)):
        raise Refused(Reason.of("proposed_already", confirmation=str(waiting), act=act))
    asked: frozenset[UUID] = frozenset()
    for each in confirmers:
        people = read.people_for(conn, each.roles, each.account_id, unit_path, context.today)
        people -= {context.caller.account} if each.account_id else proposing
        if not people:
            raise Refused(Reason.of("nobody_can_confirm", roles=[role.value for role in each.roles]))
        asked |= people
    return asked


def confirm(
    conn: sa.Connection, confirmation_id: UUID, digest: str, context: ActionContext, writes: Writes = WRITES
) -> Made | None:
    """Confirm a proposal as one of the people it needs; the last of them does the write, in the proposer's name.

    `digest` is that of the content the caller has read. Returns what the write made, or None while others are missing.
    Raises NotFound, Refused (confirmation_over, content_differs, confirmer_proposed, confirmed_by_you,
    confirmer_not_asked, proposer_without_role, proof_missing), and what the write raises.
    """
    refuse_unproved(context)
    row = _lock_open(conn, confirmation_id, context)
    if row.digest.hex() != digest:
        raise Refused(Reason.of("content_differs"))
    confirmers = read.confirmers_of(conn, [confirmation_id])
    write = writes[row.act]
    asked = _asked_confirmer(conn, row, write, confirmers, context)
    missing = [each for each in confirmers if each.confirmed_by is None and each.id != asked.id]
    batch = WriteBatch()
    confirmed = {"id": asked.id, "confirmed_by": context.caller.account, "confirmed_at": context.at}
    batch.change(confirmer, confirmed)
    if not missing:
        _end(batch, row.id, "confirmed", context)
    told = [] if missing else notices(conn, ENDED, [row.proposed_by], context)
    facts: dict[str, Plain] = {"act": row.act, "confirmer": asked.no}
    event_log.append_event(conn, "confirmation", row.id, "confirm", facts, context, batch, told=told)
    if missing:
        return None
    confirmed_by = (*(each.confirmed_by for each in confirmers if each.confirmed_by), context.caller.account)
    return _do(conn, row, write, confirmed_by, context)


def _do(
    conn: sa.Connection,
    row: sa.Row[Any],
    write: ProposedWrite,
    confirmed_by: tuple[UUID, ...],
    context: ActionContext,
) -> Made:
    """Do a confirmed write with the rights its proposer has today; what they may not do any more is not the confirmer's fault."""
    proposer, without_role = accounts.caller_by_id(conn, row.proposed_by, context.today), "proposer_without_role"
    if proposer is None:
        raise Refused(Reason.of(without_role))
    content = _content(row, write, context)
    second = Second(row.id, confirmed_by)
    try:
        return write.run(conn, content, replace(context, caller=proposer, second=second, version=None))
    except NotFound:
        raise Refused(Reason.of(without_role)) from None
    except Refused as refused:
        if refused.codes == ["role_missing"]:
            raise Refused(Reason.of(without_role)) from None
        raise


def _content(row: sa.Row[Any], write: ProposedWrite, context: ActionContext) -> Any:
    return from_plain(write.content, read.content_of(row, context.keyring))


def _lock_open(conn: sa.Connection, confirmation_id: UUID, context: ActionContext) -> sa.Row[Any]:
    """Return a proposal that waits, locked. Raises NotFound, Refused (confirmation_over)."""
    row = read.lock(conn, confirmation_id, context.caller)
    if row is None:
        raise NotFound
    if row.state != "proposed":
        raise Refused(Reason.of("confirmation_over", state=row.state))
    if row.until_on < context.today:
        raise Refused(Reason.of("confirmation_over", state="lapsed"))
    return row


def _asked_confirmer(
    conn: sa.Connection, row: sa.Row[Any], write: ProposedWrite, confirmers: list[Any], context: ActionContext
) -> Any:
    """Return the first of the people still missing that the caller may be. A stand-in counts as both persons.

    Who is named confirms in person, also what their stand-in proposed.
    """
    signed_by = {each.confirmed_by for each in confirmers} - {None}
    reasons, proposing = [], write.proposing_persons(conn, row.proposed_by, row.unit_path, context.today)
    gaining = frozenset(write.gains(conn, _content(row, write, context)))
    for asked in (each for each in confirmers if each.confirmed_by is None):
        people = _people(context.caller, asked, row.unit_path)
        if people is None:
            continue
        if people & ({row.proposed_by} if asked.account_id else proposing):
            reasons.append(Reason.of("confirmer_proposed"))
        elif people & signed_by:
            reasons.append(Reason.of("confirmed_by_you"))
        elif people & gaining:
            reasons.append(Reason.of("confirmer_gains"))
        else:
            return asked
    raise Refused(
        *(reasons or [Reason.of("confirmer_not_asked", roles=sorted({r for each in confirmers for r in each.roles}))])
    )


def _people(caller: Caller, asked: Any, unit_path: str) -> frozenset[UUID] | None:
    """Return whom the caller would confirm as: itself and a principal; None where another person is asked."""
    if asked.account_id is not None:
        return frozenset((caller.account,)) if asked.account_id == caller.account else None
    held = [each for each in caller.held if each.role in asked.roles and unit_path.startswith(each.unit_path)]
    if not held:
        return None
    own = [each for each in held if each.principal is None]
    return frozenset((caller.account,)) if own else frozenset((caller.account, held[0].principal or caller.account))


def refuse(
    conn: sa.Connection, confirmation_id: UUID, reason: str, context: ActionContext, writes: Writes = WRITES
) -> None:
    """Refuse a proposal as one of the people it needs, with a reason for its proposer.

    Raises InvalidForm, NotFound, Refused (confirmation_over, confirmer_proposed, confirmer_not_asked).
    """
    row = _lock_open(conn, confirmation_id, context)
    validation.refuse_invalid(validation.text("reason", reason, longest=400))
    _asked_confirmer(conn, row, writes[row.act], read.confirmers_of(conn, [confirmation_id]), context)
    _write_end(conn, row, "refused", {"reason": reason.strip()}, context)


def withdraw(conn: sa.Connection, confirmation_id: UUID, context: ActionContext) -> None:
    """Take back a proposal of one's own. Raises NotFound, Refused (confirmation_over, not_your_proposal)."""
    row = _lock_open(conn, confirmation_id, context)
    if row.proposed_by != context.caller.account:
        raise Refused(Reason.of("not_your_proposal"))
    _write_end(conn, row, "withdrawn", {}, context)


def lapse_due(conn: sa.Connection, context: ActionContext, limit: int = 500) -> int:
    """End the proposals whose last day has passed; return how many."""
    rows = read.lock_overdue(conn, context.today, limit)
    for row in rows:
        _write_end(conn, row, "lapsed", {}, context)
    return len(rows)


def _write_end(
    conn: sa.Connection, row: sa.Row[Any], state: str, facts: dict[str, Plain], context: ActionContext
) -> None:
    batch = WriteBatch()
    _end(batch, row.id, state, context, **facts)
    told = notices(conn, ENDED, [] if row.proposed_by == context.caller.account else [row.proposed_by], context)
    action = {"refused": "refuse", "withdrawn": "withdraw", "lapsed": "lapse"}[state]
    event_log.append_event(conn, "confirmation", row.id, action, {"act": row.act, **facts}, context, batch, told=told)


def _end(batch: WriteBatch, row_id: UUID, state: str, context: ActionContext, **columns: Any) -> None:
    ended = {"state": state, "ended_on": context.today, "ended_by": context.caller.account}
    batch.change(confirmation, {"id": row_id, **ended, **columns})
