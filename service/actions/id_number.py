"""Resident identity numbers: shape, check digit and birth date."""

import re
from collections.abc import Iterator
from datetime import date

from stdnum.cn import ric

from service.actions import names
from workflows.vocabulary import Reason

LENGTH = 18
OLDEST = 120
"""Years: the greatest age a person on file can have."""
# Residence permits (81, 82, 83) and the foreigner's permanent residence card (9) follow the same rule. The division is
# not checked: divisions are renamed and merged, and people keep their numbers.
_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)


def normal(number: str) -> str:
    """Return the number as it is stored: half-width, without spaces, with a capital X."""
    return names.compact(number).upper()


def problems(field: str, number: str, today: date) -> Iterator[Reason]:
    """Yield every problem of a number; no reason repeats the number."""
    number = normal(number)
    if len(number) != LENGTH:
        yield Reason.of("id_no_length", field=field, length=len(number))
        return
    if not _SHAPE.fullmatch(number):
        yield Reason.of("id_no_shape", field=field)
        return
    if ric.calc_check_digit(number) != number[17]:
        yield Reason.of("id_no_check_digit", field=field)
    born = birth_date(number)
    if born is None:
        yield Reason.of("id_no_date", field=field)
    elif born > today:
        yield Reason.of("id_no_born_ahead", field=field)
    elif today.year - born.year > OLDEST:
        yield Reason.of("id_no_too_old", field=field, oldest=OLDEST)


def birth_date(number: str) -> date | None:
    """Return the day of birth that a number states, in its stored form; None where it states none."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
