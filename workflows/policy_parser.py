"""The parser reads a policy set from TOML and reports every problem at once."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from workflows.code_lists import (
    GIFT_ITEMS,
    HARDSHIP_ITEMS,
    RELIEF_ITEMS,
    TUITION_ITEMS,
    Category,
    HouseholdKind,
)
from workflows.condolence_codes import Deceased
from workflows.policy import CLOSE_KIN, DEADLINES, Cap, CategoryRule, DibaoLine, GiftRule, ItemRule, PolicySet
from workflows.policy_codes import Comparator, Per, Requirement, Term
from workflows.policy_values import (
    InvalidPolicy,
    Parameter,
    PolicyProblem,
    code,
    codes,
    day,
    division,
    listed,
    money,
    named,
    one_of,
    ratio,
    read_parameters,
    rows,
    whole,
    words,
    wrong,
    yes_no,
)
from workflows.vocabulary import APPROVERS, Fen

__all__ = ["InvalidPolicy", "PolicyProblem", "read_policy"]

_LINE_NUMBER = re.compile(r"at line (\d+)")
category = one_of(*Category)


def _term(value: object) -> Term:
    return Term(one_of(*Term)(value))


def _comparator(*choices: Comparator) -> Callable[[object], Comparator]:
    return lambda value: Comparator(one_of(*choices)(value))


_WITHIN = _comparator(Comparator.BELOW, Comparator.UP_TO)
_REACHED = _comparator(Comparator.OVER, Comparator.FROM)


def _requirement(value: object) -> Requirement:
    return Requirement(one_of(*Requirement)(value))


def _per(value: object) -> Per:
    return Per(one_of(*Per)(value))


def _tier_limit(value: object) -> Fen:
    """Read the highest amount of a tier: `"2000.00"` (2000元以内) or `{ below = "20000.00" }` (不满20000元)."""
    if not isinstance(value, dict):
        return Fen(money(value))
    if set(value) != {"below"}:
        raise wrong("not_a_tier_limit", example='"2000.00", { below = "20000.00" }')
    return Fen(money(value["below"]) - 1)


def _tiers(value: object) -> tuple[Fen | None, ...]:
    """Read the limits of all tiers but the last, which has none."""
    limits: tuple[Fen, ...] = listed(_tier_limit)(value)
    if list(limits) != sorted(set(limits)):
        raise wrong("not_ascending")
    if len(limits) >= len(APPROVERS):
        raise wrong("too_many_tiers", most=len(APPROVERS))
    return (*limits, None)


CATEGORY = (
    Parameter("category", "category", category),
    Parameter("comparator", "comparator", _WITHIN),
    Parameter("multiplier", "multiplier", ratio),
    Parameter("plus", "plus", listed(_term, least=1)),
    Parameter("minus", "minus", listed(_term)),
    Parameter("income_above", "income_above", ratio, None),
    Parameter("income_above_comparator", "income_above_comparator", _REACHED, Comparator.OVER),
    Parameter("income_upto", "income_upto", ratio, None),
    Parameter("income_upto_comparator", "income_upto_comparator", _WITHIN, Comparator.UP_TO),
    Parameter("needs_event", "needs_event", yes_no, False),
    Parameter("misfortune_over_income", "misfortune_over_income", ratio, None),
    Parameter("misfortune_comparator", "misfortune_comparator", _REACHED, Comparator.OVER),
    Parameter("barred_by", "barred_by", codes, ()),
)

ITEM = (
    Parameter("item", "item", one_of(*HARDSHIP_ITEMS, *TUITION_ITEMS)),
    Parameter("waived", "waived", listed(_requirement), ()),
    Parameter("papers", "papers", codes, None),
    Parameter("tiers", "tiers", _tiers, None),
)

CAP = (
    Parameter("item", "item", code),
    Parameter("per", "per", _per),
    Parameter("stage", "stage", code, None),
    Parameter("category", "category", category, None),
    Parameter("months_of_line", "months_of_line", whole(1, 60), None),
    Parameter("fixed_fen", "fixed", money, None),
    Parameter("share", "share_of_self_paid", ratio, None),
)

GIFT = (
    Parameter("item", "item", one_of(*GIFT_ITEMS)),
    Parameter("households", "households", one_of(*HouseholdKind), HouseholdKind.WORKER.value),
    Parameter("accounts", "accounts", listed(code, least=1)),
    Parameter("each_fen", "each", money, None),
    Parameter("person_year_fen", "person_year", money, None),
    Parameter("household_year_fen", "household_year", money, None),
    Parameter("counts_as_aid", "counts_as_aid", yes_no, False),
)

DIBAO = (
    Parameter("since", "since", day),
    Parameter("division", "division", division),
    Parameter("fen", "person_month", money),
)

POLICY = (
    Parameter("key", "key", code),
    Parameter("version", "version", whole(1, 9999)),
    Parameter("issuer", "issuer", words),
    Parameter("document", "document", words),
    Parameter("title", "title", words),
    Parameter("region", "region", division),
    Parameter("effective_from", "effective_from", day),
    Parameter("effective_to", "effective_to", day, None),
    Parameter("sample", "sample", yes_no, False),
    Parameter("fund_sources", "fund_sources", codes),
    Parameter("notice_days", "procedure.notice_days", whole(1, 60)),
    Parameter("min_visitors", "procedure.min_visitors", whole(1, 9)),
    Parameter("verification_required", "procedure.verification_required", yes_no),
    Parameter("verification_valid_days", "procedure.verification_valid_days", whole(1, 3660)),
    Parameter("finances_valid_months", "procedure.finances_valid_months", whole(1, 12), 12),
    Parameter("tiers", "approval.tiers", _tiers),
    Parameter("together_days", "approval.together_days", whole(1, 366), 30),
    Parameter("collective_from_fen", "approval.collective_from", money, None),
    Parameter("dibao_lines", "line.dibao", rows(DIBAO, DibaoLine)),
    Parameter("minimum_wage_fen_month", "line.minimum_wage_month", money),
    Parameter("categories", "category", rows(CATEGORY, CategoryRule)),
    Parameter("events", "events", codes, ()),
    Parameter("counted_income", "income.counted", codes),
    Parameter("uncounted_income", "income.uncounted", codes),
    Parameter("prior_aid_counts", "income.prior_aid_counts", yes_no),
    Parameter("gift_items", "income.gift_items", codes, ()),
    Parameter("small_gift_threshold_fen", "income.small_gift", money),
    Parameter("impute_idle", "income.impute_idle", yes_no),
    Parameter("rigid_kinds", "spending.rigid", codes),
    Parameter("misfortune_kinds", "spending.misfortune", codes),
    Parameter("exclusions", "exclusions", codes),
    Parameter("item_rules", "item", rows(ITEM, ItemRule), ()),
    Parameter("condolence_kin", "condolence.kin", listed(one_of(*Deceased)), CLOSE_KIN),
    Parameter("caps", "cap", rows(CAP, Cap)),
    Parameter("excluded_institutions", "tuition.excluded_institutions", codes),
    Parameter("items_per_year", "repeat.items_per_year", named(whole(1, 99))),
    Parameter("same_item_per_year", "repeat.same_item_per_year", whole(1, 99)),
    Parameter("deadlines", "deadlines", named(whole(1, 3660), *DEADLINES)),
    Parameter("papers", "papers", named(codes, "all")),
    Parameter("gifts", "gift", rows(GIFT, GiftRule), ()),
    Parameter("below_floor_document", "procedure.below_floor_document", words, None),
)
"""Every parameter of a policy set, in the order of PolicySet: its name, its path in the file, its reader."""


def read_policy(text: str) -> PolicySet:
    """Read a policy set from TOML. Raises InvalidPolicy with every problem of the file."""
    try:
        table = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        line = _LINE_NUMBER.search(str(error))
        raise InvalidPolicy(
            PolicyProblem("", "not_toml", {"line": int(line[1]) if line else None, "told": str(error)})
        ) from None
    values, problems = read_parameters(POLICY, table)
    for needed, check in CHECKS:
        if all(name in values for name in needed):
            problems += check(*(values[name] for name in needed))
    if problems:
        raise InvalidPolicy(*problems)
    return PolicySet(**values)


def _period_runs_forward(start: date, end: date | None) -> Iterator[PolicyProblem]:
    if end is not None and end < start:
        yield PolicyProblem("effective_to", "ends_before_it_starts", {"from": start.isoformat(), "to": end.isoformat()})


def _line_on_first_day(lines: tuple[DibaoLine, ...], start: date, region: str) -> Iterator[PolicyProblem]:
    """Yield a problem when no 低保 line covers the whole region on the first day, or one line is listed twice."""
    if not any(line.since <= start and region.startswith(line.division) for line in lines):
        yield PolicyProblem("line.dibao", "no_line_on_first_day", {"from": start.isoformat(), "region": region})
    keys = [(line.since, line.division) for line in lines]
    for index, line in enumerate(keys, start=1):
        if line in keys[: index - 1]:
            yield PolicyProblem(
                f"line.dibao[{index}]", "line_twice", {"since": line[0].isoformat(), "division": line[1]}
            )


def _in_one_list(name: str, other: str) -> Callable[[tuple[str, ...], tuple[str, ...]], Iterator[PolicyProblem]]:
    def check(kinds: tuple[str, ...], others: tuple[str, ...]) -> Iterator[PolicyProblem]:
        for kind in kinds:
            if kind in others:
                yield PolicyProblem(name, "kind_in_two_lists", {"kind": kind, "other": other})

    return check


def _no_spending_subtracted_twice(
    rules: tuple[CategoryRule, ...], rigid: tuple[str, ...], misfortune: tuple[str, ...]
) -> Iterator[PolicyProblem]:
    """Yield each formula that subtracts one kind twice: as rigid and as misfortune, or by naming a term twice."""
    twice = sorted(set(rigid) & set(misfortune))
    for index, rule in enumerate(rules, start=1):
        if twice and Term.RIGID in rule.minus and Term.MISFORTUNE in rule.minus:
            yield PolicyProblem(f"category[{index}].minus", "spending_subtracted_twice", {"kinds": list(twice)})
        for term in Term:
            if (rule.plus + rule.minus).count(term) > 1:
                yield PolicyProblem(f"category[{index}]", "term_twice", {"term": term.value})


def _has_events(rules: tuple[CategoryRule, ...], events: tuple[str, ...]) -> Iterator[PolicyProblem]:
    for index, rule in enumerate(rules, start=1):
        if rule.needs_event and not events:
            yield PolicyProblem(f"category[{index}].needs_event", "no_events_listed")


def _caps_limit_once(caps: tuple[Cap, ...]) -> Iterator[PolicyProblem]:
    """Yield each cap without a limit, and each second cap on the same item, stage and category."""
    keys: list[tuple[str, str | None, str | None]] = []
    for index, cap in enumerate(caps, start=1):
        if cap.months_of_line is None and cap.fixed_fen is None and cap.share is None:
            yield PolicyProblem(f"cap[{index}]", "cap_without_limit")
        if (key := (cap.item, cap.stage, cap.category)) in keys:
            yield PolicyProblem(f"cap[{index}]", "cap_twice", {"item": cap.item, "first": keys.index(key) + 1})
        keys.append(key)


def _gifts_listed_once(gifts: tuple[GiftRule, ...]) -> Iterator[PolicyProblem]:
    """Yield each second rule on the same item and kind of household, and each rule for relief to a worker's household."""
    keys: list[tuple[str, str]] = []
    for index, rule in enumerate(gifts, start=1):
        if (key := (rule.item, rule.households)) in keys:
            yield PolicyProblem(f"gift[{index}]", "gift_twice", {"item": rule.item, "first": keys.index(key) + 1})
        if rule.households == HouseholdKind.WORKER and rule.item in RELIEF_ITEMS:
            yield PolicyProblem(f"gift[{index}].item", "relief_is_no_gift", {"item": rule.item})
        keys.append(key)


