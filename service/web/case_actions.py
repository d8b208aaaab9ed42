"""The actions of a case as forms: those that are open, and the reasons against the others."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from service.actions.cases import ActionPreview, CasePreview
from service.http.context import today
from service.http.errors import language
from service.http.transaction import connection
from service.i18n.reason_messages import message_for
from service.queries import accounts, case_pages
from service.web import forms
from service.web.application import present_form
from service.web.case_record import CaseRecord
from service.web.document_forms import choice
from service.web.formatting import day
from service.web.forms import FormInput, PostedForm
from service.web.layout import text
from service.web.proofs import proof_input
from service.web.refusals import NO_PROBLEMS, Problems
from workflows.code_lists import DocumentKind, PaymentMethod
from workflows.form_fields import FormField
from workflows.money_format import in_yuan_with_thousands
from workflows.programme import Step
from workflows.vocabulary import Pot, Role

SUMS = {"award", "amount"}
"""The fields in which a form states the sum itself."""

SHOWN_NAMES = 5
"""How many people are named who could take an action."""


@dataclass(frozen=True, slots=True)
class ActionButton:
    """One action of a case: its form, or the reasons against it and who could take it."""

    action: str
    url: str
    label: str
    inputs: tuple[FormInput, ...]
    reasons: tuple[str, ...] = ()
    able: tuple[str, ...] = ()
    able_more: int = 0
    is_main: bool = False
    is_unfolded: bool = False
    problems: Problems = NO_PROBLEMS
    photos_url: str = ""
    """Where photos are taken or uploaded that the form may name."""

    sum: str = ""
    """The sum that the action signs, pays or writes off, where its form does not ask for one."""

    @property
    def is_available(self) -> bool:
        """Return whether the form may be sent."""
        return not self.reasons


def action_buttons(
    row: dict[str, Any],
    preview: CasePreview,
    taken: str,
    posted: PostedForm,
    record: CaseRecord,
    documents: Iterable[dict[str, Any]],
) -> list[ActionButton]:
    """Return the caller's actions; the first open one that the case waits for is the main one.

    A visit that waits for the caller to say that they took part comes before it: nobody else can say so.
    """
    fields = {field.key: field for each in preview.actions if not each.available.reasons for field in each.step.form}
    options = _options(row, fields, record)
    in_force = [each for each in documents if each["ended_on"] is None]
    options["documents"] = [choice(each) for each in in_force]
    options["photos"] = [choice(each) for each in in_force if each["kind"] == DocumentKind.VISIT_PHOTO]
    is_open = [each for each in preview.actions if not each.available.reasons]
    mine = [each.step.action for each in is_open if each.step.kind.confirms_visit]
    main = next(iter([*mine, *(each.step.action for each in is_open if each.is_awaited)]), None)
    proof = (proof_input(posted),) if any(each.step.proof for each in is_open) else ()

    def shown(step: Step) -> PostedForm:
        return posted if step.action == taken else present_form(step, row, record.words)

    return [_button(row, each, options, main, shown(each.step), proof) for each in preview.actions]


def _button(
    row: dict[str, Any],
    each: ActionPreview,
    options: forms.Options,
    main: str | None,
    posted: PostedForm,
    proof: tuple[FormInput, ...],
) -> ActionButton:
    action, problems = each.step.action, posted.problems
    names = [person.display_name for person in each.able]
    return ActionButton(
        action=action,
        url=f"/cases/{row['id']}/actions/{action}",
        label=forms.action_label(action, each.step.label),
        inputs=_inputs(row, each.step, options, posted) + (proof if each.step.proof else ()),
        reasons=() if problems else tuple(message_for(reason, language()) for reason in each.available.reasons),
        able=tuple(names[:SHOWN_NAMES]),
        able_more=max(0, len(names) - SHOWN_NAMES),
        is_main=action == main,
        is_unfolded=bool(problems) or action == main,
        problems=problems,
        photos_url=_photos_url(row, each.step),
        sum=_sum_of(each.step, row),
    )


def _photos_url(row: dict[str, Any], step: Step) -> str:
    names_photos = any(each.key == "photos" for each in step.form)
    return f"/cases/{row['id']}/documents/new?kind={DocumentKind.VISIT_PHOTO.value}" if names_photos else ""


def _inputs(row: dict[str, Any], step: Step, options: forms.Options, posted: PostedForm) -> tuple[FormInput, ...]:
    """Return the inputs of a step's form; a payment says which method was signed."""
    drawn = forms.draw(step.action, step.form, options, posted)
    if not step.kind.names_method:
        return drawn
    signed = forms.choice_label("method", row["method"] or PaymentMethod.BANK.value)
    hint = text("case.method_signed", method=signed)
    return tuple(replace(each, hint=hint) if each.name == "method" else each for each in drawn)


def _sum_of(step: Step, row: dict[str, Any]) -> str:
    """Return the sum that a proved step decides: of a write-off what is still to come back, of the others the award."""
    is_of_recovery = step.money is not None and step.money.source is Pot.RECOVERING
    fen = row["recovering_fen"] if is_of_recovery else row["award_fen"]
    if step.proof is None or not fen or SUMS & {field.key for field in step.form}:
        return ""
    return in_yuan_with_thousands(fen)


def _options(row: dict[str, Any], fields: dict[str, FormField], record: CaseRecord) -> dict[str, list[tuple[str, str]]]:
    """Return the choices that the record gives, for the fields that the open forms have."""
    conn, on, options = connection(), today(), dict[str, list[tuple[str, str]]]()
    if "fund" in fields:
        lines = case_pages.usable_lines(conn, row["unit_path"], on)
        options["fund"] = [(str(each["id"]), forms.fund_label(each)) for each in lines]
    if "visitors" in fields:
        staff = accounts.staff_over(conn, row["unit_path"], on)
        visitors = (each for each in staff if each.actor.grants_as((Role.VISITOR,)))
        options["visitors"] = [(str(each.actor.account), each.display_name) for each in visitors]
    if "notice" in fields:
        options["notice"] = [(str(each.id), day(each.posted_on)) for each in record.notices]
    if "papers" in fields:
        options["papers"] = forms.terms_of("paper")
    return options
