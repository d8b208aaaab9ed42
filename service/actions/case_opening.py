"""Opens a case: checks the application, adds its row and the first event of its chain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions.case_application import CaseApplication
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.event_log import EventSource, build_event, remark_fingerprints, remark_rows
from service.actions.step_result import StepResult
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.db.prepared import PreparedStatement
from service.queries import case_opening, cases, households
from service.queries.case_opening import HouseholdFile, OpeningChecks
from service.tables.cases import case, case_duty
from service.tables.events import event, sealed_remark
from workflows import state_machine
from workflows.code_lists import HouseholdKind
from workflows.facts import Facts, RuleInput
from workflows.form_fields import split_free_words
from workflows.policy import PolicySet
from workflows.policy_codes import Requirement
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.replay import RULES
from workflows.vocabulary import Duty, InvalidForm, Plain, Reason, Refused, Role
from workflows.workdays import Calendar

_CASE_NO = PreparedStatement("SELECT nextval('case_no') AS number")


def open_case(conn: sa.Connection, application: CaseApplication, context: ActionContext) -> StepResult:
    """Open a case for a family. Never commits. Raises InvalidForm, Refused or NotFound."""
    programme = _programme(application.programme)
    household = case_opening.lock_household(conn, application.household_id, application.beneficiary_id, context.caller)
    if household is None:
        raise NotFound
    answers = state_machine.read_form(programme.answers, application.answers)
    whose = (application.household_id, application.beneficiary_id, application.item)
    checks = case_opening.opening_checks(conn, *whose, context.today)
    registrars = registrars_of(household, context)
    policy_set_id, policy = checks.policy(conn, household.division, context.today)
    rule_input = _rule_input(programme, application, answers, household, context, policy, checks.calendar(conn))
    reasons = _refusals(programme, application, household, checks, registrars, rule_input, context)
    if reasons:
        raise Refused(*reasons)
    start = _Start(policy_set_id, policy, *state_machine.start(programme, rule_input))
    new = _NewCase(programme, application, household, start, registrars, answers)
    warnings = tuple(_warnings(application.item, household.category, policy, checks))
    result = replace(_write(conn, new, context), warnings=warnings)
    context.steps.append(result)
    return result


def registrars_of(household: HouseholdFile, context: ActionContext) -> frozenset[UUID]:
    """Return who registers the case: the caller, and the person they stand in for if that is how they may."""
    actor = context.caller.actor_over(household.unit_path)
    grants = actor.grants_as((Role.REGISTRAR,))
    return actor.people(grants[0]) if grants else frozenset({actor.account})


def _programme(key: str) -> Programme:
    programme = PROGRAMMES.get(key)
    if programme is None:
        raise InvalidForm(Reason.of("not_a_choice", field="programme", choices=sorted(PROGRAMMES)))
    return programme


def _refusals(
    programme: Programme,
    application: CaseApplication,
    household: HouseholdFile,
    checks: OpeningChecks,
    registrars: frozenset[UUID],
    rule_input: RuleInput,
    context: ActionContext,
) -> list[Reason]:
    reasons = []
    if not context.caller.holds((Role.REGISTRAR,), household.unit_path):
        reasons.append(Reason.of("role_missing", roles=[Role.REGISTRAR.value]))
    if registrars & checks.staff:
        reasons.append(Reason.of("own_family"))
    if application.item not in programme.items:
        reasons.append(Reason.of("item_not_of_programme", item=application.item, items=list(programme.items)))
    reasons += [reason for rule in programme.opening if (reason := rule(rule_input)) is not None]
    if household.kind != HouseholdKind.WORKER:
        reasons.append(Reason.of("household_not_worker"))
    if household.exited:
        reasons.append(Reason.of("household_not_filed"))
    if checks.open_already:
        reasons.append(Reason.of("case_already_open", case_no=checks.open_already))
    return reasons


@dataclass(frozen=True, slots=True)
class _Start:
    """The policy set a case starts under, and the day its first state is due."""

    policy_set_id: UUID
    policy: PolicySet
    due_on: date | None
    due_is_provisional: bool


def _rule_input(
    programme: Programme,
    application: CaseApplication,
    answers: Mapping[str, Plain],
    household: HouseholdFile,
    context: ActionContext,
    policy: PolicySet,
    calendar: Calendar,
) -> RuleInput:
    """Return what the opening rules are asked about: the application, on the day it is made."""
    today, actor = context.today, context.caller.actor_over(household.unit_path)
    facts = Facts(programme.start, today, today, application.item, application.requested, answers=answers)
    return RuleInput(actor, facts, policy, calendar, today)


@dataclass(frozen=True, slots=True)
class _NewCase:
    """What is known of a case before it is written."""

    programme: Programme
    application: CaseApplication
    household: HouseholdFile
    start: _Start
    registrars: frozenset[UUID]
    answers: Mapping[str, Plain]


def warnings_of(conn: sa.Connection, case_id: UUID, context: ActionContext) -> tuple[Reason, ...]:
    """Return the warnings that a case just opened was opened with. Raises NotFound."""
    row = cases.one(conn, case_id, context.caller)
    file = households.one(conn, row["household_id"], context.caller) if row is not None else None
    if row is None or file is None:
        raise NotFound
    whose = (row["household_id"], row["beneficiary_id"], row["item"])
    checks = case_opening.opening_checks(conn, *whose, context.today)
    policy = checks.policy(conn, file["division"], context.today)[1]
    return tuple(_warnings(row["item"], file["category"], policy, checks))


def _warnings(item: str, category: str | None, policy: PolicySet, checks: OpeningChecks) -> Iterator[Reason]:
    """Yield a reason for which the review will or may refuse the case; the category may change until then."""
    most = policy.items_most(category)
    if most is None or not policy.binds(Requirement.ITEMS_PER_YEAR, item):
        return
    if len(checks.other_items | {item}) > most:
        yield Reason.of("other_items_open", items=sorted(checks.other_items), param="items_per_year", value=most)


def _write(conn: sa.Connection, new: _NewCase, context: ActionContext) -> StepResult:
    case_id, first = new_id(), new.programme.state(new.programme.start)
    remarks, plain = split_free_words(new.programme.answers, new.answers)
    case_no = f"{new.programme.key[:2].upper()}{context.today.year}-{_CASE_NO.rows(conn, {})[0].number:06d}"
    columns = {"id": case_id, "case_no": case_no, "state": first.key, "phase": first.phase.value, "answers": plain}
    columns |= {**_application_columns(new, context), **_start_columns(new.start)}
    batch = WriteBatch()
    batch.note_inserted(case, columns)  # added below, when the hash of its first event is known
    batch.add(case_duty, *_registered(case_id, new.registrars))
    batch.add(sealed_remark, *remark_rows(case_id, 1, remarks, context))
    principal = next(iter(new.registrars - {context.caller.account}), None)
    source = EventSource("case", case_id, 1, "open", to_state=first.key, principal=principal)
    said = {**_said(new, plain), "remarks": remark_fingerprints(remarks, context.keyring), "rows": batch.fingerprints()}
    event_row = build_event(source, said, context)
    batch.add(event, event_row)
    batch.add(case, {**columns, "head_hash": event_row["hash"]})
    batch.write(conn)
    return StepResult(
        case_id, case_no, first.key, first.phase.value, 1, new.start.due_on, new.programme.key, source.action
    )


def _registered(case_id: UUID, people: frozenset[UUID]) -> list[dict[str, object]]:
    duty = {"case_id": case_id, "duty": Duty.REGISTRAR.value, "seq": 1}
    return [{**duty, "account_id": each} for each in sorted(people, key=str)]


def _start_columns(start: _Start) -> dict[str, object]:
    return {
        "policy_set_id": start.policy_set_id,
        "due_on": start.due_on,
        "due_is_provisional": start.due_is_provisional,
    }


def _application_columns(new: _NewCase, context: ActionContext) -> dict[str, object]:
    """Return the columns that say who asks for what, in which unit, and when."""
    return {
        "unit_id": new.household.unit_id,
        "unit_path": new.household.unit_path,
        "year": context.today.year,
        "household_id": new.application.household_id,
        "beneficiary_id": new.application.beneficiary_id,
        "programme": new.application.programme,
        "item": new.application.item,
        "requested_fen": new.application.requested,
        "outstanding_fen": 0,
        "opened_on": context.today,
        "entered_on": context.today,
        "created_at": context.at,
        "version": 1,
    }


def _said(new: _NewCase, plain: dict[str, Plain]) -> dict[str, Plain]:
    """Return what the first event says of the application."""
    return {
        "programme": new.application.programme,
        "item": new.application.item,
        "requested": new.application.requested,
        "household": str(new.application.household_id),
        "beneficiary": str(new.application.beneficiary_id),
        "unit": new.household.unit_path,
        "rules": RULES,
        "answers": plain,
        "policy": {"id": str(new.start.policy_set_id), "digest": new.start.policy.digest},
    }
