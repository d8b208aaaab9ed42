"""Search keys find persons by parts of their encrypted values (docs/decisions/0036)."""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from uuid import UUID

from service.crypto.encryption import Keyring, blind_index
from service.i18n.name_readings import readings

GROUPS = 256
"""Persons are in as many groups, whose keys of one text differ, so that the keys of a whole union cannot be counted."""

KEY_BYTES = 8
LONGEST_PART = 8
"""Characters of the longest part of a name that has a key; a longer text is searched by its first characters."""

TAIL = 4
"""The last characters of an identity number or phone that can be searched."""


class SearchedBy(StrEnum):
    """What a text was compared with."""

    NAME = "name"
    PINYIN = "pinyin"
    INITIALS = "initials"
    ID_TAIL = "id_tail"
    PHONE_TAIL = "phone_tail"
    ID_NO = "id_no"
    PHONE = "phone"
    FILE_NO = "file_no"
    CASE_NO = "case_no"


def group_of(person_id: UUID) -> int:
    """Return the group of a person, 0 to 255: the last byte of a UUIDv7 is random."""
    return person_id.bytes[-1]


def keys_of_person(
    keyring: Keyring, person_id: UUID, name: str, id_no: str | None = None, phone: str | None = None
) -> list[bytes]:
    """Return the keys of a person, in an order that says nothing. The number and phone are as they are stored."""
    group = group_of(person_id)
    texts = set(_texts_of_name(name))
    texts |= {(SearchedBy.ID_TAIL, id_no[-TAIL:])} if id_no else set()
    texts |= {(SearchedBy.PHONE_TAIL, phone[-TAIL:])} if phone else set()
    return sorted(_key(keyring, by, group, text) for by, text in texts)


def keys_of_text(keyring: Keyring, by: SearchedBy, text: str) -> list[bytes]:
    """Return the key of a text in each group; a name and pinyin are as `plain_name` and `plain_pinyin` return them."""
    return [_key(keyring, by, group, text) for group in range(GROUPS)]


def _key(keyring: Keyring, by: SearchedBy, group: int, text: str) -> bytes:
    return blind_index(keyring, f"search.{by}.{group}", text)[:KEY_BYTES]


def plain_name(name: str) -> str:
    """Return the letters of a name alone: `"阿依古丽·买买提" → "阿依古丽买买提"`."""
    return "".join(each for each in unicodedata.normalize("NFKC", name) if each.isalpha())


def plain_pinyin(text: str) -> str:
    """Return typed pinyin in plain letters: `"Lǚ Bù" → "lvbu"`, `"Xi'an" → "xian"`."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("u:", "v"))
    return re.sub(r"[^a-z]", "", re.sub("u[\u0300-\u036f]*\u0308", "v", decomposed))


def _texts_of_name(name: str) -> Iterator[tuple[SearchedBy, str]]:
    """Yield each part of a name, its pinyin up to each syllable, and its initials up to each, two at least."""
    letters = plain_name(name)
    han = not letters.isascii()
    for first in range(len(letters) if han else 0):
        for last in range(first + 1, min(first + LONGEST_PART, len(letters)) + 1):
            yield SearchedBy.NAME, letters[first:last]
    for syllables in readings(name):
        initials = "".join(syllable[0] for syllable in syllables)
        for count in range(1, len(syllables) + 1):
            yield SearchedBy.PINYIN, "".join(syllables[:count])
            if count > 1:
                yield SearchedBy.INITIALS, initials[:count]
