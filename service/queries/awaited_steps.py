"""The people who may take the steps that cases wait for, as conditions over many cases."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from service.queries.case_loading.fact_table import NOT_FILING, PRINCIPAL, actions_leaving
from service.queries.scope import Caller
from service.tables.accounts import account
from service.tables.cases import approval, case, case_duty
from service.tables.events import event
from service.tables.kinship import kinship
from service.tables.notices import notice, objection
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.visits import visit
from workflows.awaited_steps import AwaitedStep, awaited_steps
from workflows.programme import Awaited
from workflows.programmes import PROGRAMMES
from workflows.rules.payment import DENIES
from workflows.vocabulary import Duty, Record

_COLUMNS: tuple[sa.ColumnClause[Any], ...] = (
    *(sa.column(name, sa.Text()) for name in ("programme", "state", "role", "awaited", "path")),
    *(sa.column(name, postgresql.ARRAY(sa.Text())) for name in ("barred_by", "asks")),
    sa.column("while_held", sa.Boolean()),
    sa.column("signatures", sa.Integer()),
    sa.column("people", postgresql.ARRAY(sa.Uuid())),
)
"""The columns of a row of taker(): a step, and the people who would take it; `people` is one, or a stand-in and whom
they act for."""


@cache
def steps_of_states() -> tuple[AwaitedStep, ...]:
    """Return the steps that cases of each state wait for."""
    return awaited_steps(tuple(PROGRAMMES.values()))


def states_with(record: Record) -> list[str]:
    """Return the states from which a step leaves this record."""
    steps = (step for programme in PROGRAMMES.values() for step in programme.steps if step.record is record)
    return sorted({state for step in steps for state in step.sources})


def _row(step: AwaitedStep, path: str | None, people: list[UUID]) -> dict[str, Any]:
    own = {name: getattr(step, name) for name in ("programme", "state", "role", "awaited", "while_held", "signatures")}
    arrays = {"barred_by": list(step.barred_by), "asks": list(step.asks), "people": [str(each) for each in people]}
    return {**own, **arrays, "path": path}


def steps_of_caller(caller: Caller) -> list[dict[str, Any]]:
    """Return the steps that a caller may take by role and tier: a row for each step and each of their grants."""

    def rows() -> Iterator[dict[str, Any]]:
        for step in steps_of_states():
            for held in caller.held:
                if held.role is step.role and (step.signatures is None or held.tier > step.signatures):
                    people = [caller.account, *([held.principal] if held.principal else [])]
                    yield _row(step, held.unit_path, people)

    return list(rows())


@cache
def steps_of_anybody() -> tuple[dict[str, Any], ...]:
    """Return every awaited step, without people."""
    return tuple(_row(step, None, []) for step in steps_of_states())


@dataclass(frozen=True, slots=True)
class Asked:
    """What steps ask of a case and of a person: the statement leaves out what no step asks.

    Planning the whole condition takes longer than running it.
    """

    awaited: tuple[str, ...]
    asks: tuple[str, ...]
    by_signatures: bool
    barred_by: tuple[str, ...]
    states: tuple[str, ...]
    """The states of the steps, without those of a hold that has run out."""


def asked_by(rows: Iterable[Mapping[str, Any]]) -> Asked:
    """Return what rows of steps_of_caller() or steps_of_anybody() ask."""
    rows = list(rows)
    return Asked(
        tuple(sorted({row["awaited"] for row in rows})),
        tuple(sorted({name for row in rows for name in row["asks"]})),
        any(row["signatures"] is not None for row in rows),
        tuple(sorted({duty for row in rows for duty in row["barred_by"]})),
        tuple(sorted({row["state"] for row in rows if row["awaited"] != Awaited.HOLD_OVER})),
    )


def steps_table(rows: sa.ColumnElement[str], name: str) -> sa.TableValuedAlias:
    """Return rows of steps_of_caller() or steps_of_anybody(), given as JSON text, as a table of the statement."""
    columns = sa.func.jsonb_to_recordset(sa.cast(rows, postgresql.JSONB())).table_valued(*_COLUMNS)
    return columns.render_derived(name=name, with_types=True)


def may_take(
    asked: Asked, step: Any, people: sa.ColumnElement[Any], today: date | sa.ColumnElement[date]
) -> sa.ColumnElement[bool]:
    """Return the condition that the case waits for `step`, and that nothing is against `people` taking it.

    `step` is a table of steps that ask no more than `asked`. Role, tier and unit have been compared already.
    workflows/awaited_steps.py asks the same of one case.
    """
    conditions = [_is_awaited(asked, step, today), ~_is_family(people)]
    if asked.by_signatures:
        conditions.append(sa.or_(step.signatures.is_(None), step.signatures == _signatures()))
    if asked.barred_by:
        conditions.append(~_has_duty(step, people))
    if Duty.FILER in asked.barred_by:
        conditions.append(~_filed_the_family(step, people))
    against = (~sa.and_(_is_asked(step, name), _AGAINST[name](people)) for name in asked.asks)
    return sa.and_(step.programme == case.c.programme, step.state == case.c.state, *conditions, *against)


def _is_awaited(asked: Asked, step: Any, today: date | sa.ColumnElement[date]) -> sa.ColumnElement[bool]:
    whens = ((step.awaited == each, _WHEN[Awaited(each)](today)) for each in asked.awaited)
    not_held = sa.or_(step.while_held, case.c.held_until.is_(None))
    return sa.and_(not_held, sa.case(*whens, else_=False) if asked.awaited else sa.false())


def _exists(tables: list[Any], *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return whether rows of these tables meet the conditions; every other table is that of the statement around it."""
    # SQLAlchemy correlates with the next SELECT outside only: without this, "case" would be read whole once more.
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(*tables).where(*conditions)
    return sa.exists(rows.correlate_except(*tables))


