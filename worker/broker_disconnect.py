"""The broker is a bell: a line that is gone takes along what was to be said through it, and the worker stays."""

from typing import Any

from kombu.transport.redis import Channel, QoS
from kombu.transport.virtual import QoS as Remembered


class ForgetfulQoS(QoS):
    """What a worker holds unacknowledged, let go when the line it came by is gone.

    Celery 5.7 closes a lost line and then speaks through it, to hand back what it holds or to acknowledge it, and the
    worker ends. Nothing need be handed back: what is not finished is still owed, and the relay rings again.
    """

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message, to the broker if it can be reached."""
        if self._gone():
            Remembered.ack(self, delivery_tag)
        else:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Refuse a message, to the broker if it can be reached."""
        if self._gone():
            Remembered.ack(self, delivery_tag)
        else:
            super().reject(delivery_tag, requeue)

    def _gone(self) -> bool:
        line: Any = self.channel.connection
        return line is None or line.client is None


def install() -> None:
    """Have every line of this process let go of what it cannot keep."""
    Channel.QoS = ForgetfulQoS
