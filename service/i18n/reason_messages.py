"""Reasons in words: a code and its values become a sentence a clerk can act on."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from service.i18n.catalogue import LANGUAGES, MissingTranslation, translate
from workflows.money_format import in_yuan_with_thousands
from workflows.vocabulary import Reason

MONEY = frozenset({"award", "requested", "before", "cap", "available", "amount", "outstanding", "share", "fen"})
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


def message_for(reason: Reason, lang: str) -> str:
    """One reason as a sentence a clerk can act on."""
    values = {key: _shown(key, value, lang) for key, value in reason.values.items()}
    for domain in ("reasons", "import"):
        try:
            return translate(f"{domain}.{reason.code}", lang, **values)
        except (MissingTranslation, KeyError):
            continue
    return reason.code


def problem_document(
    status: HTTPStatus, reasons: Sequence[Reason], lang: str, request_id: str | None
) -> dict[str, object]:
    """Return an RFC 9457 problem document: title, code of the first reason, and every reason in words."""
    messages = [message_for(reason, lang) for reason in reasons]
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "code": reasons[0].code if reasons else "http_error",
        "detail": _joined(messages),
        "reasons": [
            {"code": reason.code, "message": message, "values": dict(reason.values)}
            for reason, message in zip(reasons, messages, strict=True)
        ],
        "request_id": request_id,
    }


def _joined(sentences: list[str]) -> str:
    """Put sentences in one line: each but the last gives its full stop for a semicolon."""
    return "；".join([*(each.rstrip("。.") for each in sentences[:-1]), *sentences[-1:]])


def _shown(key: str, value: object, lang: str) -> object:
    if key in MONEY and isinstance(value, int):
        return in_yuan_with_thousands(value)
    if isinstance(value, list | tuple):
        return ("、" if lang == LANGUAGES[0] else ", ").join(str(_shown(key, each, lang)) for each in value)
    if key in TERMS_OF:
        try:
            return translate(f"terms.{TERMS_OF[key]}.{value}", lang)
        except MissingTranslation:
            return value
    return value
