"""A passkey in software: it answers as a browser does, so that the service's side is tested without one."""

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40
"""Flags of an answer: somebody was there, showed a PIN or a finger, and a key follows."""

LENGTH = 32
"""Bytes of a coordinate and of an id."""


@dataclass
class SoftwarePasskey:
    """One passkey of one site."""

    host: str = "localhost"
    origin: str = "http://localhost"
    sign_count: int = 0
    flags: int = PRESENT | VERIFIED
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(LENGTH))
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, options: dict[str, Any]) -> str:
        """Answer the options for a new passkey."""
        public = self._key.public_key().public_numbers()
        x, y = (number.to_bytes(LENGTH, "big") for number in (public.x, public.y))
        key = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + LENGTH.to_bytes(2, "big") + self.credential_id + key
        data = self._data(WITH_KEY) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(self._client("webauthn.create", options), {"attestationObject": attestation})

    def signed(self, options: dict[str, Any], **more: bytes) -> str:
        """Answer the options of a sign-in or of an act."""
        self.sign_count += 1
        client, data = self._client("webauthn.get", options), self._data()
        signature = self._key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(client, {"authenticatorData": data, "signature": signature, **more})

    def _data(self, more: int = 0) -> bytes:
        flags = bytes([self.flags | more])
        return sha256(self.host.encode()).digest() + flags + self.sign_count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, client: bytes, response: dict[str, bytes]) -> str:
        parts = {name: bytes_to_base64url(value) for name, value in {"clientDataJSON": client, **response}.items()}
        own_id = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": own_id, "rawId": own_id, "type": "public-key", "response": parts})
