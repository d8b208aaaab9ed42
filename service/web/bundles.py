"""/audit/bundles: an auditor takes the record of a unit and a period away as one file, and sees who took which."""

import tempfile
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, render_template, send_file
from flask.typing import ResponseReturnValue

from service.actions import bundles as actions
from service.actions.bundles import BundleRequest
from service.bundles.make import BundleSource, make_bundle
from service.clock import UNION_TIME
from service.crypto.signed_notes import log_key
from service.http.auth import requires_role
from service.http.context import action_context, app_state, at, today
from service.http.idempotency import idempotent
from service.http.transaction import connection, roll_back
from service.queries import bundles as read
from service.queries import events
from service.schemas.bundles import BundleIn
from service.web import family_options as options
from service.web.forms import PostedForm
from service.web.record_forms import Filled, draw, one
from service.web.record_page import RecordPage, sent
from workflows.code_lists import BundlePurpose
from workflows.form_fields import FormField, Kind
from workflows.vocabulary import Reason, Refused, Role

blueprint = Blueprint("bundles", __name__)
MOST_EVENTS = 50_000
"""Events of a record whose bundle is made while a person waits; beyond, the page names the command."""

MOST_SHOWN = 50
"""Earlier bundles that the page lists; the others are in the event log."""

FORM = one(
    "make_bundle",
    BundleIn,
    FormField("unit_id", "", Kind.ID),
    FormField("from_on", "", Kind.DATE),
    FormField("until_on", "", Kind.DATE),
    FormField("purpose", "", Kind.CODE, choices=tuple(BundlePurpose)),
    FormField("document", "", Kind.NUMBER_TEXT),
)


@blueprint.get("/audit/bundles")
@requires_role(Role.AUDITOR)
def show_bundles() -> str:
    """Show the form for a bundle, and the bundles that were taken before."""
    filled, units = Filled(), options.units_of(Role.AUDITOR)
    filled.add("", {"unit_id": units[0][0] if units else None})
    filled.add(
        "", {"from_on": today().replace(month=1, day=1), "until_on": today(), "purpose": BundlePurpose.YEARLY_AUDIT}
    )
    return _page(filled.posted())


def _page(posted: PostedForm) -> str:
    conn, key = connection(), log_key(app_state().settings)
    sections = draw(FORM, {"unit_id": options.units_of(Role.AUDITOR)}, posted)
    return render_template(
        "audit/bundles.html",
        page=RecordPage(FORM.key, "/audit", sections=sections, problems=posted.problems),
        rows=read.taken(conn, action_context().caller, MOST_SHOWN),
        most=MOST_SHOWN,
        key=str(key.verifier) if key is not None else "",
        is_small=events.newest(conn) <= MOST_EVENTS,
    )


@blueprint.post("/audit/bundles")
@requires_role(Role.AUDITOR)
@idempotent
def take_bundle() -> ResponseReturnValue:
    """Make a bundle and return it; the event log keeps who took which, and the digests of what they took."""
    return sent(FORM, _page, _made)


def _made(body: dict[str, Any]) -> Response:
    """Return a bundle as a file. Raises NotFound, InvalidForm, Refused (bundle_by_command, bundle_too_large)."""
    conn, context, settings = connection(), action_context(), app_state().settings
    if events.newest(conn) > MOST_EVENTS:
        raise Refused(Reason.of("bundle_by_command", most=MOST_EVENTS))
    period = (body["from_on"], body["until_on"])
    request = actions.bundle_request(conn, body["unit_id"], period, body["purpose"], body["document"], context)
    # The transaction of the request would be idle meanwhile, and PostgreSQL ends such a one after a minute.
    roll_back()
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        made = make_bundle(BundleSource(app_state().engine, log_key(settings)), file, request, context)
        actions.record_bundle(connection(), request, made, context)
        file.seek(0)
        answer = send_file(file, "application/zip", as_attachment=True, download_name=_file_name(request))
        answer.call_on_close(stack.pop_all().close)
    return answer


def _file_name(request: BundleRequest) -> str:
    made_at = at().astimezone(UNION_TIME)
    return f"bundle-{request.start:%Y%m%d}-{request.end:%Y%m%d}-{made_at:%Y%m%d-%H%M}.zip"
