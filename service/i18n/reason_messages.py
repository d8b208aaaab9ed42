"""This module turns reason codes and their values into sentences for users."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from service.i18n.catalogue import LANGUAGES, catalogue
from workflows.money_format import in_yuan_with_thousands
from workflows.vocabulary import Reason

MONEY = frozenset(
    [
        *("award", "requested", "before", "cap", "available", "amount", "outstanding", "kept", "share", "fen"),
        *("parts", "surveyed", "sum_due", "typed"),
    ]
)
"""Keys of reason values in fen, which are shown as yuan."""

DOMAINS = ("reasons", "import")
"""The catalogues of messages, in the order in which they are asked."""

NOTHING = "—"
"""An empty list, or no value, in a sentence."""

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
    "act": "act",
}
"""Keys of reason values that are codes, with the group in terms.po that translates them."""

WORDS_OF: Mapping[tuple[str, str], str] = {
    ("advice_not_as_stated", "fields"): "forms.field.",
    ("confirmation_over", "state"): "pages.confirmation.state_",
    ("upload_over", "state"): "pages.imports.state_",
    ("institution_excluded", "kind"): "forms.choice.institution_kind.",
    ("method_not_signed", "method"): "forms.choice.method.",
    ("method_not_signed", "signed"): "forms.choice.method.",
}
"""Values whose key means another code elsewhere: by reason and key, what precedes the code in the catalogue."""

WITHOUT_VALUES = "conflicts_with_records"
"""What is said where the database refused what a rule would have, and the values of the rule are not known."""


def message_for(reason: Reason, lang: str) -> str:
    """Return one reason as a sentence; a code without a message is returned as it is."""
    values = {key: format_value(key, value, lang, reason.code) for key, value in reason.values.items()}
    known = catalogue(lang)
    for pattern in (known[key] for domain in DOMAINS if (key := f"{domain}.{reason.code}") in known):
        try:
            return pattern.format_map(values)
        except KeyError:
            continue
    constraint = "constraint" in reason.values
    return known[f"reasons.{WITHOUT_VALUES}"] if constraint else reason.code


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


def format_value(key: str, value: object, lang: str, code: str = "") -> object:
    """Return a value of the reason `code` as people read it: fen as yuan, a list in one line, a code as its words."""
    if value is None:
        return NOTHING
    if key in MONEY and isinstance(value, int):
        return in_yuan_with_thousands(value)
    if isinstance(value, list | tuple):
        return (
            NOTHING
            if not value
            else ("、" if lang == LANGUAGES[0] else ", ").join(
                str(format_value(key, item, lang, code)) for item in value
            )
        )
    words = WORDS_OF.get((code, key)) or (f"terms.{TERMS_OF[key]}." if key in TERMS_OF else None)
    return value if words is None else catalogue(lang).get(f"{words}{value}", value)
