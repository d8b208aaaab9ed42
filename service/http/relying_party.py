"""The site that passkeys belong to: PUBLIC_URL, and in its absence localhost."""

from urllib.parse import urlsplit

from flask import request

from service.crypto.passkeys import RelyingParty
from service.http.context import app_state

LOCAL = "localhost"
"""The only host without HTTPS for which browsers make passkeys."""


def relying_party() -> RelyingParty | None:
    """Return the site of this installation; None where PUBLIC_URL is not set and the browser calls no localhost."""
    public_url = app_state().settings.public_url
    url = urlsplit(public_url or f"http://{request.host}")
    host = url.hostname or ""
    if url.scheme != "https" and host != LOCAL:
        return None
    return RelyingParty(host, f"{url.scheme}://{url.netloc}")
