"""What the page of one family shows, each part one SELECT; the page as a whole takes at most fifteen."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.db.prepared import PreparedStatement
from service.queries.scope import Caller, ranges, visible_by_name, visible_to
from service.tables.accounts import account
from service.tables.cases import case
from service.tables.events import event
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.number_absences import number_absence
from service.tables.pairings import pairing
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.units import unit
from service.tables.visits import visit, visit_visitor
from workflows.vocabulary import Phase

MOST_VISITS = 20
"""The latest visits that the page shows."""

READS = ("reveal", "match_number")
"""Events of a person that change nothing."""

MOST_FILES = 2
"""Files of one number that are read: two are enough to know that the number names no single file."""

NOT_OUT = ("failed", "returned")
"""States of payments whose money came back whole."""


_HOUSEHOLD_ID = sa.bindparam("household_id", type_=sa.Uuid())


def _rows(conn: sa.Connection, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in conn.execute(query).mappings()]


def heading(conn: sa.Connection, household_id: UUID, caller: Caller) -> dict[str, Any] | None:
    """Return a file with the name of its unit, or None when the caller may not see it."""
    found = _HEADING.dicts(conn, _seen(household_id, caller))
    return found[0] if found else None


_HEADING = PreparedStatement(
    sa.select(household, unit.c.name.label("unit_name"))
    .join(unit, unit.c.id == household.c.unit_id)
    .where(household.c.id == _HOUSEHOLD_ID, visible_by_name(household.c.unit_path))
)


def _seen(household_id: UUID, caller: Caller) -> dict[str, Any]:
    return {"household_id": household_id, **ranges(caller)}


def cases_of(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return the family's cases that the caller sees, newest first, with their sums (fen)."""
    return _CASES.dicts(conn, _seen(household_id, caller))


def _select_cases() -> sa.Select[Any]:
    columns = ("id", "case_no", "programme", "item", "state", "phase", "due_on", "opened_on", "beneficiary_id")
    sums = ("requested_fen", "award_fen", "outstanding_fen")
    rows = sa.select(*(case.c[name] for name in (*columns, *sums))).where(case.c.household_id == _HOUSEHOLD_ID)
    seen = rows.where(visible_by_name(case.c.unit_path))
    return seen.order_by(case.c.opened_on.desc(), case.c.id.desc())


_CASES = PreparedStatement(_select_cases())


