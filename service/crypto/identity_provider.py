"""Asks an OpenID provider who signed in: authorization code with PKCE, and a signed identity token."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.config import IdentityProvider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures that are accepted: none that is made with our own client secret, and never "none"."""

TIMEOUT, LEEWAY = 5.0, 60
"""Seconds that an answer of the provider may take, and that its clock may be off."""

TWO_FACTORS = "mfa"
"""The `amr` value of RFC 8176 that means several factors."""


class ProviderFailed(Exception):
    """The provider is away, or what it says is not for this sign-in. The message holds nothing that it said."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The secrets of one sign-in at the provider, which the browser's attempt keeps sealed."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in at the provider, and whether with two factors."""

    subject_hash: bytes
    has_two_factors: bool


def new_exchange() -> Exchange:
    """Return new secrets for a sign-in at the provider."""
    return Exchange(*(secrets.token_urlsafe(32) for _ in range(3)))


def authorization_url(provider: IdentityProvider, exchange: Exchange, redirect_uri: str) -> str:
    """Return where the browser goes to sign in. Raises ProviderFailed."""
    address = str(_metadata(provider).get("authorization_endpoint", ""))
    _check_address(provider, address)
    challenge = urlsafe_b64encode(sha256(exchange.verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "state": exchange.state,
        "nonce": exchange.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def identity_of(provider: IdentityProvider, exchange: Exchange, code: str, redirect_uri: str) -> Identity:
    """Exchange a code for the identity of who signed in. Raises ProviderFailed."""
    metadata = _metadata(provider)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    form |= {"code_verifier": exchange.verifier, "client_id": provider.client_id}
    token = _asked(provider, "POST", metadata.get("token_endpoint"), form).get("id_token")
    keys = _asked(provider, "GET", metadata.get("jwks_uri"))
    try:
        claims = jwt.decode(str(token), KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": exchange.nonce},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderFailed(type(error).__name__) from None
    return _identity(provider, claims)


def _identity(provider: IdentityProvider, claims: Mapping[str, Any]) -> Identity:
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if len(audiences) > 1 and claims.get("azp") != provider.client_id:
        raise ProviderFailed("azp")
    methods = claims.get("amr")
    by_method = isinstance(methods, list) and TWO_FACTORS in methods
    subject = sha256(f"{provider.issuer}\n{claims['sub']}".encode()).digest()
    return Identity(subject, by_method or claims.get("acr") in provider.two_factor_acr)


def _metadata(provider: IdentityProvider) -> dict[str, Any]:
    found = _asked(provider, "GET", f"{provider.issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != provider.issuer:
        raise ProviderFailed("issuer")
    return dict(found)


def _asked(provider: IdentityProvider, method: str, address: object, form: dict[str, str] | None = None) -> Any:
    _check_address(provider, str(address))
    login = (provider.client_id, provider.client_secret) if form else None
    try:
        with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
            answer = client.request(method, str(address), data=form, auth=login)
            answer.raise_for_status()
            found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderFailed(type(error).__name__) from None
    if not isinstance(found, dict):
        raise ProviderFailed("answer")
    return found


def _check_address(provider: IdentityProvider, address: str) -> None:
    """Refuse an address that is less safe than the issuer's own."""
    if urlsplit(address).scheme not in {"https", urlsplit(provider.issuer).scheme}:
        raise ProviderFailed("address")