def is_one_of(column: sa.ColumnElement[str], values: Collection[str]) -> sa.ColumnElement[bool]:
    """Return whether a text is one of these; an array is one value of a prepared statement, a list for IN is not."""
    return column == sa.any_(sa.literal(sorted(values), postgresql.ARRAY(sa.Text())))


def _value(rows: sa.Select[Any], *tables: Any) -> sa.ScalarSelect[Any]:
    return rows.correlate_except(*tables).scalar_subquery()


def visited_since_return() -> sa.ColumnElement[bool]:
    """Return the condition for survey visits of the case that count: those since the latest return to survey."""
    returned = sa.select(sa.func.max(event.c.seq)).where(
        event.c.subject_id == case.c.id, is_one_of(event.c.action, actions_leaving(Record.RESURVEY))
    )
    since = sa.func.coalesce(_value(returned, event), -1)
    return sa.and_(visit.c.case_id == case.c.id, visit.c.kind == "survey", sa.func.coalesce(visit.c.seq, 0) > since)


def _followed_up() -> sa.ColumnElement[bool]:
    calls = sa.select(~is_one_of(sa.func.coalesce(visit.c.conclusion, ""), DENIES))
    mine = calls.where(visit.c.case_id == case.c.id, visit.c.kind == "follow_up")
    return sa.func.coalesce(_value(mine.order_by(visit.c.id.desc()).limit(1), visit), False)


def _open_objection() -> tuple[sa.ColumnElement[bool], ...]:
    return objection.c.case_id == case.c.id, objection.c.outcome.is_(None)


def _upheld_objection() -> sa.ColumnElement[bool]:
    notices = sa.select(notice.c.id).where(notice.c.case_id == case.c.id)
    latest = _value(notices.order_by(notice.c.seq.desc()).limit(1), notice)
    return _exists([objection], objection.c.notice_id == latest, objection.c.outcome == "upheld")


def _signatures() -> sa.ColumnElement[int]:
    live = sa.select(sa.func.count()).select_from(approval)
    return _value(live.where(approval.c.case_id == case.c.id, approval.c.voided_seq.is_(None)), approval)


