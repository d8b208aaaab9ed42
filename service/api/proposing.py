"""The answer to a write that waits for its second person."""

from flask import Response, json

from service.actions.confirmations import Proposal
from service.http.idempotency import release_key
from service.schemas.confirmations import ProposedOut


def proposed(proposal: Proposal, *shown_once: str) -> Response:
    """Return 202 with the confirmation's address; what is shown once is not stored with the idempotency key."""
    if shown_once:
        release_key()
    document = ProposedOut().dump(
        {"id": proposal.id, "digest": proposal.digest, "until_on": proposal.until_on, "shown_once": list(shown_once)}
    )
    location = f"/api/v1/confirmations/{proposal.id}"
    return Response(json.dumps(document), 202, headers={"Location": location}, content_type="application/json")
