"""A small OpenID provider on loopback: discovery, codes with PKCE, signed identity tokens."""

import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT_ID, CLIENT_SECRET = "songnuan", "secret-of-the-client"


@dataclass
class OpenIdProvider:
    """The provider: who is signed in there, and what its next token says instead of the truth."""

    issuer: str = ""
    subject: str = "user-1"
    claims: dict[str, Any] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", parameters={"kid": "1"}))
    signing_key: ECKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def signs_in(self, address: str) -> str:
        """Return the path to which a browser is led back from an authorization address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{urlsplit(asked['redirect_uri']).path}?code={code}&state={asked['state']}&iss={self.issuer}"

    def answer(self, path: str, form: dict[str, str], login: str) -> tuple[int, dict[str, Any]]:
        """Return status and answer of a request."""
        if path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return 200, {"issuer": self.issuer} | {name: f"{self.issuer}/{end}" for name, end in names.items()}
        if path == "/keys":
            return 200, dict(KeySet([self.key]).as_dict())
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or login != f"{CLIENT_ID}:{CLIENT_SECRET}" or verifier != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._token(asked["nonce"])}

    def _token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        }
        return jwt.encode({"alg": "ES256", "kid": "1"}, claims | self.claims, self.signing_key or self.key)


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """Start a provider on loopback, and stop it at the end."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send({name: values[0] for name, values in parse_qs(body).items()})

        def _send(self, form: dict[str, str]) -> None:
            basic = self.headers.get("Authorization", "").removeprefix("Basic ")
            status, answer = provider.answer(self.path, form, b64decode(basic).decode())
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()
