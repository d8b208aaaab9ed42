"""One account for each role gets a random password, so that the demo can be seen in a browser."""

import json
import secrets
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from service.actions.context import ActionContext
from service.actions.passwords import set_demo_password
from service.private_files import write_file
from service.tables.accounts import account, role_grant
from service.tables.units import unit
from workflows.vocabulary import Role

FILE = "passwords"
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_SHOWN_ROLES = tuple(role for role in Role if role is not Role.CLOCK)


def shown_accounts(conn: sa.Connection) -> list[tuple[str, int, str, UUID]]:
    """Return for each role, and each tier of approvers, the account with the widest unit: role, tier, login, id."""
    rows = (
        sa.select(role_grant.c.role, role_grant.c.tier, account.c.login, account.c.id)
        .join(account, account.c.id == role_grant.c.account_id)
        .join(unit, unit.c.id == role_grant.c.unit_id)
        .where(role_grant.c.role != Role.CLOCK.value, role_grant.c.for_account_id.is_(None))
        .order_by(sa.func.length(unit.c.path).desc(), account.c.login)
    )
    first: dict[tuple[str, int], tuple[str, UUID]] = {}
    for row in conn.execute(rows):
        first.setdefault((row.role, row.tier), (row.login, row.id))
    order = {role.value: number for number, role in enumerate(_SHOWN_ROLES)}
    ranked = sorted(first.items(), key=lambda each: (order[each[0][0]], each[0][1]))
    return [(role, tier, login, account_id) for (role, tier), (login, account_id) in ranked]


def set_passwords(conn: sa.Connection, contexts: dict[UUID, ActionContext], folder: Path) -> None:
    """Set a random password for each shown account, and keep them in a file that only its owner reads."""
    kept, passwords = [], dict[UUID, str]()
    for role, tier, login, account_id in shown_accounts(conn):
        if account_id not in passwords:
            passwords[account_id] = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
            set_demo_password(conn, passwords[account_id], contexts[account_id])
        kept.append({"role": role, "tier": tier, "login": login, "password": passwords[account_id]})
    write_file(folder / FILE, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def read_passwords(folder: Path) -> list[dict[str, str]]:
    """Return the demo's accounts with role, tier, login and password; none where the demo is older than them."""
    path = folder / FILE
    accounts: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return accounts
