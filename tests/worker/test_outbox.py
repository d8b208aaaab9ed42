"""Tests that a notification's row records every answer a mail server can give."""

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa

from service import clock
from service.config import MailServer
from service.local_servers.smtp import HOST, Mailbox, Mood
from service.queries import notifications
from service.tables.notifications import notification
from tests.factories import Organisation, create_family
from tests.worker.notification_fixtures import message_ids, one, owe, states, tuition_at_notice
from tests.worker.secret import certificate
from worker import outbox
from worker.channels import mail
from worker.channels.message import DeliveryStatus, MailSettings, OutgoingMessage
from worker.outbox import OutboxSender, send_all, send_one, wait_after


def test_notification_is_sent_once(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    assert send_one(outbox_sender, notification_id, clock.now()) is DeliveryStatus.DELIVERED
    assert send_one(outbox_sender, notification_id, clock.now()) is None
    (message,) = mailbox.messages()
    assert message["Message-ID"] == f"<{notification_id}@union.example>"
    assert str(message["From"]) == "送温暖 <post@union.example>"
    assert message["To"] == "registrar@example.org"
    assert mailbox.files()[0].name == "001-个案-已退回补正.eml"
    row = one(engine, notification_id)
    assert (row.state, row.attempts, row.last_error) == ("delivered", 1, None)
    assert row.delivered_at is not None


def test_inbox_notification_is_delivered_without_mail_server(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender
) -> None:
    (notification_id,) = owe(engine, organisation, 1, channel="inbox")
    without_server = OutboxSender(engine, outbox_sender.keyring, MailSettings(None, "post@union.example"), "en")
    assert send_one(without_server, notification_id, clock.now()) is DeliveryStatus.DELIVERED


def test_notification_to_family_contains_no_personal_data(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    with engine.begin() as conn:
        tuition_at_notice(conn, organisation, create_family(conn, organisation, email="family@example.org"))
        case_no = conn.scalar(sa.text('SELECT case_no FROM "case"'))
    send_all(outbox_sender, [each.id for each in outbox.due(outbox_sender, clock.now(), 100)], clock.now)
    by_reader = {message["To"]: message for message in mailbox.messages()}
    assert set(by_reader) == {"family@example.org", "registrar@example.org"}
    for reader, message in by_reader.items():
        words = f"{message['Subject']}\n{message.get_content()}"
        assert str(case_no) in words
        assert ("/cases/" in words) is (reader == "registrar@example.org")
        for secret in ("示例甲", "示例丙", "3000", "illness", "371083"):
            assert secret not in words


@pytest.mark.parametrize(
    ("mood", "state", "error", "arrivals"),
    [
        (Mood.REJECT, "permanent_failure", "smtp 550 5.1.1", 0),
        (Mood.BUSY, "temporary_failure", "smtp 451 4.7.1", 0),
        (Mood.DROP, "temporary_failure", "SMTPServerDisconnected", 1),
    ],
)
def test_mail_refusal_is_recorded_on_the_row(
    engine: sa.Engine,
    organisation: Organisation,
    outbox_sender: OutboxSender,
    mailbox: Mailbox,
    mood: Mood,
    state: str,
    error: str,
    arrivals: int,
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    mailbox.mood, now = mood, clock.now()
    send_one(outbox_sender, notification_id, now)
    row = one(engine, notification_id)
    assert (row.state, row.attempts, row.last_error) == (state, 1, error)
    assert "example.org" not in row.last_error
    assert len(mailbox.files()) == arrivals


def test_notification_is_resent_with_same_message_id_after_dropped_connection(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    mailbox.mood = Mood.DROP
    now = clock.now()
    assert send_one(outbox_sender, notification_id, now) is DeliveryStatus.NOT_NOW
    mailbox.mood = Mood.ACCEPT
    assert send_one(outbox_sender, notification_id, now) is DeliveryStatus.DELIVERED
    assert message_ids(mailbox) == [str(notification_id)] * 2


def test_notification_is_retried_for_a_day_and_then_fails(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    mailbox.mood, first = Mood.BUSY, clock.now()
    attempts = [first]
    while (
        send_one(outbox_sender, notification_id, attempts[-1]) is DeliveryStatus.NOT_NOW
        and one(engine, notification_id).state == "temporary_failure"
    ):
        attempts.append(one(engine, notification_id).not_before)
        assert (
            send_one(outbox_sender, notification_id, attempts[-1] - timedelta(seconds=1)) is None
            or attempts[-1] == first
        )
    minutes = [round((after - before).total_seconds() / 60) for before, after in pairwise(attempts)]
    assert minutes == [0, 1, 5, 15, 60, *[60] * 22]
    assert timedelta(hours=23) < attempts[-1] - first <= timedelta(hours=24)
    assert one(engine, notification_id).state == "technical_failure"
    assert wait_after(29) is None


def test_notification_with_missing_or_invalid_address_fails_at_once(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    for email, error in ((None, "no_address"), ("nobody\r\nBcc: all@example.org", "bad_address"), ("@", "bad_address")):
        (notification_id,) = owe(engine, organisation, 1)
        with engine.begin() as conn:
            change = sa.text("UPDATE account SET email = :email WHERE id = :id")
            conn.execute(change, {"email": email, "id": organisation.people["registrar"]})
        assert send_one(outbox_sender, notification_id, clock.now()) is DeliveryStatus.NEVER
        assert one(engine, notification_id).last_error == error
    assert mailbox.files() == []


def test_disabled_account_gets_no_mail(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    with engine.begin() as conn:
        conn.execute(
            sa.text("UPDATE account SET disabled_at = now() WHERE id = :id"), {"id": organisation.people["registrar"]}
        )
    assert send_one(outbox_sender, notification_id, clock.now()) is DeliveryStatus.NEVER
    assert mailbox.files() == []


def test_notification_kind_without_template_is_postponed_alone(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    unknown_kind, known_kind = *owe(engine, organisation, 1, kind="no_such_notification"), *owe(engine, organisation, 1)
    assert send_all(outbox_sender, [unknown_kind, known_kind], clock.now) == {
        DeliveryStatus.NOT_NOW: 1,
        DeliveryStatus.DELIVERED: 1,
    }
    assert one(engine, unknown_kind).last_error == "MissingTranslation"
    assert len(mailbox.files()) == 1


def test_concurrent_senders_send_each_notification_once(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    ids = owe(engine, organisation, 40)
    with ThreadPoolExecutor(4) as executor:
        for _ in range(4):
            executor.submit(send_all, outbox_sender, list(ids), clock.now)
    assert sorted(message_ids(mailbox)) == sorted(str(each) for each in ids)


def test_batch_stops_when_its_time_is_over(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender
) -> None:
    ids, start = owe(engine, organisation, 3), datetime.now(UTC)
    ticks = iter((start, start, start + timedelta(seconds=29), start + timedelta(seconds=30)))
    assert send_all(outbox_sender, ids, lambda: next(ticks)).total() == 2
    assert states(engine) == {"delivered": 2, "created": 1}
    with engine.connect() as conn:
        backlog = notifications.backlog(conn)
    assert (backlog.owed, backlog.retrying) == (1, 0)
    assert backlog.oldest is not None
    assert backlog.age(backlog.oldest + timedelta(minutes=3)) == 180


def test_inbox_notifications_are_due_before_mail(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender
) -> None:
    owe(engine, organisation, 2)
    owe(engine, organisation, 2, channel="inbox")
    assert [each.channel for each in outbox.due(outbox_sender, clock.now(), 3)] == ["inbox", "inbox", "email"]


# --- Mail servers that break the protocol ------------------------------------------------------------------------------


def _closed(_connection: socket.socket) -> None:
    """Close the connection without an answer."""


def _garbage(connection: socket.socket) -> None:
    connection.sendall(b"\xff\xfe\x00<html>\r\n")
    connection.recv(100)


def _busy_at_connection(connection: socket.socket) -> None:
    connection.sendall(b"421 4.3.2 closing\r\n")
    connection.recv(100)


def _silent(connection: socket.socket) -> None:
    connection.recv(100)


def _dripping(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        connection.settimeout(0.1)
        with suppress(TimeoutError):
            if not connection.recv(10):
                return


@pytest.fixture
def message() -> OutgoingMessage:
    return OutgoingMessage(UUID(int=7), "reader@example.org", "标题", "正文\n", datetime(2025, 10, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_closed, "SMTPServerDisconnected"),
        (_garbage, "smtp -1"),
        (_busy_at_connection, "smtp 421 4.3.2"),
        (_silent, "SMTPServerDisconnected"),
        (_dripping, "smtp -1"),
    ],
)
def test_mail_server_that_breaks_the_protocol_postpones_the_notification(
    answer: Callable[[socket.socket], None],
    error: str,
    message: OutgoingMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail, "SMTP_TIMEOUT", 0.5)
    monkeypatch.setattr(mail, "DELIVERY_TIMEOUT", 1.5)
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                answer(connection)

        thread = Thread(target=serve)
        thread.start()
        settings = MailSettings(MailServer(HOST, server.getsockname()[1], tls=False), "post@union.example")
        delivery = mail.send(message, settings)
        thread.join(5)
    assert (delivery.fate, delivery.why) == (DeliveryStatus.NOT_NOW, error)


def test_missing_or_unreachable_mail_server_postpones_the_notification(message: OutgoingMessage) -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    assert mail.send(message, MailSettings(None, "post@union.example")).why == "no_mail_server"
    refused = mail.send(message, MailSettings(MailServer(HOST, port, tls=False), "post@union.example"))
    assert (refused.fate, refused.why) == (DeliveryStatus.NOT_NOW, "ConnectionRefusedError")


def test_mail_over_tls_requires_a_trusted_certificate(
    tmp_path: Path, message: OutgoingMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, chain = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(chain)
    with Mailbox(tmp_path / "mail", tls=tls) as mailbox:
        settings = MailSettings(mailbox.mail_server, "post@union.example")
        assert mail.send(message, settings).why == "SSLCertVerificationError"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert mail.send(message, settings).fate is DeliveryStatus.DELIVERED
        assert len(mailbox.files()) == 1


def test_local_mail_server_takes_no_letter_without_its_secret(message: OutgoingMessage, mailbox: Mailbox) -> None:
    """Why: every process of the machine could lay letters into the installation's mail folder."""
    for server in (
        MailServer(HOST, mailbox.port, tls=False),
        MailServer(HOST, mailbox.port, tls=False, user="songnuan", password="guess"),
    ):
        refused = mail.send(message, MailSettings(server, "post@union.example"))
        assert refused.fate is not DeliveryStatus.DELIVERED, refused
    assert mailbox.files() == []
    assert mail.send(message, MailSettings(mailbox.mail_server, "post@union.example")).fate is DeliveryStatus.DELIVERED
    (letter,) = mailbox.files()
    assert (letter.stat().st_mode & 0o077, mailbox.folder.stat().st_mode & 0o077) == (0, 0)


def test_mail_to_a_chinese_domain_names_it_in_ascii(message: OutgoingMessage) -> None:
    composed = mail.compose(message, "wang@总工会.example", "post@union.example")
    assert str(composed["To"]) == "wang@xn--6oq837aiwb.example"


def test_mail_password_is_not_sent_without_tls(message: OutgoingMessage, mailbox: Mailbox) -> None:
    plain_server = MailServer("0.0.0.0", mailbox.port, tls=False, user="post", password="secret")  # noqa: S104
    delivery = mail.send(message, MailSettings(plain_server, "post@union.example"))
    assert (delivery.fate, delivery.why) == (DeliveryStatus.NOT_NOW, "smtp_not_supported")


def test_notification_is_resent_when_its_delivery_cannot_be_recorded(
    engine: sa.Engine, organisation: Organisation, outbox_sender: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, organisation, 1)
    with engine.begin() as conn:
        conn.execute(sa.text("ALTER TABLE notification ADD CONSTRAINT broken CHECK (state <> 'delivered') NOT VALID"))
    with pytest.raises(sa.exc.IntegrityError):
        send_one(outbox_sender, notification_id, clock.now())
    with engine.begin() as conn:
        conn.execute(sa.text("ALTER TABLE notification DROP CONSTRAINT broken"))
        assert conn.scalar(sa.select(notification.c.state)) == "created"
    assert send_one(outbox_sender, notification_id, clock.now()) is DeliveryStatus.DELIVERED
    assert message_ids(mailbox) == [str(notification_id)] * 2


class ListingMailbox(Mailbox):
    """A mail server that counts how often it lists its folder."""

    listed = 0

    def files(self) -> list[Path]:
        """List the folder."""
        self.listed += 1
        return super().files()


def test_local_mail_server_numbers_letters_after_those_it_found_and_lists_them_once(
    tmp_path: Path, message: OutgoingMessage
) -> None:
    """Why: a folder of 18,000 letters that was listed for each one let 13 a second through."""
    (tmp_path / "041-old.eml").write_bytes(b"Subject: old")
    with ListingMailbox(tmp_path) as mailbox:
        settings = MailSettings(mailbox.mail_server, "union@example.org")
        fates = [mail.send(message, settings).fate for _ in range(3)]
        assert (fates, mailbox.listed) == ([DeliveryStatus.DELIVERED] * 3, 1)
        assert [each.name[:3] for each in mailbox.files()] == ["041", "042", "043", "044"]
