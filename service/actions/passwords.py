"""Passwords: set by their owner, who proves the old one or holds an invitation."""

import sqlalchemy as sa

from service.actions import invitations, one_time_codes
from service.actions.accounts import lock_account
from service.actions.context import ActionContext, Moment
from service.actions.failed_sign_ins import is_locked_now, own_failure
from service.actions.sessions import end_sessions
from service.actions.write_batch import WriteBatch
from service.crypto.passwords import hash_password, is_password, password_problems
from service.db.columns import new_id
from service.queries import credentials as read
from service.queries.installation import record_kind
from service.tables.credentials import CredentialKind, credential, passkey
from service.tables.installation import RecordKind
from workflows.vocabulary import InvalidForm, Plain, Reason


def change_password(conn: sa.Connection, old: str, new: str, context: ActionContext) -> None:
    """Change the caller's password; every session ends, the entry point starts a new one.

    Raises RecordedRefusal (password_wrong), which counts like a failed sign-in, InvalidForm.
    """
    _refuse_easy(new, context)
    stored = read.secret_of(conn, context.caller.account, CredentialKind.PASSWORD)
    right = is_password(bytes(stored.secret) if stored else None, old)
    if not right or is_locked_now(conn, context):
        raise own_failure(context, "password", Reason.of("password_wrong", field="old_password"))
    lock_account(conn, context.caller.account)
    batch = WriteBatch()
    _add_password(conn, batch, new, context)
    end_sessions(conn, batch, context.caller.account, context)
    one_time_codes.append_own(conn, "set_password", {}, context, batch)


def set_demo_password(conn: sa.Connection, password: str, context: ActionContext) -> None:
    """Set the first password of an account of a demo, which the demo prints. Raises ValueError for the record of an office."""
    if record_kind(conn) is not RecordKind.DEMO:
        raise ValueError("only a demo sets passwords for others")
    batch = WriteBatch()
    lock_account(conn, context.caller.account)
    _add_password(conn, batch, password, context)
    one_time_codes.append_own(conn, "set_password", {}, context, batch)


def set_up_with_password(conn: sa.Connection, code: str, password: str, moment: Moment) -> ActionContext:
    """Accept an invitation with a password; everything the account signed in with before ends, sessions too.

    Raises Refused (invitation_unknown), InvalidForm.
    """
    accepted = invitations.use(conn, code, moment)
    context = accepted.context
    _refuse_easy(password, context)
    batch, account_id = WriteBatch(), context.caller.account
    lock_account(conn, account_id)
    invitations.end_invitations(conn, batch, account_id, context.at)
    _add_password(conn, batch, password, context)
    for kind in (CredentialKind.TOTP, CredentialKind.OIDC):
        one_time_codes.end_credential(conn, batch, account_id, kind, context)
    one_time_codes.end_recovery_codes(conn, batch, account_id, context)
    keys = sa.select(passkey.c.id).where(passkey.c.account_id == account_id, passkey.c.revoked_at.is_(None))
    for key_id in conn.scalars(keys.order_by(passkey.c.id)):
        batch.change(passkey, {"id": key_id, "revoked_at": context.at})
    end_sessions(conn, batch, account_id, context)
    facts = dict[str, Plain]({"invitation": str(accepted.invitation_id)})
    one_time_codes.append_own(conn, "set_up_with_password", facts, context, batch)
    return context


def refuse_different(password: str, repeated: str) -> None:
    """Raise InvalidForm (passwords_differ) where a new password was typed in two ways."""
    if password != repeated:
        raise InvalidForm(Reason.of("passwords_differ", field="repeated"))


def _refuse_easy(password: str, context: ActionContext) -> None:
    problems = list(password_problems(password, context.caller.login, context.caller.display_name))
    if problems:
        raise InvalidForm(*problems)


def _add_password(conn: sa.Connection, batch: WriteBatch, password: str, context: ActionContext) -> None:
    account_id = context.caller.account
    hashed = hash_password(password)
    one_time_codes.end_credential(conn, batch, account_id, CredentialKind.PASSWORD, context)
    row = {"account_id": account_id, "kind": CredentialKind.PASSWORD.value, "secret": hashed, "created_at": context.at}
    batch.add(credential, {"id": new_id(), **row})
