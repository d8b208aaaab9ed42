"""Disclosure rules decide which personal fields appear on which occasion.

Masks, the table of fields, minors, small cells, and personal numbers in free text. A field that is not in the table is
never shown. Sources: docs/domain/procedure.md §1.5 and §1.6, docs/domain/privacy.md.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum

COMPOUND_SURNAMES = (
    *("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "司空"),
    *("夏侯", "长孙", "宇文", "端木", "轩辕", "独孤", "南宫", "闻人", "申屠", "太史", "钟离", "呼延"),
)


class Profile(StrEnum):
    """The occasion on which a field is shown."""

    CASE = "case"
    """One case, shown to the staff who work on it."""
    LIST = "list"
    NOTICE = "notice"
    """公示: anybody can read it."""
    EXPORT = "export"
    REPORT = "report"
    LOG = "log"


class Show(StrEnum):
    """The way a field appears."""

    PLAIN = "plain"
    MASK = "mask"
    HIDDEN = "hidden"


class Unclassified(LookupError):
    """A field without a row in FIELDS, which is therefore never shown."""


P, M, H = Show.PLAIN, Show.MASK, Show.HIDDEN
FIELDS: Mapping[str, tuple[Show, Show, Show, Show, Show, Show]] = {
    #               case list notice export report log
    "name":         (P,   M,   P,     M,     H,     H),
    "id_number":    (M,   M,   H,     M,     H,     H),
    "phone":        (M,   M,   H,     M,     H,     H),
    "card":         (M,   M,   H,     M,     H,     H),
    "address":      (M,   M,   H,     M,     H,     H),
    "email":        (M,   M,   H,     M,     H,     H),
    "birth_date":   (P,   M,   H,     M,     H,     H),
    "illness":      (P,   H,   H,     H,     H,     H),
    "disability":   (P,   H,   H,     H,     H,     H),
    "cause":        (P,   P,   H,     P,     H,     H),
    "free_text":    (P,   H,   H,     H,     H,     H),
    "objector":     (H,   H,   H,     H,     H,     H),
    "workplace":    (P,   P,   P,     P,     H,     H),
    "school":       (P,   M,   P,     M,     H,     H),
    "stage":        (P,   P,   P,     P,     P,     H),
    "category":     (P,   P,   P,     P,     P,     P),
    "item":         (P,   P,   P,     P,     P,     P),
    "amount":       (P,   P,   P,     P,     P,     P),
}  # fmt: skip
"""How each field appears on each occasion, in the order of Profile. Only the investigator and the auditor see an
objector's name, by a logged read of its own (docs/domain/procedure.md §1.6)."""


def mask_name(name: str) -> str:
    """Mask a name: 张三丰 → 张*丰, 张三 → 张*, 欧阳锋 → 欧阳*; a single character is hidden."""
    name = name.strip()
    surname = 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1
    given_name = name[surname:]
    if not given_name:
        return "*" * len(name)
    visible = given_name[-1] if len(given_name) > 1 else ""
    return name[:surname] + "*" * (len(given_name) - len(visible)) + visible


def mask_id_number(number: str) -> str:
    """Mask an identity number: 370123… → 3701**********1234; a shorter one (passport, permit) keeps the last two."""
    number = number.strip()
    return _keep(number, 4, 4) if len(number) >= 15 else _keep(number, 0, 2)


def mask_phone(phone: str) -> str:
    """Mask a phone number: 13812341234 → 138****1234, also with +86 or spaces; any other keeps the last four."""
    digits = re.sub(r"[^0-9]", "", phone)
    mobile = digits.removeprefix("86") if len(digits) == 13 else digits
    return _keep(mobile, 3, 4) if len(mobile) == 11 and mobile[0] == "1" else _keep(digits, 0, 4)


def mask_card(card: str) -> str:
    """Mask a bank card: ****1234, whatever its length; a number under 12 digits is hidden."""
    digits = re.sub(r"[^0-9]", "", card)
    return "****" + (digits[-4:] if len(digits) >= 12 else "")


def mask_address(address: str) -> str:
    """Mask an address after its street or town, else its community, else its county; a house number is never shown."""
    for levels in ("街道|镇|乡", "社区|村", "[区县市]"):
        match = re.match(rf"[^0-9０-９]*?(?:{levels})", address.strip())
        if match:
            return match[0] + "***"
    return "***"


def mask_email(email: str) -> str:
    """Mask an e-mail address: zhang@example.com → z***@example.com."""
    mailbox, at, domain = email.strip().rpartition("@")
    return f"{mailbox[0]}***@{domain}" if at and mailbox else "***"


