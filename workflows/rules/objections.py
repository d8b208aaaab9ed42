"""Objection rules: another reviewer answers, and what was upheld stays until it is met (docs/decisions/0033)."""

from collections.abc import Iterable

from workflows.evidence import OF_THE_FAMILY, Objection
from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


def _people(case: RuleInput) -> frozenset[object]:
    # The state machine passes one grant at a time: the actor, and whom they act for.
    return frozenset((case.actor.account, *(grant.principal for grant in case.actor.grants)))


def _posted_by(people: frozenset[object], objections: Iterable[Objection]) -> bool:
    return any(people & each.posted_by for each in objections)


@reads("objections")
def answered_by_another(case: RuleInput) -> Reason | None:
    """Nobody answers an objection to an award that they posted themselves (docs/domain/procedure.md §1.6)."""
    waiting = [each for each in case.facts.objections if each.outcome is None]
    return Reason.of("objection_own_award") if _posted_by(_people(case), waiting[:1]) else None


def _upheld(case: RuleInput) -> list[Objection]:
    return [each for each in case.facts.objections if each.outcome == "upheld"]


@reads("objections")
def another_reviewer_passes(case: RuleInput) -> Reason | None:
    """After an upheld objection another reviewer passes the case again than the one of the objected award."""
    return Reason.of("objected_award_own") if _posted_by(_people(case), _upheld(case)) else None


@reads("objections")
def objected_has_changed(case: RuleInput) -> Reason | None:
    """What an upheld objection objected to has changed: the file, the application, or the sum, which is lower now."""
    award = case.fen("award")
    if case.is_preview or award is None:
        return None
    unchanged = [each for each in _upheld(case) if not _met(case, each, award)]
    return Reason.of("objected_unchanged", count=len(unchanged)) if unchanged else None


def _met(case: RuleInput, objection: Objection, award: int) -> bool:
    if objection.award is not None and award < objection.award:
        return True
    parts = (*OF_THE_FAMILY, "application")
    return objection.seen is not None and bool(objection.seen.changed_in(case.facts.seen, parts))


@reads("objections")
def objection_met_in_words(case: RuleInput) -> Reason | None:
    """Whoever passes a case again says in words how an upheld objection is met."""
    if case.is_preview or not _upheld(case) or case.text("objection_met"):
        return None
    return Reason.of("objection_met_missing", count=len(_upheld(case)))
