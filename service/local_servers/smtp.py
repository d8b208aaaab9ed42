"""The local mail server keeps each message as a file."""

import asyncio
import hmac
import logging
import re
import secrets
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from service.config import MailServer
from service.private_files import close_folder, write_file

HOST = "127.0.0.1"
USER = "songnuan"
_HANG_SECONDS = 3600.0
_MAX_SLUG = 60
_START_TIMEOUT = 10.0
"""Seconds the server has to start."""


class Mood(StrEnum):
    """How the server answers a message."""

    ACCEPT = "accept"
    REJECT = "reject"
    """Refuse every recipient: 550."""
    BUSY = "busy"
    """Ask to try later: 451."""
    HANG = "hang"
    """Read the message and answer nothing."""
    DROP = "drop"
    """Keep the message, then drop the connection without an answer."""


def _number(file: Path) -> int:
    return int(file.name.split("-", 1)[0])


class Mailbox(Controller):
    """A mail server on loopback, for the demo and the tests. It takes letters from whoever has its secret.

    It keeps each message as `<folder>/<nnn>-<subject>.eml`, numbered after the files that exist.
    `with Mailbox(folder) as mailbox: … mailbox.url …`; `mood` may be changed while it runs.
    """

    def __init__(self, folder: Path, *, mood: Mood = Mood.ACCEPT, tls: SSLContext | None = None) -> None:
        super().__init__(
            self,
            HOST,
            0,
            ssl_context=tls,
            server_hostname="mailbox",
            ready_timeout=_START_TIMEOUT,
            enable_SMTPUTF8=True,
            authenticator=self._authenticate,
            auth_require_tls=False,
        )
        self.folder, self.mood = folder, mood
        self._last: int | None = None
        self._secret = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The value for SMTP_URL."""
        return self.mail_server.url

    @property
    def mail_server(self) -> MailServer:
        """The mail server of the settings."""
        return MailServer(HOST, self.port, tls=self.ssl_context is not None, user=USER, password=self._secret)

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        """Accept the processes that this process has told the secret."""
        password = given.password if isinstance(given, LoginPassword) else b""
        return AuthResult(success=hmac.compare_digest(password, self._secret.encode()), handled=False)

    def files(self) -> list[Path]:
        """The files of the messages, in order of arrival."""
        return sorted(self.folder.glob("[0-9]*.eml"), key=_number)

    def messages(self) -> list[EmailMessage]:
        """The messages, parsed, in order of arrival."""
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self.files()]

    def __enter__(self) -> Self:
        close_folder(self.folder)
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns there of its own attribute at each login
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _trigger_server(self) -> None:
        # Port 0 means "any free port": its number is known once the server listens.
        if isinstance(self.server, asyncio.Server):
            self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take letters only after a login. (aiosmtpd's own setting for this warns of every login without TLS.)"""
        if not session.authenticated:
            return "530 5.7.0 authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept or refuse a recipient, as the mood says."""
        answers = {Mood.REJECT: "550 5.1.1 no such recipient", Mood.BUSY: "451 4.7.1 try again later"}
        if self.mood in answers:
            return answers[self.mood]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message and answer 250, unless the mood is HANG or DROP."""
        if self.mood is Mood.HANG:
            await asyncio.sleep(_HANG_SECONDS)
        self._keep(envelope.original_content or b"")
        if self.mood is Mood.DROP and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 kept"

    def _keep(self, content: bytes) -> None:
        subject = str(message_from_bytes(content, policy=policy.default)["subject"] or "")
        slug = re.sub(r"[^\w]+", "-", subject).strip("-")[:_MAX_SLUG] or "notification"
        # The folder is listed once: with 18,000 letters in it, a list for each let 13 a second through.
        if self._last is None:
            self._last = max(map(_number, self.files()), default=0)
        self._last += 1
        write_file(self.folder / f"{self._last:03d}-{slug}.eml", content)
