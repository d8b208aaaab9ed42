"""Compresses text answers with gzip for browsers that accept it."""

import gzip

from flask import Response, request

COMPRESSED = frozenset({"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"})
MIN_BYTES = 1000
LEVEL = 6


def compress(response: Response) -> Response:
    """Compress a page, a style sheet or a script. JSON stays as it is: programs ask for little of it."""
    if response.mimetype not in COMPRESSED:
        return response
    response.vary.add("Accept-Encoding")
    is_accepted = request.accept_encodings["gzip"] > 0
    if not is_accepted or response.status_code == 304 or "Content-Encoding" in response.headers:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= MIN_BYTES:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        if response.headers.get("ETag"):
            response.headers["ETag"] = f"W/{response.headers['ETag'].removeprefix('W/')}"
    return response
