"""E-mail over SMTP, a connection for each notification, so that one bad notification cannot spoil the next."""

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from threading import Timer

from service.config import MailServer
from worker.channels.message import DeliveryResult, DeliveryStatus, MailSettings, OutgoingMessage

SMTP_TIMEOUT = 10.0
"""Seconds one answer of the server may take."""

MAX_REASON = 30.0
"""Seconds a notification may take in all, however slowly the server drips; the notification's row is locked for as long."""

_REFUSED_FOR_GOOD = range(500, 600)
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")
_GREETING = 220


def send(parcel: OutgoingMessage, counter: MailSettings) -> DeliveryResult:
    """Send one notification, its id as Message-ID, the same in every attempt, so that a mail program knows it again.

    NEVER when the reader has no address or the server refuses reader or message with 5xx. What is our own fault (no
    server, our name or password refused) or nobody's (busy, slow, gone) is NOT_NOW, even when the line broke after
    the message was sent: only then may a notification arrive twice.
    """
    if not parcel.address:
        return DeliveryResult(DeliveryStatus.NEVER, "no_address")
    if counter.server is None:
        return DeliveryResult(DeliveryStatus.NOT_NOW, "no_mail_server")
    try:
        message = compose(parcel, parcel.address, counter.sender)
    except (ValueError, IndexError, MessageError):
        return DeliveryResult(DeliveryStatus.NEVER, "bad_address")
    try:
        _send(message, counter.server, _host(counter.sender))
    except smtplib.SMTPNotSupportedError:
        return DeliveryResult(DeliveryStatus.NOT_NOW, "smtp_not_supported")
    except smtplib.SMTPRecipientsRefused as refused:
        return _refused(*next(iter(refused.recipients.values())))
    except smtplib.SMTPDataError as refused:
        return _refused(refused.smtp_code, refused.smtp_error)
    except (smtplib.SMTPException, OSError) as fault:
        return DeliveryResult(DeliveryStatus.NOT_NOW, _why(fault))
    return DeliveryResult(DeliveryStatus.DELIVERED)


def compose(parcel: OutgoingMessage, address: str, sender: str) -> EmailMessage:
    """The message as it goes. Raises ValueError, IndexError or MessageError for an address that is none."""
    name, spec = parseaddr(sender)
    message = EmailMessage()
    message["From"] = Address(display_name=name, addr_spec=spec)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = parcel.subject
    message["Date"] = format_datetime(parcel.at)
    message["Message-ID"] = f"<{parcel.notification_id}@{_host(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parcel.body)
    return message


def _host(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def _send(message: EmailMessage, server: MailServer, own_host: str) -> None:
    line = _line(server, own_host)
    watch = Timer(MAX_REASON, _cut, [line])
    watch.daemon = True
    watch.start()
    try:
        code, greeting = line.connect(server.host, server.port)
        if code != _GREETING:
            raise smtplib.SMTPConnectError(code, greeting)
        _log_in(line, server)
        line.send_message(message)
        with suppress(smtplib.SMTPException, OSError):  # it has been taken: a rude farewell changes nothing
            line.quit()
    finally:
        watch.cancel()
        line.close()


def _line(server: MailServer, own_host: str) -> smtplib.SMTP:
    """A line that is not yet open, so that the watch can be set before the server is first heard."""
    line: smtplib.SMTP = smtplib.SMTP(local_hostname=own_host, timeout=SMTP_TIMEOUT)
    if server.tls:
        line = smtplib.SMTP_SSL(local_hostname=own_host, timeout=SMTP_TIMEOUT, context=ssl.create_default_context())
    line._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - whose certificate is to be shown
    return line


def _cut(line: smtplib.SMTP) -> None:
    with suppress(OSError):
        if line.sock is not None:
            line.sock.shutdown(socket.SHUT_RDWR)


def _log_in(line: smtplib.SMTP, server: MailServer) -> None:
    """A password goes over an encrypted line only, unless it stays on this machine."""
    if server.user is None:
        return
    if not server.tls and not _is_here(server.host):
        line.starttls(context=ssl.create_default_context())
    line.login(server.user, server.password or "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(code: int, said: bytes | str) -> DeliveryResult:
    fate = DeliveryStatus.NEVER if code in _REFUSED_FOR_GOOD else DeliveryStatus.NOT_NOW
    return DeliveryResult(fate, _code(code, said))


def _code(code: int, said: bytes | str) -> str:
    """The numbers of an answer; its words may name the reader."""
    numbers = _ENHANCED.search(said if isinstance(said, bytes) else said.encode())
    return f"smtp {code}" + (f" {numbers.group().decode()}" if numbers else "")


def _why(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return _code(fault.smtp_code, fault.smtp_error)
    return type(fault).__name__
