"""Invented resident identity numbers with a right check digit."""

from itertools import count

from service.db.columns import new_id

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_number(body: str) -> str:
    """Return 17 digits with their check digit (GB 11643)."""
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]


_SPACE = 8 * 10**5 * 12 * 28 * 10**3
_SERIALS = count(new_id().int % _SPACE)
"""From a random beginning on: numbers drawn at random would meet each other among a million persons."""

_STRIDE = 179_424_673
"""A prime, so that no two serials fall together, and neighbours have other places and days of birth."""


def another_number(year: int) -> str:
    """Return a number that nobody else has, of a person born in `year`."""
    serial, order = divmod(next(_SERIALS) * _STRIDE % _SPACE, 10**3)
    serial, day = divmod(serial, 28)
    division, month = divmod(serial, 12)
    return identity_number(f"{division + 10**5:06d}{year}{month + 1:02d}{day + 1:02d}{order:03d}")
