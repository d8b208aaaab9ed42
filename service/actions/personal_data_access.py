"""Access to unmasked personal data, each recorded by an event (docs/domain/privacy.md)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.permissions import require_role
from service.queries import households, masking
from service.tables.accounts import account
from service.tables.events import event
from service.tables.persons import person
from workflows.vocabulary import Reason, Role

DISCLOSED_MATCH = "match_number"
MAX_MATCHES_PER_DAY = 20
"""How many matches of a number with other files or accounts one account may be shown in 24 hours."""

REVEALERS = (Role.REGISTRAR, Role.VISITOR, Role.VERIFIER, Role.CASHIER)


PAYEE_REVEALERS = (Role.REGISTRAR, Role.CASHIER)
"""Who records an account, and who pays into it."""


def reveal_personal_data(conn: sa.Connection, person_id: UUID, purpose: str, context: ActionContext) -> dict[str, Any]:
    """Return the full values of one person, and record the access. Raises NotFound, Refused (role_missing)."""
    person_row = households.visible_person(conn, person_id, context.caller, lock=True)
    if person_row is None or not person_row["active"]:
        raise NotFound
    right = require_role(context, REVEALERS, person_row["unit_path"])
    event_log.append_event(conn, "person", person_id, "reveal", {"purpose": purpose, **right}, context)
    plain_columns = {key: person_row[key] for key in ("id", "household_id", "relation", "student_stage", "version")}
    return plain_columns | masking.plain_fields(context.keyring, person_row)


def reveal_payee(
    conn: sa.Connection, household_id: UUID, unit_path: str, purpose: str, context: ActionContext
) -> dict[str, Any]:
    """Return holder, bank and full number of a household's account, and record the access on the holder's chain.

    `unit_path` is that of the file or case of which the caller pays or records the account. Raises NotFound, Refused.
    """
    right = require_role(context, PAYEE_REVEALERS, unit_path)
    payee = households.payee(conn, household_id)
    if payee is None:
        raise NotFound
    holder = households.lock_person(conn, payee["person_id"])
    facts = {"purpose": purpose, "account": str(payee["id"]), **right}
    event_log.append_event(conn, "person", payee["person_id"], "reveal", facts, context)
    return masking.plain_payee(context.keyring, payee, holder)


def count_disclosed_matches(conn: sa.Connection, account_id: UUID, since: datetime) -> int:
    """Return how many matches were disclosed to an account since `since`."""
    disclosed = sa.and_(event.c.actor_id == account_id, event.c.action == DISCLOSED_MATCH, event.c.at >= since)
    return conn.scalar(sa.select(sa.func.count()).where(disclosed)) or 0


def disclosed_matches(conn: sa.Connection, account_id: UUID, since: datetime) -> set[UUID]:
    """Return the persons whose matches were disclosed to an account since `since`."""
    disclosed = sa.and_(event.c.actor_id == account_id, event.c.action == DISCLOSED_MATCH, event.c.at >= since)
    return set(conn.scalars(sa.select(event.c.subject_id).where(disclosed)))


def too_many_matches(conn: sa.Connection, context: ActionContext) -> list[Reason]:
    """Return the reason not to answer whether a further number is known, when the day's limit is reached."""
    shown = count_disclosed_matches(conn, context.caller.account, context.at - timedelta(days=1))
    return [Reason.of("too_many_matches", limit=MAX_MATCHES_PER_DAY)] if shown >= MAX_MATCHES_PER_DAY else []


def record_disclosed_match(
    conn: sa.Connection, persons: Iterable[UUID], context: ActionContext, accounts: Iterable[UUID] = ()
) -> None:
    """Record on each person's chain that a caller learned that the person is on file, and on each account's likewise.

    The event does not keep what the caller asked.
    """
    for person_id in sorted(persons):
        conn.execute(sa.select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
        event_log.append_event(conn, "person", person_id, DISCLOSED_MATCH, {}, context)
    for account_id in sorted(accounts):
        conn.execute(sa.select(account.c.id).where(account.c.id == account_id).with_for_update(key_share=True))
        event_log.append_event(conn, "account", account_id, DISCLOSED_MATCH, {}, context)
