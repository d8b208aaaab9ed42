"""The inbox shows notification rows, so there is nothing to send."""

from worker.channels.message import DeliveryResult, DeliveryStatus, MailSettings, OutgoingMessage


def send(_message: OutgoingMessage, _settings: MailSettings) -> DeliveryResult:
    """Return DELIVERED: the reader sees the notification when its row says so."""
    return DeliveryResult(DeliveryStatus.DELIVERED)
