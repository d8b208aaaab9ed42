"""This module translates message keys with the gettext catalogues, in Chinese and English."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh_CN", "en")
LOCALE = Path(__file__).parent / "locale"


class MissingTranslation(KeyError):
    """A key is not in the catalogue; tests/architecture/test_catalogues.py checks the keys in use."""


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Return all messages of a language by key: `paid.subject` in notifications.po → `notifications.paid.subject`."""
    texts: dict[str, str] = {}
    for path in sorted((LOCALE / lang / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            messages = read_po(file)
        texts |= {f"{path.stem}.{message.id}": str(message.string) for message in messages if message.id}
    return texts


def translate(key: str, lang: str = "zh_CN", /, **values: object) -> str:
    """Return the text of `key` with its `{name}` placeholders filled in.

    Raises MissingTranslation when the language has no such key.
    """
    try:
        pattern = catalogue(lang)[key]
    except KeyError:
        raise MissingTranslation(f"{key} has no text in {lang}") from None
    return pattern.format_map(values) if values else pattern
