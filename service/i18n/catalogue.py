"""What people read: words from the gettext catalogues, Simplified Chinese first, English second."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh_CN", "en")
LOCALE = Path(__file__).parent / "locale"


class MissingTranslation(KeyError):
    """A key that no catalogue holds; a house test keeps this from happening to a reader."""


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Every key of a language: the file's name, a dot, and the msgid (`notifications.po`: paid.subject → notifications.paid.subject)."""
    words: dict[str, str] = {}
    for path in sorted((LOCALE / lang / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            messages = read_po(file)
        words |= {f"{path.stem}.{message.id}": str(message.string) for message in messages if message.id}
    return words


def translate(key: str, lang: str = "zh_CN", /, **values: object) -> str:
    """The words for `key`, with `{name}` places filled in. Raises NoWords for a key without words."""
    try:
        pattern = catalogue(lang)[key]
    except KeyError:
        raise MissingTranslation(f"{key} has no words in {lang}") from None
    return pattern.format_map(values) if values else pattern
