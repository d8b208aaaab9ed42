"""The ways a notification can go, a row each."""

from collections.abc import Callable, Mapping

from worker.channels import inbox, mail
from worker.channels.message import DeliveryResult, MailSettings, OutgoingMessage

Channel = Callable[[OutgoingMessage, MailSettings], DeliveryResult]
"""Hands one parcel over and says what came of it; never raises for what the world outside does."""

CHANNELS: Mapping[str, Channel] = {"inbox": inbox.send, "email": mail.send}