def _has_duty(step: Any, people: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return _exists(
        [case_duty],
        case_duty.c.case_id == case.c.id,
        # Two arrays in one index condition cost more than the few rows of a case: 41 µs a case instead of 12.
        sa.func.array_position(people, case_duty.c.account_id).is_not(None),
        sa.func.array_position(step.barred_by, case_duty.c.duty).is_not(None),
    )


def _filed_the_family(step: Any, people: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    members = _value(sa.select(person.c.id).where(person.c.household_id == case.c.household_id), person)
    file = sa.func.array_append(sa.func.array(members, type_=postgresql.ARRAY(sa.Uuid())), case.c.household_id)
    wrote = _exists(
        [event],
        event.c.subject_id == sa.any_(file),
        sa.or_(event.c.actor_id == sa.any_(people), sa.literal_column(PRINCIPAL, sa.Uuid()) == sa.any_(people)),
        ~is_one_of(event.c.action, NOT_FILING),
    )
    return sa.and_(sa.literal(Duty.FILER.value) == sa.any_(step.barred_by), wrote)


def _is_family(people: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    staff = account.alias("staff")
    kin = _exists(
        [kinship],
        kinship.c.household_id == case.c.household_id,
        kinship.c.account_id == sa.any_(people),
        kinship.c.confirmed_on.is_not(None),
        sa.or_(kinship.c.ended_on.is_(None), kinship.c.ended_on >= case.c.opened_on),
    )
    home = sa.select(person.c.household_id).join(staff, staff.c.id_no_index == person.c.id_no_index)
    homes = _value(home.where(staff.c.id == sa.any_(people), person.c.active), person, staff)
    member = case.c.household_id == sa.any_(sa.func.array(homes, type_=postgresql.ARRAY(sa.Uuid())))
    return sa.or_(kin, member)


def _is_asked(step: Any, name: str) -> sa.ColumnElement[bool]:
    return sa.literal(name) == sa.any_(step.asks)


def _posted(people: sa.ColumnElement[Any], objected: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return whether one of `people` posted the award that an objection of the case, which `objected` finds, is against."""
    return _exists(
        [objection, notice, event],
        objection.c.case_id == case.c.id,
        objected,
        notice.c.id == objection.c.notice_id,
        event.c.subject_id == notice.c.case_id,
        event.c.seq == notice.c.seq,
        sa.or_(event.c.actor_id == sa.any_(people), event.c.principal_id == sa.any_(people)),
    )


def _answers_own_award(people: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    waiting = objection.alias("waiting")
    of_case = sa.select(waiting.c.id).where(waiting.c.case_id == case.c.id, waiting.c.outcome.is_(None))
    return _posted(people, objection.c.id == _value(of_case.order_by(waiting.c.id).limit(1), waiting))


def _passes_own_award(people: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return _posted(people, objection.c.outcome == "upheld")


def _same_people_again(people: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    last, earlier = payment.alias("last_payment"), payment.alias("earlier_payment")
    numbers = payment.alias("payment_no")
    latest = _value(sa.select(sa.func.max(numbers.c.seq)).where(numbers.c.case_id == case.c.id), numbers)
    return _exists(
        [last, earlier],
        last.c.case_id == case.c.id,
        last.c.seq == latest,
        earlier.c.case_id == case.c.id,
        earlier.c.seq < last.c.seq,
        earlier.c.paid_by == last.c.paid_by,
        earlier.c.confirmed_by == sa.any_(people),
    )


_WHEN: Mapping[Awaited, Callable[[date | sa.ColumnElement[date]], sa.ColumnElement[bool]]] = {
    Awaited.ALWAYS: lambda _today: sa.true(),
    Awaited.HOLD_OVER: lambda today: case.c.held_until < today,
    Awaited.VISITED: lambda _today: _exists([visit], visited_since_return()),
    Awaited.OBJECTION_OPEN: lambda _today: _exists([objection], *_open_objection()),
    Awaited.OBJECTION_UPHELD: lambda _today: _upheld_objection(),
    Awaited.FOLLOWED_UP: lambda _today: _followed_up(),
    Awaited.NOT_FOLLOWED_UP: lambda _today: ~_followed_up(),
}
"""When a case waits for a step, as is_awaited() of workflows/awaited_steps.py says of one case."""

_AGAINST: Mapping[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[bool]]] = {
    "answers_own_award": _answers_own_award,
    "passes_own_award": _passes_own_award,
    "same_people_again": _same_people_again,
}
"""The rules of ASKED_OF_THE_PERSON in workflows/awaited_steps.py, by their names there."""
