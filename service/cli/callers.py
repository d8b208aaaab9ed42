"""The caller of a command: proved by a credential of their own, or recorded as the user of the console."""

import getpass
import os
import socket

import sqlalchemy as sa

from service.actions.accounts import token_hash
from service.actions.context import ActionContext
from service.cli.installation import Installation
from service.cli.output import CommandFailed, translate
from service.clock import now, union_day
from service.db.columns import new_id
from service.queries import accounts
from service.queries.scope import Caller

TOKEN = "SONGNUAN_TOKEN"  # noqa: S105 - the name of a setting
"""The environment variable with the caller's own token."""


def context_for(conn: sa.Connection, installation: Installation, login: str) -> ActionContext:
    """Return the context of a command that acts as `login`.

    With the account's own token in SONGNUAN_TOKEN it is proved. Without one the events name the user of the console, and
    nothing can be confirmed. Raises CommandFailed when no account has this login, or the token is another's.
    """
    instant = now()
    owner = _owner(conn)
    caller = accounts.caller_by_login(conn, login, union_day(instant)) if owner is None else owner
    if caller is None:
        raise CommandFailed(translate("cli.no_account", login=login))
    if caller.login != login:
        raise CommandFailed(translate("cli.token_of_another", login=login, owner=caller.login))
    return _context(caller, installation, None if owner else console())


def own_context(conn: sa.Connection, installation: Installation) -> ActionContext:
    """Return the context of whoever owns the token in SONGNUAN_TOKEN. Raises CommandFailed without a valid one."""
    owner = _owner(conn)
    if owner is None:
        raise CommandFailed(translate("cli.token_needed", setting=TOKEN))
    return _context(owner, installation, None)


def _context(caller: Caller, installation: Installation, user: str | None) -> ActionContext:
    instant = now()
    request = str(new_id())
    return ActionContext(
        caller,
        instant,
        union_day(instant),
        installation.keyring,
        request=request,
        console=user,
        clock=installation.clock,
    )


def _owner(conn: sa.Connection) -> Caller | None:
    """Return the owner of the token in the environment, None without one. Raises CommandFailed for an invalid one."""
    shown = os.environ.get(TOKEN, "").strip()
    if not shown:
        return None
    instant = now()
    owner = accounts.caller_by_token(conn, token_hash(shown), instant, union_day(instant))
    if owner is None:
        raise CommandFailed(translate("cli.token_invalid", setting=TOKEN))
    return owner


def console() -> str:
    """Return the user and the machine: `root@office-1`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
