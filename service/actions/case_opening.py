"""Opening a case: what stands against it, its row and the first event of its chain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from service.actions.case_rows import Opening, Taken
from service.actions.rows import Rows
from service.actions.trail import Asked, Unknown, envelope, proofs, sealed_words
from service.chain import GENESIS, link
from service.db import Prepared, new_id
from service.queries import new_case
from service.queries.new_case import Family, Standing
from service.tables.cases import case, case_duty
from service.tables.events import event, remark
from workflows import machine
from workflows.canonical_json import canonical_json
from workflows.code_lists import HouseholdKind
from workflows.facts import Ask, Facts
from workflows.policy import PolicySet
from workflows.programme import Programme
from workflows.programmes import PROGRAMMES
from workflows.questions import split_free_words
from workflows.terms import BadAnswers, Duty, Plain, Reason, Refused, Role

_CASE_NO = Prepared("SELECT nextval('case_no') AS number")


def open_case(tx: sa.Connection, opening: Opening, asked: Asked) -> Taken:
    """Open a case for a family. Raises BadAnswers, Refused or Unknown like take()."""
    programme = _programme(opening.programme)
    family = new_case.family(tx, opening.household_id, opening.beneficiary_id, asked.caller)
    if family is None:
        raise Unknown
    answers = machine.read_form(programme.answers, opening.answers)
    stands = new_case.standing(tx, opening.household_id, opening.beneficiary_id, opening.item, asked.today)
    reasons = _against(programme, opening, family, stands, asked)
    if reasons:
        raise Refused(*reasons)
    start = _start(tx, programme, opening, family, stands, asked)
    return _write(tx, programme, opening, family, answers, start, asked)


def hands(family: Family, asked: Asked) -> frozenset[UUID]:
    """Who opens the case: the caller, and whom he stands in for if that is how he may."""
    actor = asked.caller.actor_over(family.unit_path)
    grants = actor.grants_as((Role.REGISTRAR,))
    return actor.people(grants[0]) if grants else frozenset({actor.account})


def _programme(key: str) -> Programme:
    programme = PROGRAMMES.get(key)
    if programme is None:
        raise BadAnswers(Reason.of("not_a_choice", field="programme", choices=sorted(PROGRAMMES)))
    return programme


def _against(programme: Programme, opening: Opening, family: Family, stands: Standing, asked: Asked) -> list[Reason]:
    reasons = []
    if not asked.caller.holds((Role.REGISTRAR,), family.unit_path):
        reasons.append(Reason.of("role_missing", roles=[Role.REGISTRAR.value]))
    if hands(family, asked) & stands.staff:
        reasons.append(Reason.of("own_family"))
    if opening.item not in programme.items:
        reasons.append(Reason.of("item_not_of_programme", item=opening.item, items=list(programme.items)))
    if opening.asked <= 0:
        reasons.append(Reason.of("asked_nothing"))
    if family.kind != HouseholdKind.WORKER:
        reasons.append(Reason.of("household_not_worker"))
    if family.exited:
        reasons.append(Reason.of("household_not_filed"))
    if stands.open_already:
        reasons.append(Reason.of("case_already_open", case_no=stands.open_already))
    return reasons


@dataclass(frozen=True, slots=True)
class _Start:
    """By which policy set a case starts, and when its first state is due."""

    policy_id: UUID
    policy: PolicySet
    due_on: date | None
    provisional: bool


def _start(
    tx: sa.Connection, programme: Programme, opening: Opening, family: Family, stands: Standing, asked: Asked
) -> _Start:
    today = asked.today
    policy_id, policy = stands.policy(tx, family.division, today)
    facts = Facts(programme.start, today, today, opening.item, opening.asked)
    ask = Ask(asked.caller.actor_over(family.unit_path), facts, policy, stands.calendar(tx), today)
    return _Start(policy_id, policy, *machine.start(programme, ask))


def _write(
    tx: sa.Connection,
    programme: Programme,
    opening: Opening,
    family: Family,
    answers: Mapping[str, Plain],
    start: _Start,
    asked: Asked,
) -> Taken:
    case_id = new_id()
    words, plain = split_free_words(programme.answers, answers)
    case_no = f"{programme.key[:2].upper()}{asked.today.year}-{_CASE_NO.rows(tx, {})[0].number:06d}"
    first = programme.state(programme.start)
    due = {"policy_set_id": start.policy_id, "due_on": start.due_on, "due_is_provisional": start.provisional}
    stands = {"state": first.key, "phase": first.phase.value, "answers": plain, **due}
    opened = {"id": case_id, "case_no": case_no, **_request(opening, family, asked), **stands}
    rows = Rows()
    rows.add(case, opened)
    rows.add(case_duty, *_registered(case_id, hands(family, asked)))
    rows.add(remark, *sealed_words(case_id, 1, words, asked))
    told = _body(case_id, opening, plain, words, {"id": str(start.policy_id), "digest": start.policy.digest}, asked)
    principal = next(iter(hands(family, asked) - {asked.caller.account}), None)
    body = canonical_json({**told, "principal": str(principal) if principal else None, "rows": rows.fingerprints()})
    opened["head_hash"] = link(GENESIS, body)
    rows.add(event, _first_event(case_id, first.key, body, principal, asked))
    rows.write(tx)
    return Taken(case_id, case_no, first.key, first.phase.value, 1, start.due_on, programme.key, "open")


def _registered(case_id: UUID, people: frozenset[UUID]) -> list[dict[str, object]]:
    opened = {"case_id": case_id, "duty": Duty.REGISTRAR.value, "seq": 1}
    return [{**opened, "account_id": each} for each in sorted(people, key=str)]


def _request(opening: Opening, family: Family, asked: Asked) -> dict[str, object]:
    """The columns that say who asked for what, where and when."""
    where = {"unit_id": family.unit_id, "unit_path": family.unit_path, "year": asked.today.year}
    whose = {"household_id": opening.household_id, "beneficiary_id": opening.beneficiary_id}
    what = {"programme": opening.programme, "item": opening.item, "asked_fen": opening.asked, "outstanding_fen": 0}
    when = {"opened_on": asked.today, "entered_on": asked.today, "created_at": asked.at, "version": 1}
    return {**where, **whose, **what, **when}


def _body(
    case_id: UUID,
    opening: Opening,
    plain: dict[str, Plain],
    words: dict[str, str],
    policy: dict[str, Plain],
    asked: Asked,
) -> dict[str, Plain]:
    body = envelope("case", case_id, 1, "open", asked)
    body["from"], body["to"] = None, PROGRAMMES[opening.programme].start
    body["programme"], body["item"], body["asked"] = opening.programme, opening.item, opening.asked
    body["household"], body["beneficiary"] = str(opening.household_id), str(opening.beneficiary_id)
    body["answers"], body["words"], body["policy"] = plain, proofs(words, asked.ring), policy
    return body


def _first_event(case_id: UUID, state: str, body: str, principal: UUID | None, asked: Asked) -> dict[str, object]:
    who = {"actor_id": asked.caller.account, "principal_id": principal}
    when = {"on": asked.today, "at": asked.at}
    what = {"subject_id": case_id, "seq": 1, "subject": "case", "action": "open", "to_state": state}
    return {**what, **who, **when, "body": body, "prev": GENESIS, "hash": link(GENESIS, body)}
