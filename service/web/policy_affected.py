"""/policies/proposals: the families and cases that a proposed policy set would change, as far as their reader sees them."""

from uuid import UUID

from flask import Blueprint, render_template, request

from service.actions.errors import NotFound
from service.http.auth import READERS, requires_role
from service.http.context import app_state, caller
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import confirmations as read
from service.queries import masking
from service.queries.policy_effects import Changed, Effect, effects, shown_cases, shown_files
from service.web import lists
from service.web.layout import text
from workflows.policy import PolicySet
from workflows.policy_parser import read_policy

blueprint = Blueprint("policy_affected", __name__)


@blueprint.get("/policies/proposals/<uuid:proposal_id>/<any(files, cases):kind>")
@requires_role(*READERS)
@takes_query("effect", "after")
def list_affected(proposal_id: UUID, kind: str) -> str:
    """List the files or open cases that a proposed set would change, masked, with the category before and after."""
    policy = _proposed(proposal_id)
    effect = Effect(asked) if (asked := request.args.get("effect")) in set(Effect) else None
    filters = {"effect": effect.value} if effect else {}
    found = effects(connection(), policy, caller())
    rows = [each for each in (found.files if kind == "files" else found.cases) if effect in {None, each.effect}]
    after = lists.cursor_key(filters)
    following = [each for each in rows if after is None or str(each.id) > after[0]]
    page = following[: lists.PAGE_SIZE]
    last = [str(page[-1].id)] if len(following) > len(page) else None
    return render_template(
        "policies/affected.html",
        policy=policy,
        proposal_id=proposal_id,
        kind=kind,
        count=len(rows),
        rows=_shown(kind, page),
        has_more=found.has_more,
        next_url=lists.next_url(last, filters),
        chosen=lists.chosen_filters({"effect": text(f"policies.effect_{effect}")} if effect else {}),
    )


def _proposed(proposal_id: UUID) -> PolicySet:
    """Return a proposed set. Raises NotFound where the caller may not see the proposal, or it is none of a set."""
    row = read.one(connection(), proposal_id, caller())
    if row is None or row.act != "policy_set":
        raise NotFound
    return read_policy(read.content_of(row, app_state().keyring)["source"])


def _shown(kind: str, page: list[Changed]) -> list[dict[str, object]]:
    read_rows = shown_files if kind == "files" else shown_cases
    rows, keyring = read_rows(connection(), (each.id for each in page), caller()), app_state().keyring
    return [
        rows[each.id] | {"change": each, "name": masking.name(keyring, rows[each.id]) if rows[each.id]["id"] else "—"}
        for each in page
        if each.id in rows
    ]
