"""The part of a step's event that keeps what its rules read, in the service's format, so that it can be decided again."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from benchmarks.file_digests import people, seen_now
from benchmarks.plain_rules import finances_of
from workflows.vocabulary import Plain

_WITHOUT_RULES = {"add_papers", "confirm_receipt"}
_OF_DECISION = ("beneficiary_in_family", "finances", "finances_as_of", "fund", "no_number", "others", "pending")
_OF_STEP = {
    "submit": ("consented_until",),
    **dict.fromkeys(("record_visit", "confirm_visit", "finish_survey", "record_follow_up", "close"), ("seen",)),
    "record_check": ("seen", "people"),
    "pass_review": (*_OF_DECISION, "consented_until", "seen", "people"),
    "approve": _OF_DECISION,
    "pay": ("beneficiary_in_family", "fund"),
}


def facts_of(action: str, row: Any) -> dict[str, Plain]:
    """Return what the event of a step keeps of the row that it was decided on."""
    kept: dict[str, Plain] = {name: _READ[name](row) for name in _OF_STEP.get(action, ())}
    if action not in _WITHOUT_RULES:
        kept |= {"cause": row.cause, "division": row.division, "filed": row.exited_on is None}
        kept["payee_in_family"] = row.payee[3] if row.payee else None
        kept |= {"family_staff": sorted(map(str, row.family_staff))} if row.family_staff else {}
    filers = {*(row.filers or ()), *(account for duty, account in row.duties or () if duty == "filer")}
    return {**kept, "filers": sorted(filers)} if filers else kept


def _finances(row: Any) -> Plain:
    finances = finances_of(row)
    if finances is None:
        return None
    return {
        "members": finances.members,
        "income": _sums((line.kind, line.fen) for line in finances.income),
        "spending": _sums((line.kind, max(0, line.fen - line.reimbursed)) for line in finances.spending),
        "assets": finances.assets,
        "idle": finances.idle_able_members,
        "aid": [[item, fen, on.isoformat()] for item, fen, on in finances.prior_aid],
        "event": finances.event,
        "observed": sorted(finances.observed),
    }


def _sums(lines: Iterable[tuple[str, int]]) -> list[list[Plain]]:
    sums: dict[str, int] = {}
    for kind, fen in lines:
        sums[kind] = sums.get(kind, 0) + fen
    return [[kind, fen] for kind, fen in sorted(sums.items())]


def _fund(row: Any) -> Plain:
    days = {name: _day(getattr(row, name)) for name in ("opens_on", "expires_on", "settles_until")}
    lists = {"items": sorted(row.permitted_items), "categories": sorted(row.categories)}
    return {"available": row.available_fen, "opened": row.opened, "share": None, "seen": True, **lists, **days}


def _day(value: date | None) -> Plain:
    return value.isoformat() if value is not None else None


_READ: Mapping[str, Callable[[Any], Plain]] = {
    "beneficiary_in_family": lambda row: row.beneficiary_in_family,
    "consented_until": lambda row: _day(row.consented_until),
    "finances": _finances,
    "finances_as_of": lambda row: _day(row.finances_as_of),
    "fund": _fund,
    "no_number": lambda row: dict(row.no_number or {}),
    "others": lambda row: list(row.others or ()),
    "pending": lambda row: list(row.pending or ()),
    "people": people,
    "seen": lambda row: seen_now(row).as_json(),
}
