"""The union's activities and their cost, kept apart from aid (docs/domain/activities.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.corrections import Voidable, void_record
from service.actions.natural_keys import natural_key, once_facts, repeat_columns
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.activities import activity
from workflows.code_lists import ActivityKind
from workflows.vocabulary import Fen, Plain, Reason, Role

ACCOUNT = "501"
"""Account 职工活动支出; the codes of its sub-accounts begin with it (docs/domain/funds.md §4.4)."""


@dataclass(frozen=True, slots=True)
class NewActivity:
    """One activity: what, when, how many took part if they were counted, and its cost (0 for nothing)."""

    unit_id: UUID
    on: date
    title: str
    kind: str
    fen: Fen
    account_code: str
    participants: int | None = None
    confirmed_repeat: bool = False
    """A person says that this is a second activity, and not the same one again."""


def record_activity(
    conn: sa.Connection, new: NewActivity, context: ActionContext, *, corrects: UUID | None = None
) -> UUID:
    """Record an activity. Raises InvalidForm, Refused (role_missing, recorded_already, recorded_and_voided), NotFound."""
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, (Role.REGISTRAR, Role.CASHIER), unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    key = natural_key("activity", new.unit_id, new.on, new.title)
    once = repeat_columns(conn, activity, key, confirmed=new.confirmed_repeat, corrects=corrects)
    activity_id = new_id()
    columns = once | {name: getattr(new, name) for name in NewActivity.__slots__ if name != "confirmed_repeat"}
    creation = {"recorded_by": context.caller.account, "created_at": context.at}
    batch = WriteBatch()
    batch.add(activity, {"id": activity_id, "unit_path": unit_path, **columns, **creation})
    facts: dict[str, Plain] = {"kind": new.kind, "on": new.on.isoformat(), "fen": new.fen}
    facts |= {"unit": str(new.unit_id), "account_code": new.account_code, **once_facts(once), **right}
    event_log.append_event(conn, "activity", activity_id, "record_activity", facts, context, batch)
    return activity_id


def void_activity(conn: sa.Connection, activity_id: UUID, reason: str, context: ActionContext) -> None:
    """Void an activity. Raises InvalidForm, Refused (role_missing, voided_already), NotFound."""
    void_record(conn, VOIDABLE, activity_id, reason, context)


def correct_activity(
    conn: sa.Connection, activity_id: UUID, new: NewActivity, reason: str, context: ActionContext
) -> UUID:
    """Void an activity and record it with other values. Raises what voiding and recording raise."""
    void_record(conn, VOIDABLE, activity_id, reason, context)
    return record_activity(conn, new, context, corrects=activity_id)


VOIDABLE = Voidable("activity", activity, (Role.REGISTRAR, Role.CASHIER))


def _problems(new: NewActivity, today: date) -> Iterator[Reason]:
    yield from validation.choice("kind", new.kind, ActivityKind)
    yield from validation.not_in_future("on", new.on, today)
    yield from validation.text("title", new.title)
    yield from validation.amount("fen", new.fen, lowest=0)
    yield from validation.whole_number("participants", new.participants)
    yield from validation.shaped("account_code", new.account_code, validation.CODE, "not_code")
    if not new.account_code.startswith(ACCOUNT):
        yield Reason.of("account_not_of_activities", field="account_code", wanted=ACCOUNT)
