"""A proposal as its proposer sees it after it was made: what it is, and whom it waits for."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller
from service.tables.accounts import account
from service.tables.confirmations import confirmation, confirmation_hand


@dataclass(frozen=True, slots=True)
class ProposedWrite:
    """A proposal that waits: what, until when, and whom it waits for (names, or the roles asked for)."""

    id: UUID
    act: str
    until_on: date
    roles: tuple[str, ...]
    names: tuple[str, ...]


def own_proposal(conn: sa.Connection, confirmation_id: UUID, caller: Caller) -> ProposedWrite | None:
    """Return a proposal that the caller made, and whom it waits for; None where it is not theirs or is over."""
    hand = confirmation_hand
    rows = (
        sa.select(confirmation.c.act, confirmation.c.until_on, hand.c.roles, account.c.display_name)
        .join(hand, hand.c.confirmation_id == confirmation.c.id)
        .outerjoin(account, account.c.id == hand.c.account_id)
        .where(confirmation.c.id == confirmation_id, confirmation.c.proposed_by == caller.account)
        .where(confirmation.c.state == "proposed", hand.c.confirmed_by.is_(None))
    )
    hands = conn.execute(rows.order_by(hand.c.no)).all()
    if not hands:
        return None
    roles = dict.fromkeys(role for each in hands for role in each.roles)
    names = tuple(each.display_name for each in hands if each.display_name)
    return ProposedWrite(confirmation_id, hands[0].act, hands[0].until_on, tuple(roles), names)
