"""A second person for the tests: contexts of confirmed writes, and people who confirm what waits for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import confirmations
from service.actions.context import ActionContext, Second
from service.actions.event_log import append_event
from service.actions.proposals.write import Made
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.imports.proposed_import import ALL_WRITES
from service.queries import accounts
from service.queries import confirmations as read
from service.tables.confirmations import confirmation, confirmer
from workflows.vocabulary import Role


def seconded(conn: sa.Connection, context: ActionContext, by: UUID) -> ActionContext:
    """Return the context of a write that `by` has confirmed, with the rows of its confirmation."""
    row_id, batch = new_id(), WriteBatch()
    ended = {"state": "confirmed", "ended_on": context.today, "ended_by": by, "until_on": context.today}
    sealed = encrypt_field(context.keyring, read.FIELD, row_id, "{}")
    columns = {"act": "test", "unit_path": "/", "content_sealed": sealed, "digest": row_id.bytes * 2}
    proposed = {"proposed_by": context.caller.account, "proposed_at": context.at}
    batch.add(confirmation, {"id": row_id, **columns, **proposed, **ended})
    needed = {"confirmation_id": row_id, "no": 1, "proposed_by": context.caller.account, "account_id": by, "roles": []}
    batch.add(confirmer, {"id": new_id(), **needed, "confirmed_by": by, "confirmed_at": context.at})
    append_event(conn, "confirmation", row_id, "set_up", {}, context, batch)
    return replace(context, second=Second(row_id, (by,)))


def confirmed(conn: sa.Connection, act: str, content: Any, context: ActionContext, *by: ActionContext) -> Made:
    """Propose a write and let people confirm it in order; return what it made."""
    proposal = confirmations.propose(conn, act, content, context, ALL_WRITES)
    made = None
    for each in by:
        made = confirmations.confirm(conn, proposal.id, proposal.digest, each, ALL_WRITES)
    assert made is not None, "somebody has still to confirm"
    return made


def confirm_all(conn: sa.Connection, context_of: Callable[[UUID], ActionContext]) -> int:
    """Let everybody confirm what waits for them; return how many proposals were done."""
    waiting = sa.select(confirmation).where(confirmation.c.state == "proposed").order_by(confirmation.c.id)
    rows = conn.execute(waiting).all()
    for row in rows:
        signed = {row.proposed_by}
        for each in read.confirmers_of(conn, [row.id]):
            some = context_of(row.proposed_by)
            asked = read.people_for(conn, map(Role, each.roles), each.account_id, row.unit_path, some.today)
            who = min(asked - signed, key=str)
            signed.add(who)
            confirmations.confirm(conn, row.id, row.digest.hex(), context_of(who), ALL_WRITES)
    return len(rows)


def caller_context(conn: sa.Connection, account_id: UUID, like: ActionContext) -> ActionContext:
    """Return the context of another account at the same moment."""
    caller = accounts.caller_by_id(conn, account_id, like.today)
    assert caller is not None
    return replace(like, caller=caller, second=None)