def _items_listed_once(item_rules: tuple[ItemRule, ...]) -> Iterator[PolicyProblem]:
    items = [rule.item for rule in item_rules]
    for index, item in enumerate(items, start=1):
        if item in items[: index - 1]:
            yield PolicyProblem(f"item[{index}]", "item_twice", {"item": item, "first": items.index(item) + 1})


def _categories_exist(rules: tuple[CategoryRule, ...], items: Mapping[str, int]) -> Iterator[PolicyProblem]:
    known = [rule.category for rule in rules]
    for key in items:
        if key not in known:
            yield PolicyProblem(
                f"repeat.items_per_year.{key}", "no_such_category", {"known": list(dict.fromkeys(known))}
            )


CHECKS: tuple[tuple[tuple[str, ...], Callable[..., Iterator[PolicyProblem]]], ...] = (
    (("effective_from", "effective_to"), _period_runs_forward),
    (("dibao_lines", "effective_from", "region"), _line_on_first_day),
    (("counted_income", "uncounted_income"), _in_one_list("income.counted", "income.uncounted")),
    (("categories", "rigid_kinds", "misfortune_kinds"), _no_spending_subtracted_twice),
    (("categories", "events"), _has_events),
    (("caps",), _caps_limit_once),
    (("gifts",), _gifts_listed_once),
    (("item_rules",), _items_listed_once),
    (("categories", "items_per_year"), _categories_exist),
)
"""Checks across parameters: the names of the parameters each one reads, and the check."""
