"""Who may sign for how much: approval in tiers by amount, and signatures bound to what they cover."""

from workflows.facts import Ask
from workflows.terms import APPROVERS, CLASHING, Duty, Reason, Role


def tiers_needed(ask: Ask) -> int:
    """How many tiers must sign for the award (domain/1 §1.3 step 12; audit rule 41)."""
    award = ask.facts.award or 0
    for tier, up_to in enumerate(ask.policy.tiers, start=1):
        if up_to is None or award <= up_to:
            return min(tier, len(APPROVERS))
    return len(APPROVERS)


def higher_tier_follows(ask: Ask) -> Reason | None:
    """同意上报 is only for an amount that needs a higher signature still."""
    needed = tiers_needed(ask)
    if ask.facts.next_tier >= needed:
        return Reason.of("last_tier", tier=ask.facts.next_tier, needed=needed, param="tiers")
    return None


def final_tier(ask: Ask) -> Reason | None:
    """The last signature decides: every tier below has signed (audit rules 41, 43)."""
    needed = tiers_needed(ask)
    if ask.facts.next_tier < needed:
        return Reason.of(
            "higher_tier_needed",
            tier=ask.facts.next_tier,
            needed=needed,
            award=ask.facts.award,
            param="tiers",
        )
    return None


def signatures_cover_this(ask: Ask) -> Reason | None:
    """Every live signature covers the case as it stands now (design, "What always holds" 4)."""
    void = [approval.tier for approval in ask.facts.approvals if approval.content != ask.facts.content]
    return Reason.of("signatures_void", tiers=list(void)) if void else None


def fully_signed(ask: Ask) -> Reason | None:
    """Paid only what enough tiers have signed (audit rule 45)."""
    needed = tiers_needed(ask)
    if len(ask.facts.approvals) < needed:
        return Reason.of("signatures_missing", given=len(ask.facts.approvals), needed=needed, param="tiers")
    return None


def tier_reaches(ask: Ask) -> Reason | None:
    """What several tiers signed is not called back, or written off, by a lower one alone (domain/1 §1.9).

    The actor of a rule comes with the one grant the step would be taken under, so a reach that is lent is named.
    """
    held = max((grant.tier for grant in ask.actor.grants if grant.role is Role.APPROVER), default=0)
    if 0 < held < tiers_needed(ask):
        return Reason.of("tier_too_low", tier=held, needed=tiers_needed(ask))
    return None


def makers_stay_out(ask: Ask) -> Reason | None:
    """Who made the case, paid, or took money back, decides neither that it is called back nor that it is written off."""
    people = {ask.actor.account, *(grant.principal for grant in ask.actor.grants)}
    for done, person in sorted(ask.facts.duties, key=str):
        if person in people and done not in APPROVERS and frozenset((Duty.APPROVER_1, done)) in CLASHING:
            return Reason.of("clashing_duty", duty=Duty.APPROVER_1.value, done=done.value)
    return None


def minutes_attached(ask: Ask) -> Reason | None:
    """From `collective_from_fen` on the decision is a meeting's, and its minutes are named (audit rule 42)."""
    limit = ask.policy.collective_from_fen
    award = ask.facts.award or 0
    if limit is not None and award >= limit and not ask.looking and ask.text("minutes") is None:
        return Reason.of("minutes_missing", award=award, param="collective_from_fen", value=limit)
    return None
