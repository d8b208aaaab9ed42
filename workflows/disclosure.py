"""What may be shown where: masks, a table of fields by occasion, minors, small cells, and personal data in free text.

Sources: domain/1 §1.5 and §1.6, domain/7. Everything fails closed: a field nobody has classified cannot be shown.
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
    """The occasion on which something is shown."""

    DESK = "desk"
    """One case, to those who work on it."""
    LIST = "list"
    NOTICE = "notice"
    """公示: read by anybody who passes the board."""
    EXPORT = "export"
    REPORT = "report"
    LOG = "log"


class Show(StrEnum):
    """How a field appears."""

    PLAIN = "plain"
    MASK = "mask"
    HIDDEN = "hidden"


class Unclassified(LookupError):
    """Nobody has said who may see this field, so nobody sees it."""


P, M, H = Show.PLAIN, Show.MASK, Show.HIDDEN
FIELDS: Mapping[str, tuple[Show, Show, Show, Show, Show, Show]] = {
    #               desk list notice export report log
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
"""A field's column tells how it appears on each occasion, in the order of Profile. An objector is known to the
investigator and the auditor only, who open the name by a logged read of their own (domain/1 §1.6)."""


def mask_name(name: str) -> str:
    """张三丰 → 张*丰, 张三 → 张*, 欧阳锋 → 欧阳*; a single notification is hidden whole."""
    name = name.strip()
    surname = 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1
    given = name[surname:]
    if not given:
        return "*" * len(name)
    shown = given[-1] if len(given) > 1 else ""
    return name[:surname] + "*" * (len(given) - len(shown)) + shown


def mask_id_number(number: str) -> str:
    """370123… → 3701**********1234; of a shorter paper (passport, permit) only the last two."""
    number = number.strip()
    return _keep(number, 4, 4) if len(number) >= 15 else _keep(number, 0, 2)


def mask_phone(phone: str) -> str:
    """13812341234 → 138****1234, also when it is written with +86 or spaces; of another number only the last four."""
    digits = re.sub(r"[^0-9]", "", phone)
    mobile = digits.removeprefix("86") if len(digits) == 13 else digits
    return _keep(mobile, 3, 4) if len(mobile) == 11 and mobile[0] == "1" else _keep(digits, 0, 4)


def mask_card(card: str) -> str:
    """Only the last four digits: ****1234, however long the number."""
    digits = re.sub(r"[^0-9]", "", card)
    return "****" + (digits[-4:] if len(digits) >= 12 else "")


def mask_address(address: str) -> str:
    """Down to the street or town, else to the community, else to the county; never a house number."""
    for levels in ("街道|镇|乡", "社区|村", "[区县市]"):
        found = re.match(rf"[^0-9０-９]*?(?:{levels})", address.strip())
        if found:
            return found[0] + "***"
    return "***"


def mask_email(email: str) -> str:
    """zhang@example.com → z***@example.com."""
    mailbox, at, domain = email.strip().rpartition("@")
    return f"{mailbox[0]}***@{domain}" if at and mailbox else "***"


def mask_birth_date(written: str) -> str:
    """1980-05-01 → 1980年."""
    return f"{written[:4]}年" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written) else "***"


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


def how(field: str, profile: Profile, *, minor: bool = False) -> Show:
    """Say how a field appears on an occasion. Raises Unclassified for a field the table does not hold.

    Off the desk, what tells who a minor is (name, school, workplace) is shown one step less than an adult's.
    """
    if field not in FIELDS:
        raise Unclassified(field)
    show = FIELDS[field][tuple(Profile).index(profile)]
    if minor and profile is not Profile.DESK and field in _TELLS_WHO:
        return {P: M, M: H, H: H}[show] if field in MASKS else H
    return show


_TELLS_WHO = frozenset({"name", "school", "workplace", "birth_date", "address", "email", "phone", "id_number", "card"})


def shown(field: str, value: str, profile: Profile, *, minor: bool = False) -> str | None:
    """Return what appears of a value on an occasion, or None when nothing does. Raises Unclassified."""
    show = how(field, profile, minor=minor)
    if show is Show.HIDDEN:
        return None
    return value if show is Show.PLAIN else MASKS[field](value)


def _keep(text: str, head: int, tail: int) -> str:
    """Keep some notifications at both ends; a text too short to hide anything is hidden whole."""
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def suppress(count: int, floor: int) -> int | None:
    """Return a cell's count, or None where it is so small that it points at people; 0 is shown."""
    return None if 0 < count < floor else count


def suppress_row(counts: Sequence[int], floor: int) -> tuple[int | None, ...]:
    """Suppress the small cells of a row whose total is shown.

    When the total would give the hidden ones away, because only one is hidden or all hidden together are still fewer
    than `floor`, the next smallest goes too.
    """
    hidden = [index for index, count in enumerate(counts) if suppress(count, floor) is None]
    rest = sorted((count, index) for index, count in enumerate(counts) if count and index not in hidden)
    while hidden and rest and (len(hidden) < 2 or sum(counts[index] for index in hidden) < floor):
        hidden.append(rest.pop(0)[1])
    return tuple(None if index in hidden else count for index, count in enumerate(counts))


_ID_NUMBER = re.compile(r"(?<![0-9])[1-8][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9])")
_CARD = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){15,18}(?![0-9])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_id_number(text: str) -> bool:
    """Say whether this is a resident identity number: 18 places, a real birth date, the check digit of GB 11643."""
    if not _ID_NUMBER.fullmatch(text):
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    left_over = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True)) % 11
    return text[17].upper() == "10X98765432"[left_over]


def _is_card(text: str) -> bool:
    """Say whether a run of 16 to 19 digits may be a bank card: UnionPay's 62, or the Luhn sum comes out even."""
    digits = [int(digit) for digit in text if digit not in " -"]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(reversed(digits))]
    return digits[:2] == [6, 2] or (sum(doubled) % 10 == 0 and len(set(digits)) > 1)


def looks_personal(text: str) -> list[str]:
    """Name the kinds of personal number in free words: id_number, phone (mobile), card; never the numbers themselves.

    Full-width digits are read as digits; an identity number is not told again as a card.
    """
    plain = unicodedata.normalize("NFKC", text)
    ids = {found for found in _ID_NUMBER.findall(plain) if is_id_number(found)}
    cards = [found for found in _CARD.findall(plain) if found not in ids and _is_card(found)]
    kinds = {"id_number": bool(ids), "phone": bool(_PHONE.search(plain)), "card": bool(cards)}
    return [kind for kind, found in kinds.items() if found]
