"""ForgetfulQoS keeps a worker alive when its broker connection drops."""

from typing import Any

from kombu.transport.redis import Channel, QoS
from kombu.transport.virtual import QoS as InMemoryQoS


class ForgetfulQoS(QoS):
    """Unacknowledged messages of a worker, forgotten when the connection they came by is lost."""

    # Celery 5.7 closes a lost connection, then acknowledges or restores messages through it, and the worker ends.
    # Nothing needs restoring: an unfinished notification is still due in the outbox, and the relay publishes it again.

    restore_at_shutdown = False

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message; without a connection, only forget it."""
        if self._is_disconnected():
            InMemoryQoS.ack(self, delivery_tag)
        else:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Reject a message; without a connection, only forget it."""
        if self._is_disconnected():
            InMemoryQoS.ack(self, delivery_tag)
        else:
            super().reject(delivery_tag, requeue)

    def _is_disconnected(self) -> bool:
        connection: Any = self.channel.connection
        return connection is None or connection.client is None


def install() -> None:
    """Use ForgetfulQoS for every broker channel of this process."""
    Channel.QoS = ForgetfulQoS
