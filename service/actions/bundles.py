"""Bundles for auditors: who may ask for one, of what, and the event that says who took which."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.queries import units
from workflows.code_lists import BundlePurpose
from workflows.vocabulary import Plain, Role


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """A unit, a period of which both days count, what the bundle is for, and the document that asks for it."""

    unit_id: UUID
    unit_name: str
    unit_path: str
    start: date
    end: date
    purpose: BundlePurpose
    document: str


@dataclass(frozen=True, slots=True)
class MadeBundle:
    """A bundle that was written: its id, the digests of its manifest and of the whole file, its size, and its events."""

    id: UUID
    manifest: str
    file: str
    size: int
    events: int
    with_body: int


def bundle_request(
    conn: sa.Connection, unit_id: UUID, period: tuple[date, date], purpose: str, document: str, context: ActionContext
) -> BundleRequest:
    """Return the request of an auditor.

    Raises NotFound for a unit over which they are no auditor, InvalidForm for a period, purpose or document that cannot be.
    """
    row = units.one(conn, unit_id, context.caller)
    if row is None or not context.caller.holds((Role.AUDITOR,), row["path"]):
        raise NotFound
    start, end = period
    validation.refuse_invalid(
        validation.dates_in_order("until_on", start, end),
        validation.not_in_future("until_on", end, context.today),
        validation.choice("purpose", purpose, BundlePurpose),
        validation.document_number("document", document),
    )
    return BundleRequest(unit_id, row["name"], row["path"], start, end, BundlePurpose(purpose), document.strip())


def record_bundle(conn: sa.Connection, request: BundleRequest, made: MadeBundle, context: ActionContext) -> None:
    """Record that the caller took a bundle: of which unit and period, what for, and the digests of what they took."""
    facts: dict[str, Plain] = {
        "bundle": str(made.id),
        "unit_id": str(request.unit_id),
        "from_on": request.start.isoformat(),
        "until_on": request.end.isoformat(),
        "purpose": request.purpose.value,
        "document": request.document,
        "manifest": made.manifest,
        "file": made.file,
        "size": made.size,
        "events": made.events,
        "with_body": made.with_body,
    }
    event_log.append_event(conn, "account", context.caller.account, "make_bundle", facts, context)
