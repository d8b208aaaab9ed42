"""Reasons in words: a code and its values become a sentence a clerk can act on."""

from collections.abc import Mapping

from service.words import LANGUAGES, NoWords, say
from workflows.money_format import in_yuan_with_thousands
from workflows.terms import Reason

MONEY = frozenset({"award", "asked", "before", "cap", "available", "amount", "outstanding", "share", "fen"})
"""Values of reasons that are fen, shown as yuan."""


TERMS_OF: Mapping[str, str] = {
    "roles": "role",
    "duty": "duty",
    "done": "duty",
    "missing": "paper",
    "exclusions": "exclusion",
    "item": "item",
    "items": "item",
    "permitted": "item",
    "role": "role",
    "held": "role",
    "state": "state",
    "possible_from": "state",
}
"""Values of reasons that are codes of the house, and the group of terms that has their words."""


def in_words(reason: Reason, lang: str) -> str:
    """One reason as a sentence a clerk can act on."""
    values = {key: _shown(key, value, lang) for key, value in reason.values.items()}
    for domain in ("reasons", "import"):
        try:
            return say(f"{domain}.{reason.code}", lang, **values)
        except (NoWords, KeyError):
            continue
    return reason.code


def _shown(key: str, value: object, lang: str) -> object:
    if key in MONEY and isinstance(value, int):
        return in_yuan_with_thousands(value)
    if isinstance(value, list | tuple):
        return ("、" if lang == LANGUAGES[0] else ", ").join(str(_shown(key, each, lang)) for each in value)
    if key in TERMS_OF:
        try:
            return say(f"terms.{TERMS_OF[key]}.{value}", lang)
        except NoWords:
            return value
    return value
