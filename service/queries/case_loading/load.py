"""Everything the rules need of one case, read by one SELECT that can lock it, and turned into Facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.queries import policies
from service.queries.case_loading.plan import EVERYTHING, LoadPlan
from service.queries.case_loading.statement import load_statement
from service.queries.scope import Caller, ranges
from workflows.approval_digest import ApprovalContent, approval_digest
from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.facts import Approval, Award, Facts, Fund, Notice, Returned, Verification, Visit
from workflows.vocabulary import Duty, Fen, Role

_DUTIES: Mapping[str, Duty] = {each.value: each for each in Duty}
_ROLES: Mapping[str, Role] = {each.value: each for each in Role}


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """Somebody who holds a role over the case's unit today, and whether mail reaches him."""

    account: UUID
    role: Role
    tier: int
    mailed: bool
    principal: UUID | None = None
    """Whom he stands in for, if the role is not his own."""


@dataclass(frozen=True, slots=True)
class LoadedCase:
    """A case as it stands: its row, what the rules see of it, and the accounts of the family."""

    row: Any
    facts: Facts

    staff: tuple[RoleHolder, ...] = ()
    """Who holds one of the roles that were asked for with the case."""

    line: Mapping[str, Any] | None = None
    """The case's line of money, if it was locked with the case."""

    @property
    def bank_account(self) -> UUID | None:
        """The account on file that a transfer would go to."""
        payee = self.row.payee
        return UUID(payee["id"]) if payee else None

    @property
    def registrars(self) -> dict[UUID, bool]:
        """Who opened the case, and whether mail reaches him."""
        return {_account(each): mailed for duty, each, mailed in self.row.duties or () if duty == Duty.REGISTRAR.value}

    def visitors(self, named: frozenset[UUID]) -> dict[UUID, frozenset[UUID]]:
        """Those of `named` who may visit, and whom they stand in for: nobody, if any of their grants is their own."""
        able: dict[UUID, frozenset[UUID | None]] = {}
        for each in self.staff:
            if each.role is Role.VISITOR and each.account in named:
                able[each.account] = able.get(each.account, frozenset()) | {each.principal}
        return {
            account: frozenset() if None in principals else frozenset(each for each in principals if each)
            for account, principals in able.items()
        }


def load_locked(
    conn: sa.Connection, case_id: UUID, caller: Caller, on: date, reads: LoadPlan, named_fund: UUID | None
) -> LoadedCase | None:
    """The case and its household, locked until the transaction ends; None when `caller` may not see it.

    Whoever had to wait for the lock saw the facts of before he waited. What is written under the same two locks shows
    in their versions, or in the mark that whatever is given to the family leaves in its file (household.aid_version), and then
    he looks again. The line of a step that moves money is locked along, after the household;
    where the case has none, it is read without.
    """
    values = _values(case_id, caller, on, reads, named_fund)
    found = _fresh(conn, reads, values, money=reads.money)
    if not found and reads.money:
        found = _fresh(conn, reads, values, money=False)
    return _known(found)


def load_case(conn: sa.Connection, case_id: UUID, caller: Caller, on: date) -> LoadedCase | None:
    """The case as it stands with every fact, without a lock; None when `caller` may not see it."""
    return _known(load_statement(EVERYTHING, lock=False).rows(conn, _values(case_id, caller, on, LoadPlan(), None)))


def _fresh(conn: sa.Connection, reads: LoadPlan, values: dict[str, Any], *, money: bool) -> list[Any]:
    statement = load_statement(reads.parts, lock=True, money=money, staff=bool(reads.roles))
    found = statement.rows(conn, values)
    return found if not found or found[0].fresh else statement.rows(conn, values)


def _values(case_id: UUID, caller: Caller, on: date, reads: LoadPlan, fund: UUID | None) -> dict[str, Any]:
    first, last = policies.years_around(on)
    when = {"today": on, "first_year": first, "last_year": last}
    named = {"roles": [role.value for role in reads.roles], "fund_id": fund}
    return {"case_id": case_id, **named, **when, **ranges(caller)}


def _known(found: list[Any]) -> LoadedCase | None:
    if not found:
        return None
    columns = found[0]._asdict()
    parts = columns.pop("parts")
    row = SimpleNamespace(**columns, **parts)
    staff = (
        RoleHolder(_account(who), _ROLES[role], tier, mailed, _account(principal) if principal else None)
        for who, role, tier, mailed, principal in parts.get("staff") or ()
    )
    return LoadedCase(row, _facts(row, parts), tuple(staff), columns.get("line"))


@lru_cache(maxsize=8192)
def _account(text: str) -> UUID:
    """An account's id: the same few hands are in every case, and to read an id costs more than to remember it."""
    return UUID(text)


def _day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _facts(row: Any, parts: Mapping[str, Any]) -> Facts:
    """Facts of what was read; what was not is not there."""
    read = {fact: make(row) for part, (fact, make) in _OF_PART.items() if part in parts}
    return Facts.of(
        content=content_of(row, row.award_fen, row.fund_id, row.policy_set_id, row.category),
        people=people_of(row),
        payee_in_family=row.payee["in_family"] if row.payee else None,
        **_file_facts(row),
        **read,
    )


