"""An SMTP server that drops some connections after it stored the message."""

from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from service.local_servers.smtp import Mailbox, Mood


def notification_in(message_id: object) -> str:
    """Return the notification's id in a Message-ID."""
    return str(message_id).strip().strip("<>").partition("@")[0]


class FlakySmtp(Mailbox):
    """A mailbox that drops one connection in three, once per notification and at most `cuts` times."""

    def __init__(self, folder: Path, *, cuts: int = 0) -> None:
        super().__init__(folder)
        self.cuts, self.message_count, self.cut = cuts, 0, set[str]()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the message, then answer or drop the connection."""
        self.message_count += 1
        self.mood = Mood.ACCEPT
        notification = _notification(envelope.original_content or b"")
        if len(self.cut) < self.cuts and self.message_count % 3 == 0 and notification not in self.cut:
            self.mood = Mood.DROP
            self.cut.add(notification)
        return await super().handle_DATA(server, session, envelope)

    def arrivals(self) -> list[tuple[str, float]]:
        """Return the notification id and time of each arrival, oldest first."""
        files, messages = self.files(), self.messages()
        times = [path.stat().st_mtime for path in files]
        return [(notification_in(each["Message-ID"]), at) for each, at in zip(messages, times, strict=True)]

    def first_and_last(self, notification: str) -> tuple[float, float]:
        """Return the times of a notification's first and last arrival."""
        times = [at for each, at in self.arrivals() if each == notification]
        return min(times), max(times)


def _notification(content: bytes) -> str:
    lines = content.decode("utf-8", "replace").splitlines()
    return next(notification_in(line.partition(":")[2]) for line in lines if line.lower().startswith("message-id:"))
