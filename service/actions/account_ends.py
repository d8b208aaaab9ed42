"""The end of an account: with it end its roles, tokens, invitations, and whoever stands in for it."""

from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.accounts import is_clock, lock_account
from service.actions.confirmation_notices import CHANGED, notices
from service.actions.context import ActionContext
from service.actions.invitations import end_invitations
from service.actions.permissions import require_role, unit_path_of
from service.actions.sessions import end_sessions
from service.actions.write_batch import WriteBatch
from service.tables.accounts import account, role_grant, token
from workflows.vocabulary import Plain, Reason, Refused, Role


def end_account(conn: sa.Connection, account_id: UUID, reason: str, context: ActionContext) -> None:
    """End an account from now on. Has no effect on an ended account.

    Raises InvalidForm, Refused (role_missing, account_of_clock, end_of_oneself), NotFound.
    """
    row = lock_account(conn, account_id)
    right = require_role(context, (Role.ADMIN,), unit_path_of(conn, row.unit_id))
    validation.refuse_invalid(validation.text("reason", reason, longest=400))
    if row.disabled_at is not None:
        return
    if is_clock(conn, account_id):
        raise Refused(Reason.of("account_of_clock"))
    if account_id == context.caller.account:
        raise Refused(Reason.of("end_of_oneself"))
    batch = WriteBatch()
    batch.change(account, {"id": account_id, "disabled_at": context.at})
    grants = _end_grants(conn, batch, role_grant.c.account_id == account_id, context)
    _end_tokens(conn, batch, account_id, context)
    end_invitations(conn, batch, account_id, context.at)
    end_sessions(conn, batch, account_id, context)
    facts: dict[str, Plain] = {"reason": reason.strip(), "grants": len(grants), **right}
    event_log.append_event(conn, "account", account_id, "end_account", facts, context, batch)
    _end_stand_ins(conn, account_id, context, right)


def _end_grants(
    conn: sa.Connection, batch: WriteBatch, whose: sa.ColumnElement[bool], context: ActionContext
) -> list[UUID]:
    live = sa.select(role_grant.c.id).where(whose, role_grant.c.revoked_on.is_(None))
    grants = list(conn.scalars(live.order_by(role_grant.c.id)))
    for grant_id in grants:
        batch.change(role_grant, {"id": grant_id, "revoked_on": context.today})
    return grants


def _end_tokens(conn: sa.Connection, batch: WriteBatch, account_id: UUID, context: ActionContext) -> None:
    live = sa.and_(token.c.account_id == account_id, token.c.revoked_at.is_(None))
    for token_id in conn.scalars(sa.select(token.c.id).where(live).order_by(token.c.id)):
        batch.change(token, {"id": token_id, "revoked_at": context.at})


def _end_stand_ins(conn: sa.Connection, principal: UUID, context: ActionContext, right: dict[str, Plain]) -> None:
    """End the grants of those who stand in for the account, each in the chain of the stand-in."""
    for_principal = sa.and_(role_grant.c.for_account_id == principal, role_grant.c.revoked_on.is_(None))
    holders = conn.scalars(sa.select(role_grant.c.account_id).distinct().where(for_principal)).all()
    for holder in sorted(holders, key=str):
        lock_account(conn, holder)
        batch = WriteBatch()
        whose = sa.and_(role_grant.c.account_id == holder, role_grant.c.for_account_id == principal)
        grants = _end_grants(conn, batch, whose, context)
        facts: dict[str, Plain] = {"grants": [str(each) for each in grants], "principal_ended": str(principal), **right}
        told = notices(conn, CHANGED, [holder], context)
        event_log.append_event(conn, "account", holder, "revoke", facts, context, batch, told=told)
