"""The union's activities and their cost under account 501: kept apart from aid (domain/8, rows 11 and 12)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import fields, trail
from service.actions.authority import need, path_of
from service.actions.rows import Rows
from service.actions.trail import Asked
from service.db import new_id
from service.tables.gifts import activity
from workflows.code_lists import ActivityKind
from workflows.terms import Fen, Plain, Reason, Role

ACCOUNT = "501"
"""职工活动支出 and what hangs below it (domain/4 §4.4)."""


@dataclass(frozen=True, slots=True)
class NewActivity:
    """One activity: what, when, how many came if it was counted, and what it cost (0 for nothing)."""

    unit_id: UUID
    on: date
    title: str
    kind: str
    fen: Fen
    account_code: str
    participants: int | None = None


def record_activity(tx: sa.Connection, new: NewActivity, asked: Asked) -> UUID:
    """Record an activity. Raises BadAnswers, Refused, Unknown."""
    path = path_of(tx, new.unit_id)
    right = need(asked, (Role.REGISTRAR, Role.CASHIER), path)
    fields.refuse(_problems(new, asked.today))
    row = new_id()
    columns = {name: getattr(new, name) for name in NewActivity.__slots__}
    who = {"recorded_by": asked.caller.account, "created_at": asked.at}
    rows = Rows()
    rows.add(activity, {"id": row, "unit_path": path, **columns, **who})
    facts: dict[str, Plain] = {"kind": new.kind, "on": new.on.isoformat(), "fen": new.fen}
    facts |= {"unit": str(new.unit_id), "account_code": new.account_code, **right}
    trail.append(tx, "activity", row, "record_activity", facts, asked, rows)
    return row


def _problems(new: NewActivity, today: date) -> Iterator[Reason]:
    yield from fields.choice("kind", new.kind, ActivityKind)
    yield from fields.not_ahead("on", new.on, today)
    yield from fields.text("title", new.title)
    yield from fields.amount("fen", new.fen, lowest=0)
    yield from fields.whole("participants", new.participants)
    yield from fields.shaped("account_code", new.account_code, fields.CODE, "not_code")
    if not new.account_code.startswith(ACCOUNT):
        yield Reason.of("account_not_of_activities", field="account_code", wanted=ACCOUNT)