def visits_of(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return the latest visits to the family that the caller sees, with the names of the visitors; voided ones say so."""
    return _VISITS.dicts(conn, _seen(household_id, caller))


def _select_visits() -> sa.Select[Any]:
    names = (
        sa.select(sa.func.array_agg(account.c.display_name))
        .join(visit_visitor, visit_visitor.c.account_id == account.c.id)
        .where(visit_visitor.c.visit_id == visit.c.id)
    )
    columns = (visit.c.id, visit.c.kind, visit.c.on, visit.c.place, visit.c.conclusion, visit.c.voided_on)
    of_family = sa.or_(visit.c.household_id == _HOUSEHOLD_ID, case.c.household_id == _HOUSEHOLD_ID)
    rows = (
        sa.select(*columns, case.c.id.label("case_id"), case.c.case_no, names.scalar_subquery().label("visitors"))
        .outerjoin(case, case.c.id == visit.c.case_id)
        .where(of_family, visible_by_name(visit.c.unit_path))
    )
    return rows.order_by(visit.c.on.desc(), visit.c.id.desc()).limit(sa.literal_column(str(MOST_VISITS)))


_VISITS = PreparedStatement(_select_visits())


def received(conn: sa.Connection, household_id: UUID, caller: Caller) -> list[dict[str, Any]]:
    """Return what the family was given, newest first: payments of its cases, and gifts of money and goods.

    `fen` is what it kept, `given_fen` what the income test counts, both None for goods; `seen` says whether the caller
    sees the case or gift.
    """
    return _RECEIVED.dicts(conn, _seen(household_id, caller))


def _select_received() -> sa.Select[Any]:
    source = (fund.c.code.label("fund_code"), fund.c.title.label("fund_title"), fund.c.source, fund.c.year)
    none, text, sees_gift = sa.null().cast, sa.null().cast(sa.Text()), visible_by_name(gift.c.unit_path)
    no_gift = none(sa.Uuid()).label("gift_id")
    not_out = [sa.literal_column(f"'{state}'", sa.Text()) for state in NOT_OUT]
    paid = (
        sa.select(payment.c.paid_on.label("on"), case.c.item, (payment.c.fen - payment.c.recalled_fen).label("fen"))
        .add_columns((case.c.outstanding_fen + case.c.written_off_fen).label("given_fen"))
        .add_columns(case.c.id.label("case_id"), case.c.case_no, *source)
        .add_columns(text.label("goods"), text.label("goods_unit"), none(sa.Integer()).label("quantity"))
        .add_columns(visible_by_name(case.c.unit_path).label("seen"), unit.c.name.label("unit_name"), no_gift)
        .join(case, case.c.id == payment.c.case_id)
        .join(fund, fund.c.id == payment.c.fund_id)
        .join(unit, unit.c.id == case.c.unit_id)
        .where(case.c.household_id == _HOUSEHOLD_ID, payment.c.state.not_in(not_out))
    )
    given = (
        sa.select(gift.c.on, gift.c.item, gift.c.fen, gift.c.fen)
        .add_columns(none(sa.Uuid()), none(sa.Text()), *source, gift.c.goods, gift.c.goods_unit, gift.c.quantity)
        .add_columns(sees_gift, unit.c.name, sa.case((sees_gift, gift.c.id)))
        .outerjoin(fund, fund.c.id == gift.c.fund_id)
        .join(unit, unit.c.id == gift.c.unit_id)
        .where(gift.c.household_id == _HOUSEHOLD_ID, gift.c.voided_on.is_(None))
    )
    both = sa.union_all(paid, given).subquery()
    return sa.select(both).order_by(both.c.on.desc())


_RECEIVED = PreparedStatement(_select_received())


def kin_of(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every declaration of kinship with the names of the relative, the declarer and the confirmer, oldest first."""
    return _KIN.dicts(conn, {"household_id": household_id})


def _select_kin() -> sa.Select[Any]:
    by, confirmer = account.alias("by"), account.alias("confirmer")
    rows = (
        sa.select(kinship, account.c.display_name.label("relative"))
        .add_columns(by.c.display_name.label("declarer"), confirmer.c.display_name.label("confirmer"))
        .join(account, account.c.id == kinship.c.account_id)
        .outerjoin(by, by.c.id == kinship.c.declared_by)
        .outerjoin(confirmer, confirmer.c.id == kinship.c.confirmed_by)
        .where(kinship.c.household_id == _HOUSEHOLD_ID)
    )
    return rows.order_by(kinship.c.id)


_KIN = PreparedStatement(_select_kin())


def pairings_of(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every pairing of the family with the name of its unit, oldest first, voided ones included."""
    return _PAIRINGS.dicts(conn, {"household_id": household_id})


_PAIRINGS = PreparedStatement(
    sa.select(pairing, unit.c.name.label("unit_name"))
    .join(unit, unit.c.id == pairing.c.unit_id)
    .where(pairing.c.household_id == _HOUSEHOLD_ID)
    .order_by(pairing.c.id)
)


def absences_of(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return the confirmed reasons why members have no identity number, the one that ends last first."""
    return _ABSENCES.dicts(conn, {"household_id": household_id})


_ABSENCES = PreparedStatement(
    sa.select(number_absence)
    .join(person, person.c.id == number_absence.c.person_id)
    .where(person.c.household_id == _HOUSEHOLD_ID, person.c.active)
    .order_by(number_absence.c.until_on.desc())
)


def former_members(conn: sa.Connection, household_id: UUID) -> list[dict[str, Any]]:
    """Return every person ever on the file, active ones first, still encrypted."""
    rows = sa.select(person).where(person.c.household_id == household_id)
    return _rows(conn, rows.order_by(person.c.active.desc(), person.c.relation != "head", person.c.id))


def file_by_number(conn: sa.Connection, file_no: str, caller: Caller) -> UUID | None:
    """Return the active file of a number, or None where the caller sees no such file or several."""
    rows = sa.select(household.c.id).where(household.c.file_no == file_no, household.c.exited_on.is_(None))
    ids = list(conn.scalars(rows.where(visible_to(caller, household.c.unit_path)).limit(MOST_FILES)))
    return ids[0] if len(ids) == 1 else None


def latest_changes(conn: sa.Connection, subject_id: UUID, number: int) -> list[dict[str, Any]]:
    """Return the latest changes of a file or a member: what was done, by whom, on which day, newest first.

    What was only read is left out: it changes no version.
    """
    rows = (
        sa.select(event.c.action, event.c.on, account.c.display_name.label("actor"))
        .join(account, account.c.id == event.c.actor_id)
        .where(event.c.subject_id == subject_id, event.c.action.not_in(READS))
    )
    return _rows(conn, rows.order_by(event.c.seq.desc()).limit(number))


def open_case_due(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of the cases that are not over, the one due first first."""
    return sorted((each for each in cases if each["phase"] != Phase.ENDED), key=lambda each: each["due_on"])
