"""Approval rules: tiers by amount, and signatures that cover the current content."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Duty, Fen, Reason, Role


def tiers_needed(case: RuleInput) -> int:
    """Return how many tiers must sign for the award, with what the household got in the days before it."""
    return tier_for(case, together(case))


def together(case: RuleInput) -> Fen:
    """Return the award and what the household or student got in the `together_days` up to the day of the decision.

    So that a large sum is not given in small parts by the lowest tier (docs/decisions/0033).
    """
    days = case.policy.together_days
    recent = (other.fen for other in case.facts.others if 0 <= (case.today - other.on).days < days)
    return Fen((case.facts.award or 0) + sum(recent))


def tier_for(case: RuleInput, fen: Fen) -> int:
    """Return the tier that decides on an amount.

    Sources: docs/domain/procedure.md §1.3 step 12, docs/domain/audit-rules.md rule 41.
    """
    return case.policy.tier_for(fen, case.facts.item)


@reads("approvals", "others")
def higher_tier_follows(case: RuleInput) -> Reason | None:
    """同意上报 is only for an amount that needs a signature of a higher tier."""
    needed = tiers_needed(case)
    if case.facts.next_tier >= needed:
        return Reason.of("last_tier", tier=case.facts.next_tier, needed=needed, param="tiers")
    return None


@reads("approvals", "others")
def final_tier(case: RuleInput) -> Reason | None:
    """The last tier signs after every tier below it (docs/domain/audit-rules.md rules 41, 43)."""
    needed = tiers_needed(case)
    if case.facts.next_tier < needed:
        return Reason.of(
            "higher_tier_needed",
            tier=case.facts.next_tier,
            needed=needed,
            award=together(case),
            param="tiers",
        )
    return None


@reads("approvals")
def signatures_cover_this(case: RuleInput) -> Reason | None:
    """Every valid signature covers the current content of the case (docs/design.md, "What always holds" 4)."""
    void = [approval.tier for approval in case.facts.approvals if approval.content != case.facts.content]
    return Reason.of("signatures_void", tiers=list(void)) if void else None


@reads("approvals")
def fully_signed(case: RuleInput) -> Reason | None:
    """A payment needs the signatures of all tiers (docs/domain/audit-rules.md rule 45)."""
    # Of the award alone: what the household got after its decision asks for no further signature.
    needed = tier_for(case, Fen(case.facts.award or 0))
    if len(case.facts.approvals) < needed:
        return Reason.of("signatures_missing", given=len(case.facts.approvals), needed=needed, param="tiers")
    return None


def recall_tier_reaches(case: RuleInput) -> Reason | None:
    """The tier of the amount decides a recall; earlier recalls of the case count with it (docs/domain/procedure.md §1.9)."""
    # Counted together, so that a lower tier cannot recall a large award in small parts.
    earlier = (case.facts.award or 0) - case.facts.kept
    return _tier_below(case, Fen(earlier + (case.fen("amount") or 0)))


def write_off_tier_reaches(case: RuleInput) -> Reason | None:
    """The tier of the amount decides a write-off; earlier ones of the case count with it (docs/domain/procedure.md §1.9)."""
    return _tier_below(case, Fen(case.facts.written_off + case.facts.recovering))


def _tier_below(case: RuleInput, fen: Fen) -> Reason | None:
    # The state machine passes one grant at a time, so a stand-in's tier is that of the grant the event names.
    tier = max((grant.tier for grant in case.actor.grants if grant.role is Role.APPROVER), default=0)
    needed = tier_for(case, fen)
    return Reason.of("tier_too_low", tier=tier, needed=needed) if 0 < tier < needed else None


def makers_stay_out(case: RuleInput) -> Reason | None:
    """A person who worked on the case before approval, or as payer, decides neither its recall nor its write-off."""
    people = {case.actor.account, *(grant.principal for grant in case.actor.grants)}
    for done, person in sorted(case.facts.duties, key=str):
        if person in people and done not in APPROVERS and frozenset((Duty.APPROVER_1, done)) in INCOMPATIBLE_DUTIES:
            return Reason.of("incompatible_duty", duty=Duty.APPROVER_1.value, done=done.value)
    return None


def payers_stay_out(case: RuleInput) -> Reason | None:
    """A person who paid the award or confirmed a payment of it does not cancel it."""
    people = {case.actor.account, *(grant.principal for grant in case.actor.grants)}
    for done, person in sorted(case.facts.duties, key=str):
        if person in people and done in {Duty.PAYER, Duty.PAYMENT_CONFIRMER}:
            return Reason.of("incompatible_duty", duty=Duty.APPROVER.value, done=done.value)
    return None


@reads("others")
def minutes_attached(case: RuleInput) -> Reason | None:
    """From `collective_from_fen` on a meeting decides, with minutes (docs/domain/audit-rules.md rule 42)."""
    limit, award = case.policy.collective_from_fen, together(case)
    if limit is not None and award >= limit and not case.is_preview and case.text("minutes") is None:
        return Reason.of("minutes_missing", award=award, param="collective_from_fen", value=limit)
    return None
