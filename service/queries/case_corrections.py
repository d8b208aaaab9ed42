"""What a family's application says otherwise than when the case was last returned for correction."""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from service.db.prepared import PreparedStatement
from service.tables.accounts import account
from service.tables.events import event
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Plain


def changes_since_return(conn: sa.Connection, case_row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each field that was corrected since the latest return to the first state, or since the case was opened.

    `before` is the value the reviewer returned, `after` the present one; a field that has its old value again is left
    out. Money is yuan in text. Free text is encrypted, so that only its having been written anew is said.
    """
    fields = _correction_fields(case_row["programme"])
    changes: dict[str, dict[str, Any]] = {}
    programme = PROGRAMMES[case_row["programme"]]
    actions = [step.action for step in programme.steps if step.kind.corrects]
    for row in _CORRECTIONS.rows(conn, {"case_id": case_row["id"], "start": programme.start, "actions": actions}):
        body, by = json.loads(row.body), {"on": row.on, "by": row.actor}
        for name, (before, after) in body.get("corrected", {}).items():
            first = changes.get(name, {"before": before})["before"]
            changes[name] = {"before": first, "after": after, **by}
        for name in body["remarks"]:
            changes[name] = {"before": None, "after": None, "rewritten": True, **by}
    kept = {name: each for name, each in changes.items() if "rewritten" in each or each["before"] != each["after"]}
    return [_shown(fields[name], each) for name, each in kept.items()]


def _select_corrections() -> sa.Select[Any]:
    """Select the events of the `actions` on a case since it last returned to `start`."""
    case_id: Any = sa.bindparam("case_id", type_=sa.Uuid())
    start = sa.bindparam("start", type_=sa.Text())
    returns = sa.select(sa.func.max(event.c.seq)).where(
        event.c.subject_id == case_id, event.c.to_state == start, event.c.from_state != start
    )
    since = sa.func.coalesce(returns.scalar_subquery(), 0)
    later = event.alias("later")
    rows = sa.select(later.c.body, later.c.on, account.c.display_name.label("actor"))
    rows = rows.join(account, account.c.id == later.c.actor_id).order_by(later.c.seq)
    corrects = later.c.action == sa.any_(sa.bindparam("actions", type_=postgresql.ARRAY(sa.Text())))
    return rows.where(later.c.subject_id == case_id, corrects, later.c.seq > since)


_CORRECTIONS = PreparedStatement(_select_corrections())


def _correction_fields(programme: str) -> dict[str, FormField]:
    steps = (step for step in PROGRAMMES[programme].steps if step.kind.corrects)
    fields = {field.key: field for step in steps for field in step.form}
    return {"item": FormField("item", "救助项目", Kind.CODE), **fields}


def _shown(field: FormField, change: dict[str, Any]) -> dict[str, Any]:
    values = {name: _value(field, change[name]) for name in ("before", "after")}
    return {"rewritten": False, **change, **values, "field": field.key, "label": field.label}


def _value(field: FormField, value: Plain) -> Plain:
    return in_yuan(value) if field.kind is Kind.MONEY and isinstance(value, int) else value
