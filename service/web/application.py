"""The family's application on the page of its case: in words, and as the start of its correction."""

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from service.http.errors import language
from service.i18n.catalogue import translate
from service.web import forms
from service.web.formatting import joined
from service.web.forms import NO, YES, PostedForm
from workflows.code_lists import PaymentMethod
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan, in_yuan_with_thousands
from workflows.programme import Programme, Step


def application_rows(
    programme: Programme, row: Mapping[str, Any], words: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return label and words of each answer of the application; what was not answered is left out."""
    given = {**row["answers"], **words}
    fields = (field for field in programme.answers if given.get(field.key) is not None)
    return tuple((forms.label_of("answers", field.key), _worded(field, given[field.key])) for field in fields)


def _worded(field: FormField, value: Any) -> str:
    match field.kind:
        case Kind.MONEY:
            return f"{in_yuan_with_thousands(value)} {translate('pages.yuan', language())}"
        case Kind.YES_NO:
            return translate(f"pages.{YES if value else NO}", language())
        case Kind.CODES:
            return joined(forms.choice_label(field.key, str(each)) for each in value)
        case Kind.CODE:
            return forms.choice_label(field.key, str(value))
    return str(value)


def present_form(step: Step, row: Mapping[str, Any], words: Mapping[str, str]) -> PostedForm:
    """Return a form as it starts: a correction with the present application, a payment with the method that was signed."""
    if step.kind.corrects:
        given = {**row["answers"], **words, "requested": row["requested_fen"], "item": row["item"]}
        return PostedForm(MultiDict(_typed(step, given)))
    if step.kind.names_method:
        return PostedForm(MultiDict(_typed(step, {"method": row["method"] or PaymentMethod.BANK.value})))
    return forms.EMPTY


def _typed(step: Step, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a step's form as people would type them."""
    for field in step.form:
        value = given.get(field.key)
        if value is None:
            continue
        match field.kind:
            case Kind.MONEY:
                yield field.key, in_yuan(value)
            case Kind.YES_NO:
                yield field.key, YES if value else NO
            case Kind.CODES:
                yield from ((field.key, str(each)) for each in value)
            case _:
                yield field.key, str(value)


def without_unchanged_words(answers: Mapping[str, object], words: Mapping[str, str]) -> dict[str, object]:
    """Return the answers without free words that were left as they were: only what was written anew is recorded."""
    plain = {key: value.replace("\r\n", "\n") if isinstance(value, str) else value for key, value in answers.items()}
    return {key: value for key, value in plain.items() if key not in words or value != words[key]}
