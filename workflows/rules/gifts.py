"""Gift rules: what may be given outside a case, on which account, and how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from workflows.code_lists import RELIEF_ITEMS, HouseholdKind
from workflows.policy import GiftRule, PolicySet
from workflows.vocabulary import Fen, Reason

ACTIVITY_ACCOUNT = "501"
"""Account 职工活动支出 (docs/domain/funds.md §4.4): its money pays for activities."""


@dataclass(frozen=True, slots=True)
class Given:
    """A gift of money of the same item to the same household in the same year; `person` is the member it went to."""

    fen: Fen
    person: UUID | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift as the rules see it; `fen` is None for goods. `earlier` are the gifts of money before it."""

    item: str
    household_kind: str
    account_code: str
    fen: Fen | None = None
    person: UUID | None = None
    earlier: tuple[Given, ...] = ()


def rule_for(policy: PolicySet | None, gift: Gift) -> GiftRule | None:
    """Return the policy's rule for the gift, or None."""
    rules = policy.gifts if policy is not None else ()
    return next((rule for rule in rules if (rule.item, rule.households) == (gift.item, gift.household_kind)), None)


def gift_refusals(policy: PolicySet | None, gift: Gift) -> Iterator[Reason]:
    """Yield every reason against a gift on its day.

    Relief to a worker's household goes through a case (docs/domain/procedure.md §1.4). Other money is given only under a
    rule of the policy in force, within its limits; goods without a rule are not booked on the account of activities.
    """
    if gift.household_kind == HouseholdKind.WORKER and gift.item in RELIEF_ITEMS:
        yield Reason.of("relief_needs_case", field="item", item=gift.item)
        return
    rule = rule_for(policy, gift)
    if rule is None:
        if gift.fen is not None:
            yield Reason.of("gift_not_in_policy", field="item", item=gift.item, param="gift")
        elif gift.account_code.startswith(ACTIVITY_ACCOUNT):
            yield Reason.of("account_not_of_gifts", field="account_code", accounts=None)
        return
    if not gift.account_code.startswith(rule.accounts):
        yield Reason.of("account_not_of_gifts", field="account_code", accounts=list(rule.accounts))
    if gift.fen is not None:
        yield from _over_limits(rule, gift, gift.fen)


def _over_limits(rule: GiftRule, gift: Gift, fen: Fen) -> Iterator[Reason]:
    to_household = sum(given.fen for given in gift.earlier)
    to_person = sum(given.fen for given in gift.earlier if given.person == gift.person)
    limits = (
        ("each", rule.each_fen, 0),
        ("person_year", rule.person_year_fen, to_person),
        ("household_year", rule.household_year_fen, to_household),
    )
    for param, limit, before in limits:
        if limit is not None and before + fen > limit:
            yield Reason.of("gift_over_limit", field="fen", cap=limit, before=before, fen=fen, param=f"gift.{param}")
