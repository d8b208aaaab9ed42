"""The case writer turns decided steps into rows: case, event, duties, ledger entries and notifications, in one statement."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from service.actions import decided_category
from service.actions.decided_category import Head
from service.actions.decided_step import DecidedStep
from service.actions.event_log import EventSource, build_event, remark_fingerprints, remark_rows
from service.actions.notify import notifications_for
from service.actions.step_records import step_record
from service.actions.step_result import StepResult
from service.actions.write_batch import WriteBatch
from service.db.columns import new_id
from service.tables.cases import case, case_duty
from service.tables.events import event, sealed_remark
from service.tables.households import household
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification
from workflows.assessment import as_record
from workflows.kept_facts import kept_facts
from workflows.replay import RULES
from workflows.vocabulary import Plain


def write(conn: sa.Connection, steps: Sequence[DecidedStep]) -> list[StepResult]:
    """Write decided steps of different cases, whose rows and households are locked. Never commits."""
    everything, heads = WriteBatch(), decided_category.lock_heads(conn, steps)
    for step in steps:
        everything.extend(_rows(step, heads.get(step.loaded.row.household_id, Head())))
    everything.write(conn)
    results = [step.result() for step in steps]
    for step, result in zip(steps, results, strict=True):
        step.context.steps.append(result)
    return results


def _rows(step: DecidedStep, file_head: Head) -> WriteBatch:
    """Return every row of one step; its event records the fingerprints of the others.

    What the step changes in the household's file is recorded by an event on the household's chain.
    """
    batch, row, update = WriteBatch(), step.loaded.row, step.update
    remarks, plain = step.split_answers()
    step_record(step.transition.step.record).write(step, batch)
    batch.add(ledger_entry, *_entries(step))
    batch.add(notification, *notifications_for(step.loaded, step.transition, step.context))
    batch.add(case_duty, *_duties(step))
    batch.add(sealed_remark, *remark_rows(row.id, update.version, remarks, step.context))
    batch.note_updated(case, {"id": row.id, **update.changed(row)})
    event_row = build_event(_source(step), _body(step, remarks, plain, batch), step.context)
    batch.add(event, event_row)
    batch.change_unrecorded(case, {"id": row.id, **update.columns(row), "head_hash": event_row["hash"]})
    if step.transition.postings:
        category = _file_columns(step)
        if category:
            decided_category.add_event(step, category, file_head, batch)
        given = {"id": row.household_id, "aid_version": row.aid_version + 1}
        batch.change_unrecorded(household, given | category)
    return batch


def _file_columns(step: DecidedStep) -> dict[str, object]:
    """Return the category of the file after the step, with the file's next version; nothing where it stays."""
    category = decided_category.category_after(step)
    return {**category, "version": step.loaded.row.file_version + 1} if category is not None else {}


def _source(step: DecidedStep) -> EventSource:
    row, transition = step.loaded.row, step.transition
    return EventSource(
        subject="case",
        subject_id=row.id,
        seq=step.update.version,
        action=transition.step.action,
        prev=bytes(row.head_hash),
        from_state=transition.source,
        to_state=step.update.state,
        principal=transition.grant.principal,
    )


def _entries(step: DecidedStep) -> list[dict[str, object]]:
    row: dict[str, object] = {
        "fund_id": step.update.fund_id,
        "subject_id": step.loaded.row.id,
        "case_id": step.loaded.row.id,
    }
    row |= {"seq": step.update.version, "on": step.context.today, "at": step.context.at}
    return [
        {
            "id": new_id(),
            "source_pot": posting.source.value,
            "target_pot": posting.target.value,
            "fen": posting.fen,
            **row,
        }
        for posting in step.transition.postings
    ]


def _duties(step: DecidedStep) -> list[dict[str, object]]:
    """Return the duty of the step for each person who did it, unless it is on record for them already."""
    duty = step.transition.duty
    if duty is None:
        return []
    people = step.rule_input.actor.people(step.transition.grant)
    if step.transition.step.kind.by_visitors:
        people |= step.rule_input.visitors_and_principals
    on_record = {(name, person) for name, person, _ in step.loaded.row.duties or ()}
    new = [each for each in sorted(people, key=str) if (duty.value, str(each)) not in on_record]
    row = {"case_id": step.loaded.row.id, "duty": duty.value, "seq": step.update.version}
    return [{**row, "account_id": each} for each in new]


def _body(
    step: DecidedStep, remarks: Mapping[str, str], plain: Mapping[str, Plain], batch: WriteBatch
) -> dict[str, Plain]:
    """Return what the event of the step says of it."""
    return {
        "answers": dict(plain),
        "remarks": remark_fingerprints(remarks, step.context.keyring),
        "policy": {"id": str(step.update.policy_set_id), "digest": step.rule_input.policy.digest},
        "rules": RULES,
        "facts": kept_facts(step.transition.step, step.rule_input.facts),
        "content": step.digest,
        "award": step.update.award_fen,
        "entries": [_columns(each, "id", "source_pot", "target_pot", "fen") for each in batch.rows(ledger_entry)],
        "notifications": [f"{each['kind']}/{each['channel']}" for each in batch.rows(notification)],
        "duties": [_columns(each, "duty", "account_id") for each in batch.rows(case_duty)],
        "rows": batch.fingerprints(),
        "assessment": as_record(step.assessment) if step.assessment else None,
        **({"corrected": corrections} if (corrections := step.update.corrections(step.loaded.row)) else {}),
    }


def _columns(row: Mapping[str, object], *names: str) -> dict[str, Plain]:
    return {name: value if isinstance(value := row[name], int) else str(value) for name in names}
