"""The inbox inside the house: the row is the letter, so there is nothing to carry."""

from worker.channels.parcel import Counter, Fate, Handed, Parcel


def hand_over(_parcel: Parcel, _counter: Counter) -> Handed:
    """The reader sees it as soon as the row says delivered."""
    return Handed(Fate.DELIVERED)
