"""The channels of notifications, by name."""

from collections.abc import Callable, Mapping

from worker.channels import inbox, mail
from worker.channels.message import DeliveryResult, MailSettings, OutgoingMessage

Channel = Callable[[OutgoingMessage, MailSettings], DeliveryResult]
"""Sends one message and returns the result; never raises for a fault of a mail server or the network."""

CHANNELS: Mapping[str, Channel] = {"inbox": inbox.send, "email": mail.send}
