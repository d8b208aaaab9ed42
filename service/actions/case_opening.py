"""Opening a case: what stands against it, its row and the first event of its chain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions.case_writer import CaseApplication, StepResult
from service.actions.context import ActionContext
from service.actions.errors import NotFound
from service.actions.event_log import event_envelope, remark_fingerprints, remark_rows
from service.actions.write_batch import WriteBatch
from service.crypto.hash_chain import GENESIS, event_hash
from service.db.columns import new_id
from service.db.prepared import PreparedStatement
from service.queries import case_opening
from service.queries.case_opening import HouseholdFile, OpeningChecks
from service.tables.cases import case, case_duty
from service.tables.events import event, sealed_remark
from workflows import state_machine
from workflows.canonical_json import canonical_json
from workflows.code_lists import HouseholdKind
from workflows.facts import Facts, RuleInput
from workflows.form_fields import split_free_words
from workflows.policy import PolicySet
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import Duty, InvalidForm, Plain, Reason, Refused, Role

_CASE_NO = PreparedStatement("SELECT nextval('case_no') AS number")


def open_case(conn: sa.Connection, application: CaseApplication, context: ActionContext) -> StepResult:
    """Open a case for a family. Raises BadAnswers, Refused or Unknown like take()."""
    programme = _programme(application.programme)
    family = case_opening.lock_household(conn, application.household_id, application.beneficiary_id, context.caller)
    if family is None:
        raise NotFound
    answers = state_machine.read_form(programme.answers, application.answers)
    stands = case_opening.opening_checks(
        conn, application.household_id, application.beneficiary_id, application.item, context.today
    )
    reasons = _refusals(programme, application, family, stands, context)
    if reasons:
        raise Refused(*reasons)
    start = _start(conn, programme, application, family, stands, context)
    return _write(conn, programme, application, family, answers, start, context)


def registrars_of(family: HouseholdFile, context: ActionContext) -> frozenset[UUID]:
    """Who opens the case: the caller, and whom he stands in for if that is how he may."""
    actor = context.caller.actor_over(family.unit_path)
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
    family: HouseholdFile,
    stands: OpeningChecks,
    context: ActionContext,
) -> list[Reason]:
    reasons = []
    if not context.caller.holds((Role.REGISTRAR,), family.unit_path):
        reasons.append(Reason.of("role_missing", roles=[Role.REGISTRAR.value]))
    if registrars_of(family, context) & stands.staff:
        reasons.append(Reason.of("own_family"))
    if application.item not in programme.items:
        reasons.append(Reason.of("item_not_of_programme", item=application.item, items=list(programme.items)))
    if application.requested <= 0:
        reasons.append(Reason.of("amount_not_positive"))
    if family.kind != HouseholdKind.WORKER:
        reasons.append(Reason.of("household_not_worker"))
    if family.exited:
        reasons.append(Reason.of("household_not_filed"))
    if stands.open_already:
        reasons.append(Reason.of("case_already_open", case_no=stands.open_already))
    return reasons


@dataclass(frozen=True, slots=True)
class _StartState:
    """By which policy set a case starts, and when its first state is due."""

    policy_id: UUID
    policy: PolicySet
    due_on: date | None
    provisional: bool


def _start(
    conn: sa.Connection,
    programme: Programme,
    application: CaseApplication,
    family: HouseholdFile,
    stands: OpeningChecks,
    context: ActionContext,
) -> _StartState:
    today = context.today
    policy_id, policy = stands.policy(conn, family.division, today)
    facts = Facts(programme.start, today, today, application.item, application.requested)
    rule_input = RuleInput(context.caller.actor_over(family.unit_path), facts, policy, stands.calendar(conn), today)
    return _StartState(policy_id, policy, *state_machine.start(programme, rule_input))


def _write(
    conn: sa.Connection,
    programme: Programme,
    application: CaseApplication,
    family: HouseholdFile,
    answers: Mapping[str, Plain],
    start: _StartState,
    context: ActionContext,
) -> StepResult:
    case_id = new_id()
    words, plain = split_free_words(programme.answers, answers)
    case_no = f"{programme.key[:2].upper()}{context.today.year}-{_CASE_NO.rows(conn, {})[0].number:06d}"
    first = programme.state(programme.start)
    due = {"policy_set_id": start.policy_id, "due_on": start.due_on, "due_is_provisional": start.provisional}
    stands = {"state": first.key, "phase": first.phase.value, "answers": plain, **due}
    opened = {"id": case_id, "case_no": case_no, **_request(application, family, context), **stands}
    batch = WriteBatch()
    batch.add(case, opened)
    batch.add(case_duty, *_registered(case_id, registrars_of(family, context)))
    batch.add(sealed_remark, *remark_rows(case_id, 1, words, context))
    told = _body(
        case_id, application, plain, words, {"id": str(start.policy_id), "digest": start.policy.digest}, context
    )
    principal = next(iter(registrars_of(family, context) - {context.caller.account}), None)
    body = canonical_json({**told, "principal": str(principal) if principal else None, "rows": batch.fingerprints()})
    opened["head_hash"] = event_hash(GENESIS, body)
    batch.add(event, _first_event(case_id, first.key, body, principal, context))
    batch.write(conn)
    return StepResult(case_id, case_no, first.key, first.phase.value, 1, start.due_on, programme.key, "open")


def _registered(case_id: UUID, people: frozenset[UUID]) -> list[dict[str, object]]:
    opened = {"case_id": case_id, "duty": Duty.REGISTRAR.value, "seq": 1}
    return [{**opened, "account_id": each} for each in sorted(people, key=str)]


def _request(application: CaseApplication, family: HouseholdFile, context: ActionContext) -> dict[str, object]:
    """The columns that say who asked for what, where and when."""
    where = {"unit_id": family.unit_id, "unit_path": family.unit_path, "year": context.today.year}
    whose = {"household_id": application.household_id, "beneficiary_id": application.beneficiary_id}
    what = {
        "programme": application.programme,
        "item": application.item,
        "requested_fen": application.requested,
        "outstanding_fen": 0,
    }
    when = {"opened_on": context.today, "entered_on": context.today, "created_at": context.at, "version": 1}
    return {**where, **whose, **what, **when}


def _body(
    case_id: UUID,
    application: CaseApplication,
    plain: dict[str, Plain],
    words: dict[str, str],
    policy: dict[str, Plain],
    context: ActionContext,
) -> dict[str, Plain]:
    body = event_envelope("case", case_id, 1, "open", context)
    body["from"], body["to"] = None, PROGRAMMES[application.programme].start
    body["programme"], body["item"], body["requested"] = application.programme, application.item, application.requested
    body["household"], body["beneficiary"] = str(application.household_id), str(application.beneficiary_id)
    body["answers"], body["words"], body["policy"] = plain, remark_fingerprints(words, context.keyring), policy
    return body


def _first_event(
    case_id: UUID, state: str, body: str, principal: UUID | None, context: ActionContext
) -> dict[str, object]:
    who = {"actor_id": context.caller.account, "principal_id": principal}
    when = {"on": context.today, "at": context.at}
    what = {"subject_id": case_id, "seq": 1, "subject": "case", "action": "open", "to_state": state}
    return {**what, **who, **when, "body": body, "prev": GENESIS, "hash": event_hash(GENESIS, body)}
