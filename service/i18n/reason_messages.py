"""This module turns reason codes and their values into sentences for users."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from service.i18n.catalogue import LANGUAGES, MissingTranslation, translate
from workflows.money_format import in_yuan_with_thousands
from workflows.vocabulary import Reason

MONEY = frozenset(
    [
        *("award", "requested", "before", "cap", "available", "amount", "outstanding", "kept", "share", "fen"),
        *("parts", "surveyed", "typed"),
    ]
)
"""Keys of reason values in fen, which are shown as yuan."""

NOTHING = "—"
"""An empty list in a sentence."""

TERMS_OF: Mapping[str, str] = {
    "roles": "role",
    "duty": "duty",
    "done": "duty",
    "missing": "paper",
    "exclusions": "exclusion",
    "item": "item",
    "items": "item",
    "permitted": "item",
    "category": "category",
    "permitted_categories": "category",
    "role": "role",
    "held": "role",
    "shown": "category",
    "changed": "seen",
    "stage": "stage",
    "stage_on_file": "stage",
    "state": "state",
    "possible_from": "state",
    "kin": "kin",
    "covered": "kin",
}
"""Keys of reason values that are codes, with the group in terms.po that translates them."""


def message_for(reason: Reason, lang: str) -> str:
    """Return one reason as a sentence; a code without a message is returned as it is."""
    values = {key: format_value(key, value, lang) for key, value in reason.values.items()}
    for domain in ("reasons", "import"):
        try:
            return translate(f"{domain}.{reason.code}", lang, **values)
        except (MissingTranslation, KeyError):
            continue
    return reason.code


def problem_document(
    status: HTTPStatus, reasons: Sequence[Reason], lang: str, request_id: str | None
) -> dict[str, object]:
    """Return an RFC 9457 problem document with the code of the first reason and the messages of all."""
    messages = [message_for(reason, lang) for reason in reasons]
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": reasons[0].code if reasons else "http_error",
        "detail": _join(messages),
        "reasons": [
            {"code": reason.code, "message": message, "values": dict(reason.values)}
            for reason, message in zip(reasons, messages, strict=True)
        ],
        "request_id": request_id,
    }


def _join(sentences: list[str]) -> str:
    """Join sentences in one line: the full stop of each but the last becomes a semicolon."""
    return "；".join([*(sentence.rstrip("。.") for sentence in sentences[:-1]), *sentences[-1:]])


def format_value(key: str, value: object, lang: str) -> object:
    """Return a reason's value as people read it: fen as yuan, a list in one line, a code as its term."""
    if key in MONEY and isinstance(value, int):
        return in_yuan_with_thousands(value)
    if isinstance(value, list | tuple):
        return (
            NOTHING
            if not value
            else ("、" if lang == LANGUAGES[0] else ", ").join(str(format_value(key, item, lang)) for item in value)
        )
    if key in TERMS_OF:
        try:
            return translate(f"terms.{TERMS_OF[key]}.{value}", lang)
        except MissingTranslation:
            return value
    return value