def mask_birth_date(day: str) -> str:
    """Mask a birth date: 1980-05-01 → 1980年."""
    return f"{day[:4]}年" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) else "***"


MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "id_number": mask_id_number,
    "phone": mask_phone,
    "card": mask_card,
    "address": mask_address,
    "email": mask_email,
    "birth_date": mask_birth_date,
    "school": lambda school: "***" if school else "",
}


def display_of(field: str, profile: Profile, *, minor: bool = False) -> Show:
    """Return how a field appears on an occasion. Raises Unclassified for a field that FIELDS does not have.

    Outside the case itself, a field that identifies a minor (name, school, workplace …) appears one step less than an
    adult's: plain becomes masked, masked becomes hidden.
    """
    if field not in FIELDS:
        raise Unclassified(field)
    show = FIELDS[field][tuple(Profile).index(profile)]
    if minor and profile is not Profile.CASE and field in _IDENTIFYING:
        return {P: M, M: H, H: H}[show] if field in MASKS else H
    return show


_IDENTIFYING = frozenset(
    {"name", "school", "workplace", "birth_date", "address", "email", "phone", "id_number", "card"}
)


def shown(field: str, value: str, profile: Profile, *, minor: bool = False) -> str | None:
    """Return a value as it appears on an occasion, or None when it is hidden. Raises Unclassified."""
    show = display_of(field, profile, minor=minor)
    if show is Show.HIDDEN:
        return None
    return value if show is Show.PLAIN else MASKS[field](value)


def _keep(text: str, head: int, tail: int) -> str:
    """Keep `head` and `tail` characters at the ends; a text that is not longer is hidden completely."""
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def suppress(count: int, threshold: int) -> int | None:
    """Return a cell's count, or None when it is below `threshold` and may identify people; 0 is shown."""
    return None if 0 < count < threshold else count


def suppress_row(counts: Sequence[int], threshold: int, distinct: int | None = None) -> tuple[int | None, ...]:
    """Return a row without its small cells, when its total is shown.

    While only one cell is hidden, or the hidden cells together are below `threshold`, the total would reveal them, so
    the next smallest cell is hidden too. `distinct` is the number of families of the whole row where one family may be
    in several cells; the hidden cells then hold at least the families that no shown cell can hold.
    """
    hidden = [index for index, count in enumerate(counts) if suppress(count, threshold) is None]
    rest = sorted((count, index) for index, count in enumerate(counts) if count and index not in hidden)
    while hidden and rest and (len(hidden) < 2 or _together(counts, hidden, distinct) < threshold):
        hidden.append(rest.pop(0)[1])
    return tuple(None if index in hidden else count for index, count in enumerate(counts))


def _together(counts: Sequence[int], hidden: Sequence[int], distinct: int | None) -> int:
    """Return the number of families in the hidden cells; where cells overlap, the number that is certain."""
    of_hidden = [counts[index] for index in hidden]
    if distinct is None:
        return sum(of_hidden)
    return max(*of_hidden, distinct - (sum(counts) - sum(of_hidden)))


_ID_NUMBER = re.compile(r"(?<![0-9])[1-8][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9])")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){15,18}(?![0-9])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_id_number(text: str) -> bool:
    """Return whether a text is a resident identity number: 18 characters, a real birth date, GB 11643's check digit."""
    if not _ID_NUMBER.fullmatch(text):
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    remainder = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True)) % 11
    return text[17].upper() == "10X98765432"[remainder]


def _is_card(text: str) -> bool:
    """Return whether 16 to 19 digits may be a bank card: they begin with UnionPay's 62 or pass the Luhn check."""
    digits = [int(digit) for digit in text if digit not in " -"]
    doubled = [digit if index % 2 == 0 else sum(divmod(2 * digit, 10)) for index, digit in enumerate(reversed(digits))]
    return digits[:2] == [6, 2] or (sum(doubled) % 10 == 0 and len(set(digits)) > 1)


def looks_personal(text: str) -> list[str]:
    """Return the kinds of personal number in free text: id_number, phone (mobile), card; never the numbers.

    Full-width digits are read as digits; an identity number is not reported as a card too.
    """
    plain = unicodedata.normalize("NFKC", text)
    ids = {number for number in _ID_NUMBER.findall(plain) if is_id_number(number)}
    cards = [number for number in _CARD.findall(plain) if number not in ids and _is_card(number)]
    kinds = {"id_number": bool(ids), "phone": bool(_PHONE.search(plain)), "card": bool(cards)}
    return [kind for kind, present in kinds.items() if present]
