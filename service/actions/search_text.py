"""A typed text is recognised by its shape: file, case, identity or phone number, name, pinyin, initials."""

import re
from collections.abc import Iterator

from service.actions import id_number, names, validation
from service.crypto.encryption import Keyring, blind_index
from service.crypto.search_keys import LONGEST_PART, SearchedBy, keys_of_text, plain_name, plain_pinyin
from service.queries.search import Sought

LONGEST = 64
"""Characters that can be typed."""

_CASE_NO = re.compile(r"[A-Z]{2}\d{4}-\d{6,}", re.ASCII)
_TAIL = re.compile(r"\d{3}[\dX]", re.ASCII)
_PINYIN = re.compile(r"[a-zü'’:\s\u00c0-\u024f\u0300-\u036f]+", re.IGNORECASE)
_PLAIN_LETTERS = re.compile(r"[A-Za-z\s]*")


def recognise(text: str, keyring: Keyring) -> Sought:
    """Return what a text may be: `"1234"` is the tail of an identity number or of a phone, or begins a file number."""
    meant = dict(_meanings(text[:LONGEST]))
    keyed = (keys_of_text(keyring, by, meant[by]) for by in _KEYED if by in meant)
    indexes = {name: blind_index(keyring, name, meant[by]) for by, name in _WHOLE.items() if by in meant}
    return Sought(
        by=tuple(meant),
        keys=tuple(key for keys in keyed for key in keys),
        id_no_index=indexes.get("id_no"),
        phone_index=indexes.get("phone"),
        file_no=meant.get(SearchedBy.FILE_NO),
        case_no=meant.get(SearchedBy.CASE_NO),
    )


_KEYED = (SearchedBy.NAME, SearchedBy.PINYIN, SearchedBy.INITIALS, SearchedBy.ID_TAIL, SearchedBy.PHONE_TAIL)
_WHOLE = {SearchedBy.ID_NO: "id_no", SearchedBy.PHONE: "phone"}


def _meanings(text: str) -> Iterator[tuple[SearchedBy, str]]:
    compact = names.compact(text)
    capitals = compact.upper()
    if _CASE_NO.fullmatch(capitals):
        yield SearchedBy.CASE_NO, capitals
    if _TAIL.fullmatch(capitals):
        yield SearchedBy.ID_TAIL, capitals
        yield from ((SearchedBy.PHONE_TAIL, compact),) if compact.isdecimal() else ()
    if len(compact) == id_number.LENGTH and id_number.birth_date(capitals):
        yield SearchedBy.ID_NO, capitals
    if validation.PHONE.fullmatch(compact):
        yield SearchedBy.PHONE, compact
    # A file number has a digit or a sign: LL-0001, 困〔2026〕12号. Letters alone are a name.
    if validation.FILE_NO.fullmatch(compact) and not compact.isalpha() and names.is_visible(compact):
        yield SearchedBy.FILE_NO, compact
    yield from _name_meanings(text)


def _name_meanings(text: str) -> Iterator[tuple[SearchedBy, str]]:
    letters = plain_name(text)
    if not letters or any(each.isdigit() for each in text):
        return
    if not _PINYIN.fullmatch(text):
        yield from () if letters.isascii() else ((SearchedBy.NAME, letters[:LONGEST_PART]),)
        return
    syllables = plain_pinyin(text)
    if syllables:
        yield SearchedBy.PINYIN, syllables
        yield from ((SearchedBy.INITIALS, syllables),) if _PLAIN_LETTERS.fullmatch(text) and len(syllables) > 1 else ()
