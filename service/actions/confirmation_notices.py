"""Notifications about confirmations: to the people asked, to the people named, and to the proposer."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.db.columns import new_id
from service.tables.accounts import account

DUE, ENDED, CHANGED = "confirmation_due", "confirmation_ended", "account_changed"
"""Kinds: a proposal waits for you; yours has ended; something about your account or your role has changed."""


def notices(conn: sa.Connection, kind: str, people: Iterable[UUID], context: ActionContext) -> list[dict[str, Any]]:
    """Return the outbox rows that tell people of the event they are written with, by inbox and, with an address, e-mail."""
    wanted = sorted(set(people), key=str)
    has_address = sa.and_(account.c.id.in_(wanted), account.c.email.is_not(None), account.c.disabled_at.is_(None))
    mailed = set(conn.scalars(sa.select(account.c.id).where(has_address))) if wanted else set()
    told = {"kind": kind, "on": context.today, "request": context.request}
    return [
        {"id": new_id(), "channel": channel, "account_id": each, **told}
        for each in wanted
        for channel in (("inbox", "email") if each in mailed else ("inbox",))
    ]
