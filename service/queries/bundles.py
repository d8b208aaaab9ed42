"""Bundles that auditors took, from the events that record them."""

from typing import Any

import sqlalchemy as sa

from service.queries.scope import Caller, visible_to
from service.tables.accounts import account
from service.tables.events import event
from service.tables.units import unit
from workflows.vocabulary import Role

_AUDITORS = frozenset({Role.AUDITOR})
_FACTS = sa.cast(event.c.body, sa.dialects.postgresql.JSONB)["facts"]
NAMED = ("bundle", "from_on", "until_on", "purpose", "document", "manifest", "file", "size", "events", "with_body")
"""What the event says of a bundle, besides its unit."""


def taken(conn: sa.Connection, caller: Caller, most: int) -> list[dict[str, Any]]:
    """Return the newest bundles that were taken by auditors of the caller's units, or of these units; newest first."""
    of_bundle, of_staff = unit.alias("of_bundle"), unit.alias("of_staff")
    over = (visible_to(caller, each.c.path, _AUDITORS) for each in (of_bundle, of_staff))
    rows = (
        sa.select(event.c.no, event.c.at, account.c.display_name.label("by"), of_bundle.c.name.label("unit"))
        .add_columns(*(_FACTS[name].astext.label(name) for name in NAMED))
        .add_columns(visible_to(caller, of_staff.c.path, _AUDITORS).label("is_open"))
        .join(account, account.c.id == event.c.subject_id)
        .join(of_staff, of_staff.c.id == account.c.unit_id)
        .join(of_bundle, of_bundle.c.id == sa.cast(_FACTS["unit_id"].astext, sa.Uuid()))
        .where(event.c.subject == "account", event.c.action == "make_bundle", sa.or_(*over))
        .order_by(event.c.no.desc())
        .limit(most)
    )
    return [dict(row) for row in conn.execute(rows).mappings()]
