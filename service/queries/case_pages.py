"""What the page of one case shows besides the facts that its rules read: names, events, letters, what waits on its line."""

from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, ranges, visible_by_name
from service.queries.sealed_remarks import sealed_words
from service.tables.accounts import account
from service.tables.cases import approval, case
from service.tables.events import event
from service.tables.fund_allocations import fund_allocation
from service.tables.funds import fund
from service.tables.households import household
from service.tables.notifications import notification
from service.tables.payees import bank_account
from service.tables.policies import policy_set
from service.tables.units import unit
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Plain

PAYEE = ("id", "person_id", "bank", "card_sealed")
"""Columns of the payee's account."""

_IN_DECISION = tuple(sa.literal_column(f"'{state}'", sa.Text()) for state in ("notice", "approval"))
"""States in which an award is proposed and not yet committed."""

_CASE_ID = sa.bindparam("case_id", type_=sa.Uuid())


def what_is_signed(conn: sa.Connection, case_id: UUID) -> dict[str, Plain]:
    """Return the money of a case (fen), the account it goes to and its fund line, as a proof of a step covers them."""
    payee = sa.and_(bank_account.c.household_id == case.c.household_id, bank_account.c.active)
    money = sa.func.coalesce(case.c.award_fen, case.c.requested_fen)
    rows = (
        sa.select(money, bank_account.c.id, case.c.fund_id).outerjoin(bank_account, payee).where(case.c.id == case_id)
    )
    row = conn.execute(rows.select_from(case)).one_or_none()
    award, payee_id, fund_id = row or (None, None, None)
    return {"fen": award, "payee": str(payee_id) if payee_id else None, "fund": str(fund_id) if fund_id else None}


def heading(conn: sa.Connection, case_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a case with the names around it: unit, file, fund line, policy set; None when the caller may not see it.

    Columns that begin with `payee_` are of the account that the family is paid into, its number still encrypted.
    `waiting_number` and `waiting_fen` are the other cases whose award is proposed on its line and not yet committed.
    """
    found = _HEADING.dicts(conn, {"case_id": case_id, **ranges(caller)})
    return found[0] if found else None


def _select_heading() -> sa.Select[Any]:
    other = case.alias("other")
    waits = sa.and_(other.c.fund_id == case.c.fund_id, other.c.id != case.c.id, other.c.state.in_(_IN_DECISION))
    number = sa.select(sa.func.count()).where(waits).correlate(case).scalar_subquery()
    fen = sa.select(sa.func.coalesce(sa.func.sum(other.c.award_fen), 0)).where(waits).correlate(case).scalar_subquery()
    return (
        sa.select(case, unit.c.name.label("unit_name"), household.c.file_no, household.c.cause)
        .add_columns(fund.c.code.label("fund_code"), fund.c.title.label("fund_title"), fund.c.available_fen)
        .add_columns(number.label("waiting_number"), fen.label("waiting_fen"))
        .add_columns(policy_set.c.title.label("policy_title"), policy_set.c.version.label("policy_version"))
        .join(unit, unit.c.id == case.c.unit_id)
        .join(household, household.c.id == case.c.household_id)
        .join(policy_set, policy_set.c.id == case.c.policy_set_id)
        .outerjoin(fund, fund.c.id == case.c.fund_id)
        .add_columns(*(bank_account.c[name].label(f"payee_{name}") for name in PAYEE))
        .outerjoin(bank_account, sa.and_(bank_account.c.household_id == case.c.household_id, bank_account.c.active))
        .where(case.c.id == _CASE_ID, visible_by_name(case.c.unit_path))
    )


_HEADING = PreparedStatement(_select_heading())


def latest_signature(conn: sa.Connection, case_id: UUID) -> Any:
    """Return the latest approval of a case, valid or voided, with who signed what (sealed); None before the first."""
    found = _LATEST_SIGNATURE.rows(conn, {"case_id": case_id})
    return found[0] if found else None


_LATEST_SIGNATURE = PreparedStatement(
    sa.select(approval.c.id, approval.c.tier, approval.c.on, approval.c.voided_seq, approval.c.content_sealed)
    .add_columns(account.c.display_name.label("signer"))
    .join(account, account.c.id == approval.c.account_id)
    .where(approval.c.case_id == _CASE_ID)
    .order_by(approval.c.seq.desc())
    .limit(sa.literal_column("1"))
)


def events(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """Return the events of a case with who took each step, first event first; bodies are left out.

    `sealed` are the words people wrote, still encrypted, as sealed_remarks.words_of() reads them.
    The action names the state too where steps of one action have different words: `decline.approval`.
    """
    rows = _EVENTS.dicts(conn, {"case_id": case_id})
    return [{**row, "action": _worded_action(row["action"], row["from_state"])} for row in rows]


def _select_events() -> sa.Select[Any]:
    columns = (event.c.seq, event.c.action, event.c.from_state, event.c.to_state, event.c.on, event.c.at)
    principal = account.alias("principal")
    return (
        sa.select(*columns, account.c.display_name.label("actor"), principal.c.display_name.label("principal"))
        .add_columns(sealed_words().label("sealed"))
        .join(account, account.c.id == event.c.actor_id)
        .outerjoin(principal, principal.c.id == event.c.principal_id)
        .where(event.c.subject_id == _CASE_ID)
        .order_by(event.c.seq)
    )


_EVENTS = PreparedStatement(_select_events())


@cache
def _worded_action(action: str, from_state: str | None) -> str:
    labels = {step.label for each in PROGRAMMES.values() for step in each.steps if step.action == action}
    return f"{action}.{from_state}" if len(labels) > 1 else action


def letters(conn: sa.Connection, case_id: UUID) -> list[dict[str, Any]]:
    """Return every notification of a case: kind, channel, to staff (by name) or to the family, and how it went."""
    return _LETTERS.dicts(conn, {"case_id": case_id})


_LETTERS = PreparedStatement(
    sa.select(
        *(notification.c[name] for name in ("id", "kind", "channel", "state", "created_at", "delivered_at", "on"))
    )
    .add_columns(account.c.display_name.label("staff"))
    .outerjoin(account, account.c.id == notification.c.account_id)
    .where(notification.c.case_id == _CASE_ID)
    .order_by(notification.c.id)
)


def usable_lines(conn: sa.Connection, unit_path: str, on: date) -> list[dict[str, Any]]:
    """Return the fund lines that a unit may draw on, as `id`, `code`, `title` and `available_fen`: its own and opened ones."""
    from_above = sa.select(fund_allocation.c.fund_id).where(
        fund_allocation.c.closed_on.is_(None),
        fund_allocation.c.from_on <= on,
        fund_allocation.c.until_on >= on,
        sa.or_(
            fund_allocation.c.unit_path == unit_path,
            sa.and_(fund_allocation.c.with_below, sa.literal(unit_path).startswith(fund_allocation.c.unit_path)),
        ),
    )
    rows = sa.select(fund.c.id, fund.c.code, fund.c.year, fund.c.title, fund.c.available_fen)
    usable = sa.or_(fund.c.unit_path == unit_path, fund.c.id.in_(from_above))
    open_now = sa.and_(fund.c.opens_on <= on, fund.c.expires_on >= on)
    return [
        dict(row) for row in conn.execute(rows.where(usable, open_now).order_by(fund.c.year, fund.c.code)).mappings()
    ]
