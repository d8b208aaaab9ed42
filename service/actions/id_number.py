"""The resident identity number: its shape, its check digit, and a birth date a living person can have (choices §2.7)."""

import re
from collections.abc import Iterator
from datetime import date

from stdnum.cn import ric

from workflows.vocabulary import Reason

OLDEST = 120
_SHAPE = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)


def normal(number: str) -> str:
    """The number as it is kept: no spaces, a capital X."""
    return "".join(number.split()).upper()


def problems(field: str, number: str, today: date) -> Iterator[Reason]:
    """Say everything that is wrong with a number, never repeating it.

    Residence permits (81, 82, 83) and the foreigner's permanent residence card (9) follow the same rule. The division
    is not judged: divisions are renamed and merged, and people keep their numbers.
    """
    number = normal(number)
    if not _SHAPE.fullmatch(number):
        yield Reason.of("id_no_shape", field=field, length=len(number))
        return
    if ric.calc_check_digit(number) != number[17]:
        yield Reason.of("id_no_check_digit", field=field)
    born = _born(number)
    if born is None:
        yield Reason.of("id_no_date", field=field)
    elif born > today:
        yield Reason.of("id_no_born_ahead", field=field)
    elif today.year - born.year > OLDEST:
        yield Reason.of("id_no_too_old", field=field, oldest=OLDEST)


def _born(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
