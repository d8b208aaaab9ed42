"""One notification, one transaction: every way a mail server can answer leaves the row in a state that says so."""

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


def test_a_notification_goes_once(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, office, 1)
    assert send_one(room, notification_id, clock.now()) is DeliveryStatus.DELIVERED
    assert send_one(room, notification_id, clock.now()) is None
    (message,) = mailbox.messages()
    assert message["Message-ID"] == f"<{notification_id}@union.example>"
    assert str(message["From"]) == "送温暖 <post@union.example>"
    assert message["To"] == "registrar@example.org"
    assert mailbox.files()[0].name == "001-个案-已退回补正.eml"
    row = one(engine, notification_id)
    assert (row.state, row.attempts, row.last_error) == ("delivered", 1, None)
    assert row.delivered_at is not None


def test_an_inbox_notification_needs_no_server(engine: sa.Engine, office: Organisation, room: OutboxSender) -> None:
    (notification_id,) = owe(engine, office, 1, channel="inbox")
    nowhere = OutboxSender(engine, room.keyring, MailSettings(None, "post@union.example"), "en")
    assert send_one(nowhere, notification_id, clock.now()) is DeliveryStatus.DELIVERED


def test_the_family_is_written_to_and_nothing_is_said_about_it(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    with engine.begin() as conn:
        tuition_at_notice(conn, office, create_family(conn, office, email="family@example.org"))
        case_no = conn.scalar(sa.text('SELECT case_no FROM "case"'))
    send_all(room, [each.id for each in outbox.due(room, clock.now(), 100)], clock.now)
    by_reader = {message["To"]: message for message in mailbox.messages()}
    assert set(by_reader) == {"family@example.org", "registrar@example.org"}
    for reader, message in by_reader.items():
        words = f"{message['Subject']}\n{message.get_content()}"
        assert str(case_no) in words
        assert ("/cases/" in words) is (reader == "registrar@example.org")
        for secret in ("示例甲", "示例丙", "3000", "illness", "371083"):
            assert secret not in words


@pytest.mark.parametrize(
    ("mood", "state", "why", "arrived"),
    [
        (Mood.REJECT, "permanent_failure", "smtp 550 5.1.1", 0),
        (Mood.BUSY, "temporary_failure", "smtp 451 4.7.1", 0),
        (Mood.DROP, "temporary_failure", "SMTPServerDisconnected", 1),
    ],
)
def test_a_refusal_is_written_on_the_row(
    engine: sa.Engine,
    office: Organisation,
    room: OutboxSender,
    mailbox: Mailbox,
    mood: Mood,
    state: str,
    why: str,
    arrived: int,
) -> None:
    (notification_id,) = owe(engine, office, 1)
    mailbox.mood, now = mood, clock.now()
    send_one(room, notification_id, now)
    row = one(engine, notification_id)
    assert (row.state, row.attempts, row.last_error) == (state, 1, why)
    assert "example.org" not in row.last_error
    assert len(mailbox.files()) == arrived


def test_a_line_that_broke_after_the_message_brings_it_again_under_the_same_id(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, office, 1)
    mailbox.mood = Mood.DROP
    now = clock.now()
    assert send_one(room, notification_id, now) is DeliveryStatus.NOT_NOW
    mailbox.mood = Mood.ACCEPT
    assert send_one(room, notification_id, now) is DeliveryStatus.DELIVERED
    assert message_ids(mailbox) == [str(notification_id)] * 2


def test_a_notification_is_tried_for_a_day_and_then_given_up(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, office, 1)
    mailbox.mood, first = Mood.BUSY, clock.now()
    tried = [first]
    while (
        send_one(room, notification_id, tried[-1]) is DeliveryStatus.NOT_NOW
        and one(engine, notification_id).state == "temporary_failure"
    ):
        tried.append(one(engine, notification_id).not_before)
        assert send_one(room, notification_id, tried[-1] - timedelta(seconds=1)) is None or tried[-1] == first
    minutes = [round((after - before).total_seconds() / 60) for before, after in pairwise(tried)]
    assert minutes == [0, 1, 5, 15, 60, *[60] * 22]
    assert timedelta(hours=23) < tried[-1] - first <= timedelta(hours=24)
    assert one(engine, notification_id).state == "technical_failure"
    assert wait_after(29) is None


def test_an_address_that_is_none_and_one_that_is_missing(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    for email, why in ((None, "no_address"), ("nobody\r\nBcc: all@example.org", "bad_address"), ("@", "bad_address")):
        (notification_id,) = owe(engine, office, 1)
        with engine.begin() as conn:
            change = sa.text("UPDATE account SET email = :email WHERE id = :id")
            conn.execute(change, {"email": email, "id": office.people["registrar"]})
        assert send_one(room, notification_id, clock.now()) is DeliveryStatus.NEVER
        assert one(engine, notification_id).last_error == why
    assert mailbox.files() == []


def test_somebody_who_has_left_gets_no_mail(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, office, 1)
    with engine.begin() as conn:
        conn.execute(
            sa.text("UPDATE account SET disabled_at = now() WHERE id = :id"), {"id": office.people["registrar"]}
        )
    assert send_one(room, notification_id, clock.now()) is DeliveryStatus.NEVER
    assert mailbox.files() == []


def test_a_kind_without_words_is_put_off_and_stops_nobody(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    wrong, right = *owe(engine, office, 1, kind="no_such_notification"), *owe(engine, office, 1)
    assert send_all(room, [wrong, right], clock.now) == {DeliveryStatus.NOT_NOW: 1, DeliveryStatus.DELIVERED: 1}
    assert one(engine, wrong).last_error == "NoWords"
    assert len(mailbox.files()) == 1


def test_many_hands_send_each_notification_once(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    ids = owe(engine, office, 40)
    with ThreadPoolExecutor(4) as hands:
        for _ in range(4):
            hands.submit(send_all, room, list(ids), clock.now)
    assert sorted(message_ids(mailbox)) == sorted(str(each) for each in ids)


def test_a_batch_stops_when_its_time_is_over(engine: sa.Engine, office: Organisation, room: OutboxSender) -> None:
    ids, start = owe(engine, office, 3), datetime.now(UTC)
    ticks = iter((start, start, start + timedelta(seconds=29), start + timedelta(seconds=30)))
    assert send_all(room, ids, lambda: next(ticks)).total() == 2
    assert states(engine) == {"delivered": 2, "created": 1}
    with engine.connect() as conn:
        behind = notifications.backlog(conn)
    assert (behind.owed, behind.retrying) == (1, 0)
    assert behind.oldest is not None
    assert behind.age(behind.oldest + timedelta(minutes=3)) == 180


def test_the_inbox_goes_before_the_mail(engine: sa.Engine, office: Organisation, room: OutboxSender) -> None:
    owe(engine, office, 2)
    owe(engine, office, 2, channel="inbox")
    assert [each.channel for each in outbox.due(room, clock.now(), 3)] == ["inbox", "inbox", "email"]


# --- Servers that do not keep to the rules ------------------------------------------------------------------------------


def _closed(_line: socket.socket) -> None:
    """Says nothing and hangs up."""


def _garbage(line: socket.socket) -> None:
    line.sendall(b"\xff\xfe\x00<html>\r\n")
    line.recv(100)


def _busy_at_the_door(line: socket.socket) -> None:
    line.sendall(b"421 4.3.2 closing\r\n")
    line.recv(100)


def _silent(line: socket.socket) -> None:
    line.recv(100)


def _dripping(line: socket.socket) -> None:
    while True:
        line.sendall(b"x")
        line.settimeout(0.1)
        with suppress(TimeoutError):
            if not line.recv(10):
                return


@pytest.fixture
def notifications_parcel() -> OutgoingMessage:
    return OutgoingMessage(UUID(int=7), "reader@example.org", "标题", "正文\n", datetime(2025, 10, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (_closed, "SMTPServerDisconnected"),
        (_garbage, "smtp -1"),
        (_busy_at_the_door, "smtp 421 4.3.2"),
        (_silent, "SMTPServerDisconnected"),
        (_dripping, "smtp -1"),
    ],
)
def test_a_server_out_of_order_puts_the_notification_off(
    behave: Callable[[socket.socket], None],
    why: str,
    notifications_parcel: OutgoingMessage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail, "SMTP_TIMEOUT", 0.5)
    monkeypatch.setattr(mail, "DELIVERY_TIMEOUT", 1.5)
    with socket.create_server((HOST, 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line, suppress(OSError):
                behave(line)

        serving = Thread(target=serve)
        serving.start()
        counter = MailSettings(MailServer(HOST, door.getsockname()[1], tls=False), "post@union.example")
        handed = mail.send(notifications_parcel, counter)
        serving.join(5)
    assert (handed.fate, handed.why) == (DeliveryStatus.NOT_NOW, why)


def test_no_server_and_a_closed_door_put_the_notification_off(notifications_parcel: OutgoingMessage) -> None:
    with socket.create_server((HOST, 0)) as door:
        port = door.getsockname()[1]
    assert mail.send(notifications_parcel, MailSettings(None, "post@union.example")).why == "no_mail_server"
    refused = mail.send(notifications_parcel, MailSettings(MailServer(HOST, port, tls=False), "post@union.example"))
    assert (refused.fate, refused.why) == (DeliveryStatus.NOT_NOW, "ConnectionRefusedError")


def test_tls_when_asked_and_never_with_a_stranger(
    tmp_path: Path, notifications_parcel: OutgoingMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, chain = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(chain)
    with Mailbox(tmp_path / "mail", tls=tls) as mailbox:
        counter = MailSettings(MailServer(HOST, mailbox.port, tls=True), "post@union.example")
        assert mail.send(notifications_parcel, counter).why == "SSLCertVerificationError"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert mail.send(notifications_parcel, counter).fate is DeliveryStatus.DELIVERED
        assert len(mailbox.files()) == 1


def test_a_password_never_travels_in_the_open(notifications_parcel: OutgoingMessage, mailbox: Mailbox) -> None:
    elsewhere = MailServer("0.0.0.0", mailbox.port, tls=False, user="post", password="secret")  # noqa: S104
    handed = mail.send(notifications_parcel, MailSettings(elsewhere, "post@union.example"))
    assert (handed.fate, handed.why) == (DeliveryStatus.NOT_NOW, "smtp_not_supported")


def test_a_notification_is_not_lost_when_its_fate_cannot_be_written(
    engine: sa.Engine, office: Organisation, room: OutboxSender, mailbox: Mailbox
) -> None:
    (notification_id,) = owe(engine, office, 1)
    with engine.begin() as conn:
        conn.execute(sa.text("ALTER TABLE notification ADD CONSTRAINT broken CHECK (state <> 'delivered') NOT VALID"))
    with pytest.raises(sa.exc.IntegrityError):
        send_one(room, notification_id, clock.now())
    with engine.begin() as conn:
        conn.execute(sa.text("ALTER TABLE notification DROP CONSTRAINT broken"))
        assert conn.scalar(sa.select(notification.c.state)) == "created"
    assert send_one(room, notification_id, clock.now()) is DeliveryStatus.DELIVERED
    assert message_ids(mailbox) == [str(notification_id)] * 2
