"""The rows of a policy set in words: formulae of categories, caps, gifts, what differs for one item."""

from collections.abc import Iterator

from service.web.formatting import term, yuan
from service.web.policy_phrases import clauses, known, listed, multiple, percent, say, terms, tier_limits
from workflows.policy import Cap, CategoryRule, GiftRule, ItemRule
from workflows.policy_codes import Comparator, Term


def category_words(rule: CategoryRule) -> str:
    """Return a formula: `（收入 − 刚性支出）÷ 12 ÷ 人口，低于 1 倍低保标准`, then its conditions."""
    return clauses(
        (
            say(
                "policy.formula",
                sum=_sum(rule.plus, rule.minus),
                compared=_compared(rule.comparator),
                multiple=multiple(rule.multiplier),
            ),
            *_conditions(rule),
        )
    )


def _sum(plus: tuple[Term, ...], minus: tuple[Term, ...]) -> str:
    return " + ".join(map(_term, plus)) + "".join(f" − {_term(each)}" for each in minus)


def _term(each: Term) -> str:
    return say(f"policy.term.{each.value}")


COMPARED = {Comparator.BELOW: "below", Comparator.UP_TO: "up_to", Comparator.OVER: "over", Comparator.FROM: "from"}
"""Comparators by the names of their phrases."""


def _compared(comparator: Comparator) -> str:
    return say(f"policy.compared.{COMPARED[comparator]}")


def _conditions(rule: CategoryRule) -> Iterator[str]:
    if rule.income_above is not None:
        compared = _compared(rule.income_above_comparator)
        yield say("policy.income_line", compared=compared, multiple=multiple(rule.income_above))
    if rule.income_upto is not None:
        compared = _compared(rule.income_upto_comparator)
        yield say("policy.income_line", compared=compared, multiple=multiple(rule.income_upto))
    if rule.needs_event:
        yield say("policy.needs_event")
    if rule.misfortune_over_income is not None:
        compared = _compared(rule.misfortune_comparator)
        yield say("policy.misfortune", compared=compared, share=percent(rule.misfortune_over_income))
    if rule.barred_by:
        yield say("policy.barred_by", observed=terms(rule.barred_by, "exclusion"))


def cap_label(cap: Cap) -> str:
    """Return what a cap is on: `生活救助 · 深度困难`."""
    parts = [term(cap.item, "item")]
    parts += [term(cap.stage, "stage")] if cap.stage else []
    parts += [term(cap.category, "category")] if cap.category else []
    return " · ".join(parts)


def cap_words(cap: Cap) -> str:
    """Return the limits of a cap: `每户每年：不超过 12 个月低保标准`."""
    limits = []
    if cap.months_of_line is not None:
        limits.append(say("policy.cap_months", months=cap.months_of_line))
    if cap.fixed_fen is not None:
        limits.append(say("policy.cap_fixed", sum=yuan(cap.fixed_fen)))
    if cap.share is not None:
        limits.append(say("policy.cap_share", share=percent(cap.share)))
    return say("policy.cap_of", per=say(f"policy.per.{cap.per.value}"), limits=listed(limits))


def gift_words(rule: GiftRule) -> str:
    """Return the limits of a gift, and the accounts it is booked on."""
    limits = {"each": rule.each_fen, "person_year": rule.person_year_fen, "household_year": rule.household_year_fen}
    parts = [say("policy.gift_accounts", accounts=listed(rule.accounts))]
    parts += [say(f"policy.gift_{name}", sum=yuan(fen)) for name, fen in limits.items() if fen is not None]
    parts += [say("policy.gift_counts")] if rule.counts_as_aid else []
    return clauses(parts)


def item_words(rule: ItemRule) -> str:
    """Return what differs for an item: requirements that do not bind it, its own papers and tiers."""
    waived = listed(known(f"policy.requirement.{each.value}", each.value) for each in rule.waived)
    parts = [say("policy.waived", requirements=waived)] if rule.waived else []
    parts += [say("policy.own_papers", papers=terms(rule.papers, "paper"))] if rule.papers is not None else []
    parts += [say("policy.own_tiers", tiers=tier_limits(rule.tiers))] if rule.tiers is not None else []
    return clauses(parts)
