"""Who may sign for how much: approval in tiers by amount, and signatures bound to what they cover."""

from workflows.facts import RuleInput, reads
from workflows.vocabulary import APPROVERS, INCOMPATIBLE_DUTIES, Duty, Reason, Role


def tiers_needed(case: RuleInput) -> int:
    """How many tiers must sign for the award (domain/1 §1.3 step 12; audit rule 41)."""
    award = case.facts.award or 0
    for tier, up_to in enumerate(case.policy.tiers, start=1):
        if up_to is None or award <= up_to:
            return min(tier, len(APPROVERS))
    return len(APPROVERS)


@reads("approvals")
def higher_tier_follows(case: RuleInput) -> Reason | None:
    """同意上报 is only for an amount that needs a higher signature still."""
    needed = tiers_needed(case)
    if case.facts.next_tier >= needed:
        return Reason.of("last_tier", tier=case.facts.next_tier, needed=needed, param="tiers")
    return None


@reads("approvals")
def final_tier(case: RuleInput) -> Reason | None:
    """The last signature decides: every tier below has signed (audit rules 41, 43)."""
    needed = tiers_needed(case)
    if case.facts.next_tier < needed:
        return Reason.of(
            "higher_tier_needed",
            tier=case.facts.next_tier,
            needed=needed,
            award=case.facts.award,
            param="tiers",
        )
    return None


@reads("approvals")
def signatures_cover_this(case: RuleInput) -> Reason | None:
    """Every live signature covers the case as it stands now (design, "What always holds" 4)."""
    void = [approval.tier for approval in case.facts.approvals if approval.content != case.facts.content]
    return Reason.of("signatures_void", tiers=list(void)) if void else None


@reads("approvals")
def fully_signed(case: RuleInput) -> Reason | None:
    """Paid only what enough tiers have signed (audit rule 45)."""
    needed = tiers_needed(case)
    if len(case.facts.approvals) < needed:
        return Reason.of("signatures_missing", given=len(case.facts.approvals), needed=needed, param="tiers")
    return None


def tier_reaches(case: RuleInput) -> Reason | None:
    """What several tiers signed is not called back, or written off, by a lower one alone (domain/1 §1.9).

    The actor of a rule comes with the one grant the step would be taken under, so a reach that is lent is named.
    """
    held = max((grant.tier for grant in case.actor.grants if grant.role is Role.APPROVER), default=0)
    if 0 < held < tiers_needed(case):
        return Reason.of("tier_too_low", tier=held, needed=tiers_needed(case))
    return None


def makers_stay_out(case: RuleInput) -> Reason | None:
    """Who made the case, paid, or took money back, decides neither that it is called back nor that it is written off."""
    people = {case.actor.account, *(grant.principal for grant in case.actor.grants)}
    for done, person in sorted(case.facts.duties, key=str):
        if person in people and done not in APPROVERS and frozenset((Duty.APPROVER_1, done)) in INCOMPATIBLE_DUTIES:
            return Reason.of("incompatible_duty", duty=Duty.APPROVER_1.value, done=done.value)
    return None


def minutes_attached(case: RuleInput) -> Reason | None:
    """From `collective_from_fen` on the decision is a meeting's, and its minutes are named (audit rule 42)."""
    limit = case.policy.collective_from_fen
    award = case.facts.award or 0
    if limit is not None and award >= limit and not case.is_preview and case.text("minutes") is None:
        return Reason.of("minutes_missing", award=award, param="collective_from_fen", value=limit)
    return None
