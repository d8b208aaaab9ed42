"""The service's tables as ORM classes with lazily loaded relationships."""

from typing import Any

from sqlalchemy.orm import registry, relationship

from service.tables.accounts import account, role_grant
from service.tables.cases import approval, case, case_duty, paper, verification
from service.tables.consents import consent
from service.tables.events import chain_head, event
from service.tables.finances import finance_line
from service.tables.funds import fund
from service.tables.gifts import gift
from service.tables.households import household
from service.tables.kinship import kinship
from service.tables.ledger import ledger_entry
from service.tables.notices import notice, objection
from service.tables.notifications import notification
from service.tables.number_absences import number_absence
from service.tables.payees import bank_account
from service.tables.payments import payment
from service.tables.persons import person
from service.tables.policies import calendar_day, calendar_year, policy_set
from service.tables.units import unit
from service.tables.visits import visit, visit_confirmation, visit_visitor


class Row:
    """An object of one row."""

    def __init__(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


def _named(name: str) -> Any:
    return type(name, (Row,), {})


Account, Approval, BankAccount, CalendarDay = map(_named, ("Account", "Approval", "BankAccount", "CalendarDay"))
CalendarYear, Case, CaseDuty, Consent = map(_named, ("CalendarYear", "Case", "CaseDuty", "Consent"))
FinanceLine, Entry, Event, Fund, Gift = map(_named, ("FinanceLine", "Entry", "Event", "Fund", "Gift"))
Household, Kinship, Notification, Notice, Objection = map(
    _named, ("Household", "Kinship", "Notification", "Notice", "Objection")
)
Paper, Payment, Person, PolicySet, RoleGrant = map(_named, ("Paper", "Payment", "Person", "PolicySet", "RoleGrant"))
ChainHead, NumberAbsence, Unit, Verification = map(_named, ("ChainHead", "NumberAbsence", "Unit", "Verification"))
Visit, VisitConfirmation = map(_named, ("Visit", "VisitConfirmation"))

_PLAIN = (
    *((Account, account), (Approval, approval), (CalendarDay, calendar_day), (CalendarYear, calendar_year)),
    *(
        (Consent, consent),
        (FinanceLine, finance_line),
        (Entry, ledger_entry),
        (Event, event),
        (Fund, fund),
        (Gift, gift),
    ),
    *((Kinship, kinship), (Notification, notification), (Objection, objection), (Paper, paper), (Payment, payment)),
    *((PolicySet, policy_set), (Unit, unit), (Verification, verification)),
    *((ChainHead, chain_head), (NumberAbsence, number_absence), (VisitConfirmation, visit_confirmation)),
)
_JOINED: tuple[tuple[type, Any, dict[str, Any]], ...] = (
    (Person, person, {}),
    (BankAccount, bank_account, {"person": relationship(Person)}),
    (CaseDuty, case_duty, {"account": relationship(Account)}),
    (
        Visit,
        visit,
        {
            "visitors": relationship(Account, secondary=visit_visitor),
            "confirmations": relationship(
                VisitConfirmation,
                primaryjoin=visit.c.id == visit_confirmation.c.visit_id,
                foreign_keys=[visit_confirmation.c.visit_id],
            ),
        },
    ),
    (Notice, notice, {"objections": relationship(Objection)}),
    (
        RoleGrant,
        role_grant,
        {"unit": relationship(Unit), "account": relationship(Account, foreign_keys=[role_grant.c.account_id])},
    ),
    (
        Household,
        household,
        {
            "members": relationship(Person, order_by=person.c.id),
            "lines": relationship(FinanceLine),
            "consents": relationship(Consent),
            "bank_accounts": relationship(BankAccount),
            "kin": relationship(Kinship),
            "gifts": relationship(Gift),
            "cases": relationship(Case, back_populates="household"),
        },
    ),
    (
        Case,
        case,
        {
            "household": relationship(Household, back_populates="cases"),
            "beneficiary": relationship(Person),
            "unit": relationship(Unit, foreign_keys=[case.c.unit_id]),
            "fund": relationship(Fund),
            "duties": relationship(CaseDuty),
            "visits": relationship(Visit, order_by=visit.c.id),
            "papers": relationship(Paper, order_by=paper.c.kind),
            "verifications": relationship(Verification, order_by=verification.c.seq),
            "notices": relationship(Notice, order_by=notice.c.seq),
            "objections": relationship(Objection),
            "approvals": relationship(Approval, order_by=approval.c.tier),
            "payments": relationship(Payment),
        },
    ),
)

_MAPPED = registry()
for _made, _table in _PLAIN:
    _MAPPED.map_imperatively(_made, _table)
for _made, _table, _ties in _JOINED:
    _MAPPED.map_imperatively(_made, _table, properties=_ties)
_MAPPED.configure()
