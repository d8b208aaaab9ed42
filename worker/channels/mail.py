"""The mail channel sends each notification over its own SMTP connection."""

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
"""Seconds one answer of the server may take (socket timeout)."""

DELIVERY_TIMEOUT = 30.0
"""Seconds one delivery may take; the notification's row is locked for that time."""

_PERMANENT = range(500, 600)
_ENHANCED = re.compile(rb"\b[245]\.\d{1,3}\.\d{1,3}\b")
_GREETING = 220


def send(outgoing: OutgoingMessage, settings: MailSettings) -> DeliveryResult:
    """Send one notification; its id is the Message-ID of every attempt, so that a mail program can drop a copy.

    Returns NEVER when the reader has no valid address or the server refuses reader or message with 5xx. Returns NOT_NOW
    when there is no server, our login is refused, or the server is busy, slow or unreachable. When the connection
    breaks after the message was sent, the result is NOT_NOW too: only then may a notification arrive twice.
    """
    if not outgoing.address:
        return DeliveryResult(DeliveryStatus.NEVER, "no_address")
    if settings.server is None:
        return DeliveryResult(DeliveryStatus.NOT_NOW, "no_mail_server")
    try:
        message = compose(outgoing, outgoing.address, settings.sender)
    except (ValueError, IndexError, MessageError):
        return DeliveryResult(DeliveryStatus.NEVER, "bad_address")
    try:
        _send(message, settings.server, _domain(settings.sender))
    except smtplib.SMTPNotSupportedError:
        return DeliveryResult(DeliveryStatus.NOT_NOW, "smtp_not_supported")
    except smtplib.SMTPRecipientsRefused as refused:
        return _refused(*next(iter(refused.recipients.values())))
    except smtplib.SMTPDataError as refused:
        return _refused(refused.smtp_code, refused.smtp_error)
    except (smtplib.SMTPException, OSError) as fault:
        return DeliveryResult(DeliveryStatus.NOT_NOW, _reason_code(fault))
    return DeliveryResult(DeliveryStatus.DELIVERED)


def compose(outgoing: OutgoingMessage, address: str, sender: str) -> EmailMessage:
    """Return the e-mail. Raises ValueError, IndexError or MessageError when an address is invalid."""
    name, spec = parseaddr(sender)
    message = EmailMessage()
    message["From"] = Address(display_name=name, addr_spec=spec)
    message["To"] = Address(addr_spec=_ascii_address(address))
    message["Subject"] = outgoing.subject
    message["Date"] = format_datetime(outgoing.at)
    message["Message-ID"] = f"<{outgoing.notification_id}@{_domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(outgoing.body)
    return message


def _ascii_address(address: str) -> str:
    """Return an address with its domain in ASCII: `wang@总工会.example → wang@xn--6oq837aiwb.example`. Raises ValueError."""
    name, _, host = address.rpartition("@")
    return f"{name}@{host.encode('idna').decode()}"


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def _send(message: EmailMessage, server: MailServer, own_host: str) -> None:
    client = _smtp_client(server, own_host)
    # SMTP_TIMEOUT starts again with every byte received: a server that sends slowly needs a limit on the whole.
    timer = Timer(DELIVERY_TIMEOUT, _disconnect, [client])
    timer.daemon = True
    timer.start()
    try:
        code, greeting = client.connect(server.host, server.port)
        if code != _GREETING:
            raise smtplib.SMTPConnectError(code, greeting)
        _log_in(client, server)
        client.send_message(message)
        with suppress(smtplib.SMTPException, OSError):  # the server has accepted the message already
            client.quit()
    finally:
        timer.cancel()
        client.close()


def _smtp_client(server: MailServer, own_host: str) -> smtplib.SMTP:
    """Return a client that is not connected yet, so that its timer can start before it connects."""
    client: smtplib.SMTP = smtplib.SMTP(local_hostname=own_host, timeout=SMTP_TIMEOUT)
    if server.tls:
        client = smtplib.SMTP_SSL(local_hostname=own_host, timeout=SMTP_TIMEOUT, context=ssl.create_default_context())
    client._host = server.host  # type: ignore[attr-defined]  # noqa: SLF001 - the certificate must name this host
    return client


def _disconnect(client: smtplib.SMTP) -> None:
    with suppress(OSError):
        if client.sock is not None:
            client.sock.shutdown(socket.SHUT_RDWR)


def _log_in(client: smtplib.SMTP, server: MailServer) -> None:
    """Log in, over TLS unless the server is on this machine."""
    if server.user is None:
        return
    if not server.tls and not _is_local(server.host):
        client.starttls(context=ssl.create_default_context())
    client.login(server.user, server.password or "")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(code: int, answer: bytes | str) -> DeliveryResult:
    fate = DeliveryStatus.NEVER if code in _PERMANENT else DeliveryStatus.NOT_NOW
    return DeliveryResult(fate, _smtp_code(code, answer))


def _smtp_code(code: int, answer: bytes | str) -> str:
    """Return the numbers of an answer: `smtp 550 5.1.1`. Its text may name the reader."""
    numbers = _ENHANCED.search(answer if isinstance(answer, bytes) else answer.encode())
    return f"smtp {code}" + (f" {numbers.group().decode()}" if numbers else "")


def _reason_code(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return _smtp_code(fault.smtp_code, fault.smtp_error)
    return type(fault).__name__
