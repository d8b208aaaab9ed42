"""Passkeys (WebAuthn): what browsers are asked to sign, and whether they signed it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import webauthn
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

MAX_ANSWER = 8192
"""Characters of what a browser may answer."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site a passkey belongs to: its host, and the origin of its pages."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """A passkey that a browser has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def creation_options(
    site: RelyingParty, account_id: UUID, login: str, name: str, challenge: bytes, known: Iterable[bytes]
) -> dict[str, Any]:
    """Return what a browser needs to make a passkey that asks its owner for a PIN, a finger or a face.

    The device keeps it and finds it by itself: a sign-in names no key.
    """
    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name="送温暖 Songnuan",
        user_id=account_id.bytes,
        user_name=login,
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    return options_to_json_dict(options)


def request_options(site: RelyingParty, challenge: bytes, known: Iterable[bytes]) -> dict[str, Any]:
    """Return what a browser needs to sign a challenge; without known keys it offers those it holds for the site."""
    options = webauthn.generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def _descriptors(known: Iterable[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each) for each in known]


def made_key(site: RelyingParty, answer: str, challenge: bytes) -> NewKey | None:
    """Return the passkey that a browser made for a challenge; None where the answer is not for it, or not of the site."""
    if len(answer) > MAX_ANSWER:
        return None
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return NewKey(made.credential_id, made.credential_public_key, made.sign_count)


def credential_id_of(answer: str) -> bytes | None:
    """Return which passkey a browser says it has signed with; None where that cannot be read."""
    if len(answer) > MAX_ANSWER:
        return None
    try:
        return parse_authentication_credential_json(answer).raw_id
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None


def new_sign_count(site: RelyingParty, answer: str, challenge: bytes, public_key: bytes, sign_count: int) -> int | None:
    """Return how often a passkey says it has signed, where it signed this challenge for this site; else None."""
    try:
        signed = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return signed.new_sign_count
