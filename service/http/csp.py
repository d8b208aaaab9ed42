"""Content Security Policies: one for pages, one for the document of the API."""

_SHARED = "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

PAGES = f"default-src 'self'; img-src 'self' data: blob:; {_SHARED}"

API_DOCUMENT = f"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; {_SHARED}"
"""Swagger UI writes styles into its elements."""
