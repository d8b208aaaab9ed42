"""What a change of a file stops or changes: the open cases before and after it, and what else depends on the file."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions.case_input import unfilled_input
from service.actions.context import ActionContext
from service.queries import household_changes, households
from service.queries.case_loading import load
from workflows.canonical_json import canonical_json
from workflows.policy import NoPolicy, PoliciesOverlap
from workflows.programmes import PROGRAMMES
from workflows.rules.means_test import assessed, cap
from workflows.steps_ahead import reasons_ahead
from workflows.vocabulary import Fen, Plain, Reason


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """An open case as the rules see it: what would refuse its next steps, its cap and its category."""

    id: UUID
    case_no: str
    unit_id: UUID
    state: str
    phase: str
    outstanding_fen: int
    reasons: tuple[Reason, ...] = ()
    cap: Fen | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class CaseEffect:
    """One open case before and after the change."""

    before: CaseStanding
    after: CaseStanding

    @property
    def stops(self) -> tuple[Reason, ...]:
        """Return the reasons against the case that exist only after the change."""
        return tuple(each for each in self.after.reasons if each not in self.before.reasons)

    @property
    def permits(self) -> tuple[Reason, ...]:
        """Return the reasons against the case that the change removes."""
        return tuple(each for each in self.before.reasons if each not in self.after.reasons)


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change does to the file's open cases, and what else depends on the file."""

    refusals: tuple[Reason, ...]
    """Why the change cannot be made; empty when it can."""

    cases: tuple[CaseEffect, ...]
    payments_in_transit: tuple[Mapping[str, Any], ...]
    pairings: tuple[Mapping[str, Any], ...]
    kinships: tuple[Mapping[str, Any], ...]
    consented_until: date | None
    payee_before: UUID | None
    payee_after: UUID | None
    seen: str
    """The digest of all this, which the change itself names: what was shown is what is done."""


def effects_of(
    conn: sa.Connection,
    household_ids: Collection[UUID],
    write: Callable[[], object],
    subject: Mapping[str, Plain],
    context: ActionContext,
) -> Effects:
    """Make the change with `write` and return its effects. The first household is the one that changes.

    `subject` says what the change is, for the digest. Raises what `write` raises.
    """
    household_id = next(iter(household_ids))
    version = (households.one(conn, household_id, context.caller) or {}).get("version")
    before, payee_before = _standings(conn, household_ids, context), _payee(conn, household_id)
    write()
    after = _standings(conn, household_ids, context)
    cases = tuple(CaseEffect(standing, after[case_id]) for case_id, standing in before.items())
    effects = _effects(conn, household_ids, (), cases, (payee_before, _payee(conn, household_id)), context)
    return replace(effects, seen=_digest(effects, {**subject, "version": version}))


def _digest(effects: Effects, subject: Mapping[str, Plain]) -> str:
    """Return the digest of what is shown of a change."""
    return sha256(canonical_json({"subject": subject, "effects": asdict(effects)}).encode()).hexdigest()


def refused_effects(
    conn: sa.Connection, household_ids: Collection[UUID], refusals: tuple[Reason, ...], context: ActionContext
) -> Effects:
    """Return what hangs on a file whose change is refused."""
    payee = _payee(conn, next(iter(household_ids)))
    cases = tuple(CaseEffect(each, each) for each in _standings(conn, household_ids, context).values())
    return _effects(conn, household_ids, refusals, cases, (payee, payee), context)


def _effects(
    conn: sa.Connection,
    household_ids: Collection[UUID],
    refusals: tuple[Reason, ...],
    cases: tuple[CaseEffect, ...],
    payees: tuple[UUID | None, UUID | None],
    context: ActionContext,
) -> Effects:
    household_id = next(iter(household_ids))
    consents = households.consents(conn, household_id)
    return Effects(
        refusals=refusals,
        cases=cases,
        payments_in_transit=tuple(household_changes.payments_in_transit(conn, household_ids)),
        pairings=tuple(household_changes.pairings_in_force(conn, household_id, context.today)),
        kinships=tuple(household_changes.live_kinships(conn, household_id)),
        consented_until=consents[0]["until_on"] if consents else None,
        payee_before=payees[0],
        payee_after=payees[1],
        seen="",
    )


def _payee(conn: sa.Connection, household_id: UUID) -> UUID | None:
    row = households.payee(conn, household_id)
    return row["id"] if row is not None else None


def _standings(
    conn: sa.Connection, household_ids: Collection[UUID], context: ActionContext
) -> dict[UUID, CaseStanding]:
    rows = household_changes.open_cases(conn, household_ids)
    return {row["id"]: CaseStanding(**row, **_rule_results(conn, row["id"], context)) for row in rows}


def _rule_results(conn: sa.Connection, case_id: UUID, context: ActionContext) -> dict[str, Any]:
    """Return what the rules say of a case; nothing for a case of a unit that the caller does not see."""
    loaded = load.load_case(conn, case_id, context.caller, context.today)
    if loaded is None:
        return {}
    try:
        rule_input = unfilled_input(conn, loaded, context)
    except NoPolicy:
        return {"reasons": (Reason.of("no_policy"),)}
    except PoliciesOverlap as error:
        return {"reasons": (Reason.of("policies_overlap", policies=list(error.keys)),)}
    need = assessed(rule_input)
    return {
        "reasons": reasons_ahead(PROGRAMMES[loaded.row.programme], rule_input),
        "cap": cap(rule_input),
        "category": need.category if need else None,
    }
