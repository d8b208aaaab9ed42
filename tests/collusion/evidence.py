"""Judges what a step of a case relied on: visits, objections, and the file that was seen."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from service.tables.cases import case
from service.tables.events import event
from service.tables.number_absences import number_absence
from service.tables.payees import bank_account
from service.tables.persons import person

if TYPE_CHECKING:
    from tests.collusion.judge import Record

CHANGES = frozenset({"replace_finances", "edit_household", "add_person", "deactivate_person", "edit_person"})


def find_in_evidence(record: "Record", row: Any, household_id: UUID) -> Iterator[str]:
    """Yield what a step relied on and was not so."""
    if row.action == "finish_survey":
        yield from _of_visitors(record, row)
    if row.action == "pass_review":
        yield from _of_review(record, row, household_id)
    if row.action == "answer_objection":
        passes = sa.select(event.c.actor_id).where(event.c.subject_id == row.subject_id, event.c.seq < row.seq)
        latest = record.conn.scalar(passes.where(event.c.action == "pass_review").order_by(event.c.seq.desc()).limit(1))
        if latest == row.actor_id:
            yield "evidence: an objection answered by who had passed the award"


def _of_visitors(record: "Record", row: Any) -> Iterator[str]:
    """Yield a survey that is finished while fewer than two people say that they went."""
    went = {who for duty, who in record.duties.get(row.subject_id, ()) if duty == "visitor"}
    if len(went) < 2 and record.policy is not None:
        yield f"evidence: a survey finished with {len(went)} visitors who say so"


def _of_review(record: "Record", row: Any, household_id: UUID) -> Iterator[str]:
    """Yield an award on a file that changed after its survey, and one that was objected to and passed again as it was."""
    earlier = [each for each in record.events if each.no < row.no]
    changed = [each for each in earlier if each.subject_id == household_id and each.action in CHANGES]
    visited = any(each.subject_id == row.subject_id and each.action == "record_visit" for each in earlier)
    of_finances = [each for each in changed if each.action == "replace_finances"]
    if row.subject_id in record.before.cases and of_finances and not visited:
        yield "evidence: an award on finances that nobody surveyed"
    if _without_number(record, row, household_id):
        yield "evidence: an award to a person without a number and without a confirmed reason"
    upheld = record.before.upheld.get(row.subject_id)
    if upheld is None:
        return
    if upheld.actor_id == row.actor_id:
        yield "evidence: an award that was objected to, passed again by the same reviewer"
    facts = record.facts[record.events.index(row)]
    if not changed and not visited and _award(facts) >= upheld.award_fen and not _corrected(earlier, row):
        yield "evidence: an award that was objected to, passed again as it was"


def _without_number(record: "Record", row: Any, household_id: UUID) -> bool:
    """Return whether the beneficiary or the payee has neither a number nor a reason that counts on the day."""
    beneficiary = sa.select(case.c.beneficiary_id).where(case.c.id == row.subject_id)
    payee = sa.select(bank_account.c.person_id).where(
        bank_account.c.household_id == household_id, bank_account.c.active
    )
    named = sa.or_(person.c.id.in_(beneficiary), person.c.id.in_(payee))
    explained = sa.exists().where(number_absence.c.person_id == person.c.id, number_absence.c.until_on >= row.on)
    unknown = sa.select(person.c.id).where(named, person.c.id_no_index.is_(None), ~explained)
    return record.conn.scalar(unknown.limit(1)) is not None


def _corrected(earlier: list[Any], row: Any) -> bool:
    return any(each.subject_id == row.subject_id and each.action == "correct_application" for each in earlier)


def _award(body: dict[str, Any]) -> int:
    """Return the award in fen that the event of a review says."""
    answers = body.get("answers") or body.get("form") or {}
    return int(answers.get("award") or 0)
