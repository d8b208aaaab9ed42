"""Step inputs: the rule input of a case as the rules of one step ask it."""

from dataclasses import replace
from datetime import date, timedelta

from workflows import workdays
from workflows.facts import Facts, RuleInput
from workflows.form_fields import FormField, Kind
from workflows.policy import PolicySet
from workflows.programme import Step
from workflows.workdays import Calendar

APPLICATION = ("requested", "item")
"""The fields of a correction that are facts of the case themselves; the others are answers of the programme's form."""


def without_form(case: RuleInput) -> RuleInput:
    """Return the preview of a case: its rule input while no form is filled in."""
    return replace(case, answers={}, is_preview=True)


def preview_of(step: Step, preview: RuleInput, in_force: PolicySet) -> RuleInput:
    """Return the preview as the step's rules ask it: for a new award without the earlier award and its fund."""
    if not step.kind.names_fund:
        return preview
    facts = preview.facts.replace(award=None, fund=None)
    return input_for(step, replace(preview, facts=facts, policy=in_force))


def input_for(step: Step, case: RuleInput) -> RuleInput:
    """Return the input as the step's rules ask it: with the application corrected, or the first day of a decision."""
    if step.kind.corrects and not case.is_preview:
        return replace(case, facts=corrected(step.form, case))
    return (
        replace(case, first_decision_on=first_decision(case.today, case.policy, case.calendar))
        if step.kind.names_fund
        else case
    )


def corrected(form: tuple[FormField, ...], case: RuleInput) -> Facts:
    """Return the facts with the application of the form in place of the earlier one. Free text is not among them."""
    application = {name: case.answers[name] for name in APPLICATION if name in case.answers}
    own = {field.key: field for field in form if field.key not in APPLICATION and field.kind is not Kind.TEXT}
    answers = {key: value for key, value in case.answers.items() if key in own}
    return case.facts.replace(**application, answers=answers)


def first_decision(posted_on: date, policy: PolicySet, calendar: Calendar) -> date | None:
    """Return the day after a notice that is posted on a day; None while the calendar does not cover it."""
    try:
        return workdays.after(posted_on, policy.notice_days, calendar) + timedelta(days=1)
    except workdays.CalendarUnknown:
        return None
