"""Kept facts are what an event records of its step beyond the chain of the case."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from workflows.eligibility import Finances, IncomeLine, SpendingLine
from workflows.evidence import Seen, seen_of
from workflows.facts import Award, Facts, Fund
from workflows.payment_states import Advice
from workflows.programme import Step
from workflows.required_facts import required_facts
from workflows.vocabulary import Duty, Fen, Plain, Record


@dataclass(frozen=True, slots=True)
class KeptFact:
    """One field of Facts that no earlier event of the case tells, in the form of an event and back."""

    name: str
    to_plain: Callable[[Any], Plain] = lambda value: value
    from_plain: Callable[[Any], Any] = lambda plain: plain
    always: bool = False
    """Kept by every step with rules; the others only where a rule declares that it reads them."""


def _day(value: date | None) -> Plain:
    return value.isoformat() if value is not None else None


def _to_day(plain: Any) -> date | None:
    return date.fromisoformat(plain) if plain is not None else None


def _ids(value: Iterable[UUID]) -> Plain:
    return sorted(map(str, value))


def _to_ids(plain: Any) -> frozenset[UUID]:
    return frozenset(UUID(each) for each in plain or ())


def _sums(lines: Iterable[tuple[str, int]]) -> list[list[Plain]]:
    """Return the sum of each kind: the rules ask for no single line (workflows/eligibility.py, add_up)."""
    sums: dict[str, int] = {}
    for kind, fen in lines:
        sums[kind] = sums.get(kind, 0) + fen
    return [[kind, fen] for kind, fen in sorted(sums.items())]


def _finances(value: Finances | None) -> Plain:
    if value is None:
        return None
    return {
        "members": value.members,
        "income": _sums((line.kind, line.fen) for line in value.income),
        "spending": _sums((line.kind, max(0, line.fen - line.reimbursed)) for line in value.spending),
        "assets": value.assets,
        "idle": value.idle_able_members,
        "aid": [[item, fen, on.isoformat()] for item, fen, on in value.prior_aid],
        "event": value.event,
        "observed": sorted(value.observed),
    }


def _to_finances(plain: Any) -> Finances | None:
    if plain is None:
        return None
    return Finances(
        members=plain["members"],
        income=tuple(IncomeLine(kind, "", Fen(fen)) for kind, fen in plain["income"]),
        spending=tuple(SpendingLine(kind, "", Fen(fen)) for kind, fen in plain["spending"]),
        assets=Fen(plain["assets"]),
        idle_able_members=plain["idle"],
        prior_aid=tuple((item, Fen(fen), date.fromisoformat(on)) for item, fen, on in plain["aid"]),
        event=plain["event"],
        observed=frozenset(plain["observed"]),
    )


def _fund(value: Fund | None) -> Plain:
    if value is None:
        return None
    days = {name: _day(getattr(value, name)) for name in ("opens_on", "expires_on", "settles_until")}
    lists = {name: sorted(getattr(value, name)) for name in ("items", "categories")}
    return (
        {"available": value.available, "opened": value.opened, "share": value.share, "seen": value.seen} | lists | days
    )


def _to_fund(plain: Any) -> Fund | None:
    if plain is None:
        return None
    days = {name: _to_day(plain[name]) for name in ("opens_on", "expires_on", "settles_until")}
    lists = {name: frozenset(plain[name]) for name in ("items", "categories")}
    return Fund(**{**plain, **lists, **days})


def _others(value: Iterable[Award]) -> Plain:
    return [[each.item, each.fen, each.on.isoformat(), each.school_year, each.same_student] for each in value]


def _to_others(plain: Any) -> tuple[Award, ...]:
    return tuple(
        Award(item, Fen(fen), date.fromisoformat(on), school_year, same_student)
        for item, fen, on, school_year, same_student in plain
    )


def _last_days(value: Mapping[str, date | None]) -> Plain:
    return {who: _day(until) for who, until in sorted(value.items())}


def _to_last_days(plain: Any) -> dict[str, date | None]:
    return {who: _to_day(until) for who, until in (plain or {}).items()}


def _advice(value: Advice | None) -> Plain:
    return None if value is None else [value.number, value.on.isoformat(), value.fen]


def _to_advice(plain: Any) -> Advice | None:
    return None if plain is None else Advice(plain[0], date.fromisoformat(plain[1]), Fen(plain[2]))


KEPT: tuple[KeptFact, ...] = (
    KeptFact("advice", _advice, _to_advice),
    KeptFact("cause", always=True),
    KeptFact("division", always=True),
    KeptFact("filed", always=True),
    KeptFact("payee_in_family", always=True),
    KeptFact("family_staff", _ids, _to_ids, always=True),
    KeptFact("beneficiary_in_family"),
    KeptFact("consented_until", _day, _to_day),
    KeptFact("documents", dict),
    KeptFact("finances", _finances, _to_finances),
    KeptFact("finances_as_of", _day, _to_day),
    KeptFact("seen", Seen.as_json, seen_of),
    KeptFact("fund", _fund, _to_fund),
    KeptFact("no_number", _last_days, _to_last_days),
    KeptFact("open_cases", dict),
    KeptFact("others", _others, _to_others),
    KeptFact("pending", list, tuple),
    KeptFact("people"),
    KeptFact("student_stage"),
)
"""A new fact that no event of the case tells is one row here; `audit verify` then decides its rules again."""

_SEE = {Record.VISIT, Record.VERIFICATION, Record.AWARD}
"""Records that keep what the file said."""

_CHECKS = {Record.VERIFICATION}
"""Records that keep how many people were checked."""

_BY_NAME = {each.name: each for each in KEPT}
FILERS = "filers"
"""The name under which an event keeps who wrote the household's file: a duty of theirs that the chain does not tell."""


@cache
def kept_by(step: Step) -> tuple[KeptFact, ...]:
    """Return the facts that the event of a step keeps: those its rules read, and those its record needs."""
    wanted = set(required_facts(step)) | ({"finances"} if step.kind.stores_assessment else set())
    if step.record in _CHECKS or "verification" in wanted:
        wanted.add("people")
    if step.record in _SEE or wanted & {"objections", "verification", "visits"}:
        wanted.add("seen")
    if "finances" in wanted:
        wanted.add("finances_as_of")
    return tuple(each for each in KEPT if each.name in wanted or (each.always and step.must_hold))


def kept_facts(step: Step, facts: Facts) -> dict[str, Plain]:
    """Return the facts as the event of the step keeps them; nobody's relatives and no filers are left out."""
    plain = {each.name: each.to_plain(getattr(facts, each.name)) for each in kept_by(step)}
    plain[FILERS] = _ids(person for duty, person in facts.duties if duty is Duty.FILER)
    return {name: value for name, value in plain.items() if value or name not in {"family_staff", FILERS}}


def restored(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of Facts that an event keeps."""
    found = {name: _BY_NAME[name].from_plain(value) for name, value in plain.items() if name in _BY_NAME}
    # Before there were documents no step could name one.
    return {"family_staff": frozenset(), "documents": {}, **found}


def filers(plain: Mapping[str, Any]) -> frozenset[tuple[Duty, UUID]]:
    """Return the duties of those who wrote the household's file, as the event keeps them."""
    return frozenset((Duty.FILER, person) for person in _to_ids(plain.get(FILERS)))
