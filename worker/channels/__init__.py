"""The ways a letter can go, a row each."""

from collections.abc import Callable, Mapping

from worker.channels import inbox, mail
from worker.channels.parcel import Counter, Handed, Parcel

Channel = Callable[[Parcel, Counter], Handed]
"""Hands one parcel over and says what came of it; never raises for what the world outside does."""

CHANNELS: Mapping[str, Channel] = {"inbox": inbox.hand_over, "email": mail.hand_over}
