"""The page of one family: finished values for its template, from at most fifteen SELECTs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service.actions.consents import RECORDERS
from service.actions.errors import NotFound
from service.actions.gifts import RECORDERS as GIVERS
from service.actions.personal_data_access import PAYEE_REVEALERS, REVEALERS
from service.http.context import app_state, caller, today
from service.http.transaction import connection
from service.queries import documents, household_changes, households, masking, policies
from service.queries import household_pages as read
from service.queries.own_proposals import ProposedWrite, own_proposal
from service.web.family_assessment import Line, MoneyOfSource, SideSum, assessment_of, money_of_year, sums_of
from workflows.policy import NoPolicy, PoliciesOverlap, PolicySet
from workflows.powers import PAPER_KEEPERS
from workflows.vocabulary import Role

SOON = timedelta(days=30)
"""How long before its day a duty is shown as due soon."""

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NextDuty:
    """What the family's file needs next: its kind, the day it is due, and the page that does it."""

    kind: str
    on: date | None
    path: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class HouseholdPage:
    """Everything that the page of a family shows; persons are masked."""

    file: dict[str, Any]
    head: str
    members: list[dict[str, Any]]
    lines: tuple[Line, ...]
    sums: tuple[SideSum, ...]
    assessment: dict[str, Any] | None
    money: tuple[MoneyOfSource, ...]
    received: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    visits: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    payee: dict[str, Any] | None
    kin: list[dict[str, Any]]
    pairings: list[dict[str, Any]]
    absences: dict[UUID, dict[str, Any]]
    changes: list[dict[str, Any]]
    duties: tuple[NextDuty, ...]
    may_edit: bool
    may_record_consent: bool
    may_reveal: bool
    may_reveal_payee: bool
    may_file_again: bool
    may_add_documents: bool
    may_give: bool
    proposal: ProposedWrite | None = None

    @property
    def names(self) -> dict[UUID, str]:
        """Return the masked names of the members by their ids."""
        return {each["id"]: each["name"] or "" for each in self.members}


def heading(household_id: UUID) -> dict[str, Any]:
    """Return the file and its unit's name. Raises NotFound where the caller may not see it."""
    row = read.heading(connection(), household_id, caller())
    if row is None:
        raise NotFound
    return row


def masked_members(household_id: UUID) -> list[dict[str, Any]]:
    """Return the members of a file, masked, head first."""
    keyring = app_state().keyring
    return [masking.member(keyring, each) for each in households.members(connection(), household_id)]


def masked_payee(household_id: UUID) -> dict[str, Any] | None:
    """Return the account of a file, masked."""
    return masking.payee(app_state().keyring, households.payee(connection(), household_id))


def policy_today(division: str) -> PolicySet | None:
    """Return the policy set in force for a division today, or None without exactly one."""
    try:
        return policies.in_force_on(connection(), division, today())[1]
    except (NoPolicy, PoliciesOverlap):
        return None


def household_page(household_id: UUID, proposed: UUID | None = None) -> HouseholdPage:
    """Return the page of a family; `proposed` is a proposal just made, shown with whom it waits for. Raises NotFound."""
    conn, file = connection(), heading(household_id)
    members, rows = masked_members(household_id), households.lines(conn, household_id)
    given, cases = read.received(conn, household_id, caller()), read.cases_of(conn, household_id, caller())
    consents = households.consents(conn, household_id)
    payee, policy = masked_payee(household_id), policy_today(file["division"])
    absences = {each["person_id"]: each for each in reversed(read.absences_of(conn, household_id))}
    return HouseholdPage(
        file=file,
        head=next((each["name"] or "" for each in members if each["relation"] == "head"), ""),
        members=members,
        lines=tuple(Line(row) for row in rows),
        sums=sums_of(rows),
        assessment=assessment_of(file, len(members), rows, given, policy, today()),
        money=money_of_year(given, today()),
        received=given,
        cases=cases,
        visits=read.visits_of(conn, household_id, caller()),
        documents=documents.of_household(conn, household_id, caller()),
        consents=consents,
        payee=payee,
        kin=read.kin_of(conn, household_id),
        pairings=read.pairings_of(conn, household_id),
        absences=absences,
        changes=household_changes.changes(conn, household_id, caller()),
        duties=() if file["exited_on"] else _duties(file, cases, consents, payee, policy),
        proposal=own_proposal(conn, proposed, caller()) if proposed else None,
        **_rights(file),
    )


def _rights(file: dict[str, Any]) -> dict[str, bool]:
    """Return what the caller may do with a file."""
    is_open, over = file["exited_on"] is None, caller().actor_over(file["unit_path"]).grants_as
    is_registrar = bool(over((Role.REGISTRAR,)))
    return {
        "may_edit": is_open and is_registrar,
        "may_record_consent": is_open and bool(over(RECORDERS)),
        "may_reveal": bool(over(REVEALERS)),
        "may_reveal_payee": bool(over(PAYEE_REVEALERS)),
        "may_file_again": not is_open and is_registrar,
        "may_add_documents": bool(over(PAPER_KEEPERS)),
        "may_give": bool(set(GIVERS) & caller().roles),
    }


def _duties(
    file: dict[str, Any],
    cases: list[dict[str, Any]],
    consents: list[dict[str, Any]],
    payee: dict[str, Any] | None,
    policy: PolicySet | None,
) -> tuple[NextDuty, ...]:
    """Return what the file needs, overdue first: consent, finances, account, and the steps of open cases."""
    base, valid = f"/households/{file['id']}", policy.finances_valid_months if policy else 12
    ends = consents[0]["until_on"] if consents else None
    surveyed = file["finances_as_of"]
    stale = surveyed + valid * YEAR / 12 if surveyed else None
    due = [("consent", ends, f"{base}/consent"), ("finances", stale, f"{base}/finances")]
    due += [("payee", None, f"{base}/payee")] if payee is None else []
    soon = (NextDuty(*each, _is_over(each[1])) for each in due if each[1] is None or each[1] <= today() + SOON)
    steps = (
        NextDuty(f"case_{each['state']}", each["due_on"], f"/cases/{each['id']}", _is_over(each["due_on"]))
        for each in read.open_case_due(cases)
    )
    return _overdue_first((*soon, *steps))


def _is_over(on: date | None) -> bool:
    return on is None or on < today()


def _overdue_first(duties: Iterable[NextDuty]) -> tuple[NextDuty, ...]:
    return tuple(sorted(duties, key=lambda each: (not each.is_over, each.on or date.min)))
