"""Readers turn the JSON of one loaded fact into the type that the rules use."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from service.queries.case_loading.loaded_case import CaseRow, uuid_of
from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.evidence import Notice, Objection, Seen, Verification, Visit, part_digest, seen_of
from workflows.facts import Approval, Award, Fund, Returned
from workflows.payment_states import Advice, Payment
from workflows.vocabulary import Fen

FUND_COLUMNS = (
    "id",
    "unit_path",
    "available_fen",
    "permitted_items",
    "categories",
    "opens_on",
    "expires_on",
    "settles_until",
)
"""What is loaded of a fund line."""


def beneficiary_in_family(row: CaseRow) -> bool:
    """Return whether the beneficiary is an active member of the household."""
    return bool(row.beneficiary_in_family)


def no_number(row: CaseRow) -> dict[str, date | None]:
    """Return who has no identity number, with the last day of a confirmed reason, if any."""
    return {who: _day(until) for who, until in (row.no_number or {}).items()}


def student_stage(row: CaseRow) -> str | None:
    """Return the school stage of the beneficiary on file."""
    return row.student_stage


def open_cases(row: CaseRow) -> dict[str, str]:
    """Return the number of another open case of the beneficiary, by item."""
    return dict(row.open_cases or ())


def consented_until(row: CaseRow) -> date | None:
    """Return the last day of the household's consent."""
    return _day(row.consented_until)


def visits(row: CaseRow) -> tuple[Visit, ...]:
    """Return the visits of the case in the order they were recorded."""
    return tuple(
        Visit(
            each["kind"],
            date.fromisoformat(each["on"]),
            frozenset(uuid_of(account) for account in each["visitors"] or ()),
            each["conclusion"],
            each["seq"] or 0,
            seen_of(each["seen"]),
            frozenset(uuid_of(account) for account in each["confirmed"] or ()),
        )
        for each in row.visits or ()
    )


def documents(row: CaseRow) -> dict[str, str]:
    """Return the kind of each document in force of the family or the case, by its id."""
    return row.documents or {}


def returned(row: CaseRow) -> Returned | None:
    """Return the latest return to survey."""
    latest = row.returned
    if latest is None:
        return None
    again = frozenset(latest["again"] or ())
    return Returned(latest["seq"], date.fromisoformat(latest["on"]), again, latest["papers_since"])


def verification(row: CaseRow) -> Verification | None:
    """Return the latest verification."""
    latest = row.verification
    if latest is None:
        return None
    replied_on, seen = date.fromisoformat(latest["replied_on"]), seen_of(latest["seen"])
    return Verification(replied_on, latest["outcome"], latest["explained"], latest["people"], seen)


def notice(row: CaseRow) -> Notice | None:
    """Return the latest public notice."""
    latest = row.notice
    if latest is None:
        return None
    posted, ended = date.fromisoformat(latest["posted_on"]), _day(latest["ended_on"])
    counts = (latest["open"], latest["upheld"])
    return Notice(posted, latest["content"], ended, UUID(latest["id"]), *counts, _day(latest["ends_on"]))


def objections(row: CaseRow) -> tuple[Objection, ...]:
    """Return every objection to an award of the case, the oldest first."""
    return tuple(
        Objection(
            each["outcome"],
            frozenset(uuid_of(account) for account in each["posted_by"] if account),
            each["award"],
            seen_of(each["seen"]),
        )
        for each in row.objections or ()
    )


def approvals(row: CaseRow) -> tuple[Approval, ...]:
    """Return the live signatures, lowest tier first."""
    return tuple(Approval(tier, UUID(account), content) for tier, account, content, _ in row.approvals or ())


def payments(row: CaseRow) -> tuple[Payment, ...]:
    """Return every payment of the case, in order."""
    return tuple(
        Payment(state, date.fromisoformat(on), uuid_of(payer), uuid_of(confirmer) if confirmer else None)
        for _, state, on, payer, confirmer in row.payments or ()
    )


def advice(row: CaseRow) -> Advice | None:
    """Return what is stated of a return or a recovery and not confirmed yet."""
    stated = row.advice
    return Advice(stated["advice_no"], date.fromisoformat(stated["advised_on"]), Fen(stated["fen"])) if stated else None


def others(row: CaseRow) -> tuple[Award, ...]:
    """Return the awards of other cases to the household or the beneficiary, and relief given by hand."""
    return tuple(
        Award(item, Fen(fen), date.fromisoformat(on), school_year, same_student=same_student)
        for item, fen, on, school_year, same_student in row.others or ()
    )


def pending(row: CaseRow) -> tuple[str, ...]:
    """Return the item of each earlier open case of the household or the beneficiary."""
    return tuple(row.pending or ())


def fund(row: CaseRow) -> Fund | None:
    """Return the fund line the case names, as it is, unlocked."""
    return fund_of(row.fund) if row.fund else None


def fund_of(columns: Mapping[str, Any]) -> Fund:
    """Return a fund line as the rules see it, from its row or the row's JSON."""
    return Fund(
        available=Fen(columns["available_fen"]),
        items=frozenset(columns["permitted_items"]),
        categories=frozenset(columns["categories"]),
        opens_on=date.fromisoformat(str(columns["opens_on"])),
        expires_on=date.fromisoformat(str(columns["expires_on"])),
        settles_until=date.fromisoformat(str(columns["settles_until"])) if columns["settles_until"] else None,
    )


def finances(row: CaseRow) -> Finances | None:
    """Return the household's income, spending and assets, or None while they are not on file."""
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


def members_digest(row: CaseRow) -> str:
    """Return the digest of who belongs to the household: each member by number, or by name where none is on file."""
    members = sorted(number or name for _, name, number in row.members or ())
    return sha256("\n".join(members).encode()).hexdigest()


def seen_now(row: CaseRow) -> Seen:
    """Return what the file says now, in the form that a visit, a check and a notice keep of it."""
    money = (row.finances_as_of, row.idle_able_members, row.event_kind, [list(line) for line in row.lines or ()])
    return Seen(
        finances=part_digest([str(money[0]), *money[1:]]),
        exclusions=tuple(sorted(row.observed)),
        members=members_digest(row),
        application=part_digest([row.item, row.requested_fen, row.answers, row.cause, list(row.papers or ())]),
    )


def _day(text: str | date | None) -> date | None:
    return date.fromisoformat(text) if isinstance(text, str) else text