def _file_facts(row: Any) -> dict[str, Any]:
    """What the case's row and the household's file say by themselves."""
    return {
        "state": row.state,
        "opened_on": row.opened_on,
        "entered_on": row.entered_on,
        "item": row.item,
        "requested": Fen(row.requested_fen),
        "award": row.award_fen,
        "outstanding": Fen(row.outstanding_fen),
        "held": row.held_until is not None,
        "duties": frozenset((_DUTIES[duty], _account(person)) for duty, person, _ in row.duties or ())
        | frozenset((Duty.FILER, _account(person)) for person in row.filers or ()),
        "family_staff": frozenset(_account(each) for each in row.family_staff or ()),
        "answers": row.answers,
        "filed": row.exited_on is None,
        "division": row.division,
        "cause": row.cause,
        "papers": frozenset(row.papers or ()),
    }


def _others(row: Any) -> tuple[Award, ...]:
    return tuple(
        Award(item, Fen(fen), date.fromisoformat(on), school_year, same_student=student)
        for item, fen, on, school_year, student in row.others or ()
    )


def _approvals(row: Any) -> tuple[Approval, ...]:
    return tuple(Approval(tier, UUID(by), content) for tier, by, content, _ in row.approvals or ())


def _visit(each: dict[str, Any]) -> Visit:
    visitors = frozenset(_account(account) for account in each["visitors"] or ())
    return Visit(each["kind"], date.fromisoformat(each["on"]), visitors, each["conclusion"], each["seq"] or 0)


def _verification(each: dict[str, Any] | None) -> Verification | None:
    if each is None:
        return None
    return Verification(date.fromisoformat(each["replied_on"]), each["outcome"], each["explained"], each["people"])


def _returned(each: dict[str, Any] | None) -> Returned | None:
    if each is None:
        return None
    again = frozenset(each["again"] or ())
    return Returned(each["seq"], date.fromisoformat(each["on"]), again, each["papers_since"])


def people_of(row: Any) -> str:
    """The digest of who belongs to the family: each member by number, or by name where none is on file."""
    members = sorted(number or name for _, name, number in row.members or ())
    return sha256("\n".join(members).encode()).hexdigest()


def _notice(each: dict[str, Any] | None) -> Notice | None:
    if each is None:
        return None
    posted, ended = date.fromisoformat(each["posted_on"]), _day(each["ended_on"])
    return Notice(posted, each["content"], ended, UUID(each["id"]), each["open"], each["upheld"])


def fund_facts(each: Mapping[str, Any]) -> Fund:
    """A fund line as the rules see it, from its row or the row's JSON."""
    return Fund(
        available=Fen(each["available_fen"]),
        items=frozenset(each["permitted_items"]),
        categories=frozenset(each["categories"]),
        opens_on=date.fromisoformat(str(each["opens_on"])),
        expires_on=date.fromisoformat(str(each["expires_on"])),
    )


def _finances(row: Any) -> Finances | None:
    if row.finances_as_of is None or not row.members:
        return None
    lines = row.lines or ()
    return Finances(
        members=len(row.members or ()),
        income=tuple(IncomeLine(kind, who, Fen(fen)) for side, kind, who, fen, _ in lines if side == "income"),
        spending=tuple(
            SpendingLine(kind, who, Fen(fen), Fen(back)) for side, kind, who, fen, back in lines if side == "spending"
        ),
        assets=Fen(sum(fen for side, _, _, fen, _ in lines if side == "asset")),
        idle_able_members=row.idle_able_members,
        prior_aid=tuple((item, Fen(fen), date.fromisoformat(on)) for item, fen, on in row.prior_aid or ()),
        event=row.event_kind,
        observed=frozenset(row.observed),
    )


_OF_PART: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "visits": ("visits", lambda row: tuple(_visit(each) for each in row.visits or ())),
    "returned": ("returned", lambda row: _returned(row.returned)),
    "verification": ("verification", lambda row: _verification(row.verification)),
    "notice": ("notice", lambda row: _notice(row.notice)),
    "approvals": ("approvals", _approvals),
    "fund": ("fund", lambda row: fund_facts(row.fund) if row.fund else None),
    "live_payment": ("live_payment", lambda row: row.live_payment is not None),
    "others": ("others", _others),
    "prior_aid": ("finances", _finances),
    "consented_until": ("consented_until", lambda row: _day(row.consented_until)),
    "beneficiary_in_family": ("beneficiary_in_family", lambda row: bool(row.beneficiary_in_family)),
}
"""The fact that a part of the SELECT brings, and how it is made of the row."""


def content_of(row: Any, award: int | None, fund_id: UUID | None, policy_set_id: UUID, category: str | None) -> str:
    """The digest an approval of the case would store, with the award, fund, policy set and category given."""
    return approval_digest(
        ApprovalContent(
            item=row.item,
            requested=row.requested_fen,
            award=award,
            fund=fund_id,
            policy=policy_set_id,
            category=category,
            beneficiary=row.beneficiary_id,
            payee=row.payee,
            form=row.answers,
            division=row.division,
            cause=row.cause,
            identity=row.identity,
            observed=sorted(row.observed),
            misfortune=row.event_kind,
            finances_as_of=row.finances_as_of,
            idle_able_members=row.idle_able_members,
            finance_lines=[dict(zip(_LINE_NAMES, line, strict=True)) for line in row.lines or ()],
            members=[dict(zip(_MEMBER_NAMES, member, strict=True)) for member in row.members or ()],
            papers=row.papers or (),
        )
    )


_LINE_NAMES = ("side", "kind", "person", "fen", "reimbursed")
_MEMBER_NAMES = ("id", "name", "number")
"""What the arrays of PARTS hold, under the names that the approval digest gives them."""
