"""A proposal as its proposer sees it after it was made: what it is, and the people it waits for."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.queries.scope import Caller
from service.tables.accounts import account
from service.tables.confirmations import confirmation, confirmer


@dataclass(frozen=True, slots=True)
class ProposedWrite:
    """A proposal that waits: what, until when, and the people it waits for (names, or the roles asked for)."""

    id: UUID
    act: str
    until_on: date
    roles: tuple[str, ...]
    names: tuple[str, ...]


def own_proposal(conn: sa.Connection, confirmation_id: UUID, caller: Caller) -> ProposedWrite | None:
    """Return a proposal that the caller made, and the people it waits for; None where it is not theirs or is over."""
    rows = (
        sa.select(confirmation.c.act, confirmation.c.until_on, confirmer.c.roles, account.c.display_name)
        .join(confirmer, confirmer.c.confirmation_id == confirmation.c.id)
        .outerjoin(account, account.c.id == confirmer.c.account_id)
        .where(confirmation.c.id == confirmation_id, confirmation.c.proposed_by == caller.account)
        .where(confirmation.c.state == "proposed", confirmer.c.confirmed_by.is_(None))
    )
    missing = conn.execute(rows.order_by(confirmer.c.no)).all()
    if not missing:
        return None
    roles = dict.fromkeys(role for each in missing for role in each.roles)
    names = tuple(each.display_name for each in missing if each.display_name)
    return ProposedWrite(confirmation_id, missing[0].act, missing[0].until_on, tuple(roles), names)
