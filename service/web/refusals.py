"""Refusals as pages show them: each reason as a sentence, and those of a field at the field."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import sqlalchemy.exc
from markupsafe import Markup

from service.actions.errors import VersionConflict, refusal_of
from service.http.errors import language, note_refusal
from service.http.transaction import roll_back
from service.i18n.catalogue import catalogue
from service.i18n.reason_messages import message_for
from service.observability import metrics
from workflows.policy import NoPolicy, PoliciesOverlap
from workflows.vocabulary import InvalidForm, Reason, Refused
from workflows.workdays import CalendarUnknown

REFUSALS = (
    InvalidForm,
    Refused,
    VersionConflict,
    NoPolicy,
    PoliciesOverlap,
    CalendarUnknown,
    sqlalchemy.exc.IntegrityError,
)
"""What a page that acts catches, to show the same page with every reason in its place."""


@dataclass(frozen=True, slots=True)
class Problems:
    """The reasons against a form: by field, and those of the form as a whole."""

    status: int = HTTPStatus.OK
    of_fields: dict[str, list[str]] = field(default_factory=dict)
    of_form: list[str] = field(default_factory=list)
    conflict: VersionConflict | None = None

    def __bool__(self) -> bool:
        return bool(self.of_fields or self.of_form)


NO_PROBLEMS = Problems()


def messages_of(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Return reasons as sentences in the reader's language, and count them."""
    reasons = tuple(reasons)
    for reason in reasons:
        metrics.REFUSALS.labels(reason.code).inc()
    return tuple(message_for(reason, language()) for reason in reasons)


def first_part(field: str) -> str:
    """Return the first part of a field's path: `reason.text` → `reason`."""
    return field.split(".", maxsplit=1)[0]


def problems_of(refusal: Exception, labels: Mapping[str, str], input_of: Callable[[str], str] = first_part) -> Problems:
    """Return a refusal as problems of a form whose fields have these labels, after undoing what the request wrote.

    The fields are in the order of the labels, and each says a message once.

    `input_of` gives the name of the input for the field that a reason names.
    """
    if isinstance(refusal, Refused):
        note_refusal(refusal)
    roll_back()
    status, reasons = _reasons(refusal)
    problems = Problems(int(status), conflict=refusal if isinstance(refusal, VersionConflict) else None)
    for reason in reasons:
        named = input_of(str(reason.values.get("field", "")))
        [message] = messages_of([_worded(reason, named, labels)])
        if named not in labels:
            problems.of_form.append(_with_link(reason, message))
        elif message not in problems.of_fields.setdefault(named, []):
            problems.of_fields[named].append(message)
    in_order = {each: problems.of_fields[each] for each in labels if each in problems.of_fields}
    return replace(problems, of_fields=in_order)


def _worded(reason: Reason, named: str, labels: Mapping[str, str]) -> Reason:
    """Return a reason with the label of its field, and the words of its choices, in place of their codes."""
    known, key = catalogue(language()), named.rpartition(".")[2]
    values = dict(reason.values)
    if "field" in values:
        values["field"] = labels.get(named) or known.get(f"forms.field.{key}") or values["field"]
    if isinstance(choices := values.get("choices"), list | tuple):
        values["choices"] = [choice_label(key, str(code)) for code in choices]
    return Reason(reason.code, values)


GROUP_OF: Mapping[str, str] = {"places": "notice_place"}
"""The group of terms of a field, where it has another name."""


def choice_label(key: str, code: str) -> str:
    """Return the words for a choice of a field: those of forms.po, else those of terms.po."""
    known = catalogue(language())
    names = (f"forms.choice.{key}.{code}", f"terms.{GROUP_OF.get(key, key)}.{code}")
    return next((known[name] for name in names if name in known), code)


def _with_link(reason: Reason, message: str) -> str:
    """Return the message of a proposal that waits already as a link to it."""
    if reason.code != "proposed_already":
        return message
    return Markup('<a href="/confirmations/{}">{}</a>').format(reason.values["confirmation"], message)


def _reasons(refusal: Exception) -> tuple[int, tuple[Reason, ...]]:
    match refusal:
        case InvalidForm():
            return HTTPStatus.UNPROCESSABLE_ENTITY, refusal.problems
        case Refused():
            return HTTPStatus.CONFLICT, refusal.reasons
        case VersionConflict():
            reason = Reason.of("stale", seen=refusal.seen, present=refusal.present)
            return HTTPStatus.PRECONDITION_FAILED, (reason,)
        case sqlalchemy.exc.IntegrityError():
            return HTTPStatus.CONFLICT, refusal_of(refusal).reasons
        case PoliciesOverlap():
            return HTTPStatus.CONFLICT, (Reason.of("policies_overlap", policies=list(refusal.keys)),)
        case CalendarUnknown():
            return HTTPStatus.CONFLICT, (Reason.of("calendar_unknown", year=refusal.year),)
    return HTTPStatus.CONFLICT, (Reason.of("no_policy"),)
