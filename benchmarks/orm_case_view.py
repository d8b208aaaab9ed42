"""The facts of a case of ORM objects, each loaded when a check reads it."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from benchmarks.decided_category import NOT_FILING
from benchmarks.orm_tables import (
    Account,
    Case,
    Event,
    Fund,
    Household,
    NumberAbsence,
    Person,
    RoleGrant,
    Unit,
)

_OF_CASE = frozenset(
    ("id", "case_no", "state", "phase", "version", "item", "requested_fen", "award_fen", "outstanding_fen", "method")
)
_OF_CASE |= {"category", "fund_id", "policy_set_id", "opened_on", "entered_on", "held_until", "head_hash", "answers"}
_OF_CASE |= {"unit_id", "unit_path", "household_id", "beneficiary_id", "due_on", "cash_reason"}
_OF_FUND = frozenset(("available_fen", "permitted_items", "categories", "opens_on", "expires_on", "settles_until"))


class CaseFacts:
    """The columns of benchmarks.facts_sql, each loaded on access."""

    def __init__(self, session: Session, case: Any, answers: Mapping[str, Any], today: date) -> None:
        self.session, self.case, self.form, self.today = session, case, answers, today
        self.household = case.household

    def __getattr__(self, name: str) -> Any:
        """Return a column of the case, of its fund, or of the household."""
        if name in _OF_CASE:
            return getattr(self.case, name)
        return getattr(self.fund if name in _OF_FUND else self.household, name)

    @property
    def fund(self) -> Any:
        """Return the fund that the form names, or the case's fund."""
        named = self.form.get("fund")
        return self.session.get(Fund, UUID(named)) if named else self.case.fund

    @property
    def opened(self) -> bool:
        return bool(self.case.unit_path.startswith(self.fund.unit_path))

    @property
    def duties(self) -> list[tuple[str, str]]:
        return [(each.duty, str(each.account_id)) for each in self.case.duties]

    @property
    def filers(self) -> list[str]:
        subjects = [self.household.id, *(each.id for each in self.household.members)]
        actors = (
            sa.select(Event.actor_id).where(Event.subject_id.in_(subjects), Event.action.not_in(NOT_FILING)).distinct()
        )
        return [str(each) for each in self.session.scalars(actors)]

    @property
    def family_staff(self) -> list[UUID]:
        numbers = [each.id_no_index for each in self.household.members if each.active and each.id_no_index]
        same = self.session.scalars(sa.select(Account.id).where(Account.id_no_index.in_(numbers))) if numbers else ()
        return [*(each.account_id for each in self.household.kin), *same]

    @property
    def members(self) -> list[list[str | None]]:
        active = sorted((each for each in self.household.members if each.active), key=lambda each: each.id)
        return [[str(each.id), each.name_index.hex(), _hex(each.id_no_index)] for each in active]

    @property
    def lines(self) -> list[list[Any]]:
        rows = sorted(
            self.household.lines, key=lambda each: (each.side, each.kind, str(each.person_id), each.fen, each.id)
        )
        return [
            [each.side, each.kind, str(each.person_id or ""), each.fen, each.reimbursed_fen] for each in rows
        ] or None  # type: ignore[return-value]

    @property
    def consented_until(self) -> date | None:
        return max((each.until_on for each in self.household.consents), default=None)

    @property
    def papers(self) -> list[str] | None:
        return sorted(each.kind for each in self.case.papers) or None

    @property
    def payee(self) -> list[Any] | None:
        for each in self.household.bank_accounts:
            if each.active:
                in_family = each.person.household_id == self.household.id and each.person.active
                return [str(each.id), each.card_index.hex(), str(each.person_id), in_family]
        return None

    @property
    def visits(self) -> list[dict[str, Any]]:
        return [_visit(each) for each in self.case.visits]

    @property
    def returned(self) -> None:
        """Query for a return to survey, which does not occur in this scenario."""
        returns = sa.select(Event.seq).where(Event.subject_id == self.case.id, Event.action == "return_to_survey")
        self.session.scalars(returns).first()

    @property
    def verification(self) -> list[Any] | None:
        if not self.case.verifications:
            return None
        last = self.case.verifications[-1]
        return [last.replied_on.isoformat(), last.outcome, last.explained, last.people, last.seen]

    @property
    def notice(self) -> list[Any] | None:
        if not self.case.notices:
            return None
        last = self.case.notices[-1]
        still = sum(each.outcome is None for each in self.case.objections)
        upheld = sum(each.outcome == "upheld" for each in last.objections)
        return [last.posted_on.isoformat(), _day(last.ended_on), last.content, still, upheld]

    @property
    def approvals(self) -> list[tuple[int, str]]:
        return [(each.tier, each.content) for each in self.case.approvals if each.voided_seq is None]

    @property
    def payments(self) -> list[tuple[str, str, str, str, str | None]]:
        rows = sorted(self.case.payments, key=lambda each: each.seq)
        return [
            (
                str(each.id),
                each.state,
                each.paid_on.isoformat(),
                str(each.paid_by),
                str(each.confirmed_by) if each.confirmed_by else None,
            )
            for each in rows
        ]

    @property
    def beneficiary_in_family(self) -> bool:
        return bool(self.case.beneficiary.active and self.case.beneficiary.household_id == self.household.id)

    @property
    def no_number(self) -> dict[str, str | None]:
        payees = [("payee", each.person) for each in self.household.bank_accounts if each.active]
        named = [("beneficiary", self.case.beneficiary), *payees]
        return {who: self._absent_until(each) for who, each in named if each.id_no_index is None}

    def _absent_until(self, person: Any) -> str | None:
        ids = [each for each in (person.id, person.first_person_id) if each is not None]
        last = sa.select(sa.func.max(NumberAbsence.until_on)).where(NumberAbsence.person_id.in_(ids))
        return _day(self.session.scalar(last))

    @property
    def pending(self) -> list[str]:
        mine = sa.or_(Case.household_id == self.household.id, Case.beneficiary_id == self.case.beneficiary_id)
        earlier = sa.tuple_(Case.opened_on, Case.id) < sa.tuple_(self.case.opened_on, self.case.id)
        items = sa.select(Case.item).where(mine, earlier, Case.outstanding_fen == 0, Case.phase != "ended")
        return list(self.session.scalars(items))

    @property
    def others(self) -> list[tuple[str, int, str]]:
        cases = [each for each in self.household.cases if each.id != self.case.id and each.outstanding_fen > 0]
        gifts = [each for each in self.household.gifts if each.fen is not None]
        return [
            *((each.item, each.outstanding_fen, each.entered_on.isoformat()) for each in cases),
            *((each.item, each.fen, each.on.isoformat()) for each in gifts),
        ]

    @property
    def prior_aid(self) -> list[tuple[str, int, str]]:
        cases = [each for each in self.household.cases if each.id != self.case.id]
        paid = [(each.item, pay) for each in cases for pay in each.payments if pay.state == "live"]
        gifts = [(each.item, each.fen, each.on.isoformat()) for each in self.household.gifts if each.fen is not None]
        return [*((item, pay.fen, pay.paid_on.isoformat()) for item, pay in paid), *gifts]

    @property
    def eligible_visitors(self) -> list[UUID]:
        named = [UUID(each) for each in self.form["visitors"]]
        return [each.account_id for each in self.holding("visitor") if each.account_id in named]

    def holding(self, role: str, tier: int = 0) -> list[Any]:
        """Return today's grants of a role for the case's unit."""
        grants = sa.select(RoleGrant).where(
            RoleGrant.role == role, RoleGrant.tier == tier, RoleGrant.revoked_on.is_(None)
        )
        grants = grants.where(RoleGrant.from_on <= self.today, RoleGrant.until_on >= self.today)
        above = sa.literal(self.case.unit_path).op("^@")(Unit.path)
        return list(self.session.scalars(grants.join(RoleGrant.unit).where(above)))

    @property
    def reachable(self) -> UUID | None:
        return next((each.id for each in self.household.members if each.active and each.email_sealed), None)

    @property
    def registrars(self) -> list[tuple[str, bool]]:
        registrars = [each.account for each in self.case.duties if each.duty == "registrar"]
        return [(str(each.id), each.email is not None) for each in registrars]

    @property
    def holders(self) -> list[tuple[str, bool]]:
        grants = self.holding("approver", 1) if self.case.state == "notice" else self.holding("cashier")
        return [(str(each.account.id), each.account.email is not None) for each in grants]

    @property
    def head(self) -> tuple[str, str, str]:
        head_query = sa.select(Person).where(
            Person.household_id == self.household.id, Person.relation == "head", Person.active
        )
        head = self.session.scalars(head_query).one()
        return str(head.id), head.name_sealed.hex(), self.case.unit.name


def lock_household(session: Session, household_id: UUID) -> Any:
    """Lock the household's row, and return its object."""
    return session.get(Household, household_id, with_for_update={"key_share": True})


def _hex(value: bytes | None) -> str | None:
    return value.hex() if value is not None else None


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _visit(row: Any) -> dict[str, Any]:
    named = {
        "visitors": [str(each.id) for each in row.visitors],
        "confirmed": [str(each.account_id) for each in row.confirmations],
    }
    kept = {"kind": row.kind, "on": row.on.isoformat(), "conclusion": row.conclusion, "seq": row.seq, "seen": row.seen}
    return {"id": str(row.id), **kept, **named}
