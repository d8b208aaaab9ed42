"""Exports of lists: the event that says who took which list out of the service."""

from collections.abc import Mapping

import sqlalchemy as sa

from service.actions import event_log
from service.actions.context import ActionContext
from workflows.vocabulary import Plain


def record_export(
    conn: sa.Connection, name: str, kind: str, rows: int, filters: Mapping[str, str], context: ActionContext
) -> None:
    """Record that the caller took `rows` rows of a list as a file, under these filters.

    Filters hold no personal data: a list that was searched by a person's name or number is not exported.
    """
    facts: dict[str, Plain] = {"list": name, "kind": kind, "rows": rows, "filters": dict(filters)}
    event_log.append_event(conn, "account", context.caller.account, "export", facts, context)
