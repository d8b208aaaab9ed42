"""A mail server that cuts some lines: it has taken the message, and says nothing."""

from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from service.mailbox import Mailbox, Mood


def letter_in(message_id: object) -> str:
    """The letter's id in a Message-ID."""
    return str(message_id).strip().strip("<>").partition("@")[0]


class Postbox(Mailbox):
    """Keeps every message; of the first `cuts` letters that come, one in three, it drops the line once."""

    def __init__(self, folder: Path, *, cuts: int = 0) -> None:
        super().__init__(folder)
        self.cuts, self.seen, self.cut = cuts, 0, set[str]()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message; perhaps go silent."""
        self.seen += 1
        self.mood = Mood.ACCEPT
        letter = _letter(envelope.original_content or b"")
        if len(self.cut) < self.cuts and self.seen % 3 == 0 and letter not in self.cut:
            self.mood = Mood.DROP
            self.cut.add(letter)
        return await super().handle_DATA(server, session, envelope)

    def arrivals(self) -> list[tuple[str, float]]:
        """Each arrival, the first one first: which letter, and when."""
        files, messages = self.files(), self.messages()
        times = [path.stat().st_mtime for path in files]
        return [(letter_in(each["Message-ID"]), at) for each, at in zip(messages, times, strict=True)]

    def first_and_last(self, letter: str) -> tuple[float, float]:
        """When a letter came first, and when last."""
        times = [at for each, at in self.arrivals() if each == letter]
        return min(times), max(times)


def _letter(content: bytes) -> str:
    lines = content.decode("utf-8", "replace").splitlines()
    return next(letter_in(line.partition(":")[2]) for line in lines if line.lower().startswith("message-id:"))
