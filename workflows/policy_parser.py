"""The policy file: which parameter stands where, how it is read, and what must agree; all problems are told at once."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from workflows.code_lists import Category
from workflows.policy import DEADLINES, Cap, CategoryRule, Comparator, DibaoLine, Per, PolicySet, Term
from workflows.policy_values import (
    InvalidPolicy,
    Line,
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
    read_lines,
    rows,
    whole,
    words,
    wrong,
    yes_no,
)
from workflows.vocabulary import Fen

__all__ = ["InvalidPolicy", "PolicyProblem", "read_policy"]

_AT_LINE = re.compile(r"at line (\d+)")
category = one_of(*Category)


def _term(value: object) -> Term:
    return Term(one_of(*Term)(value))


def _comparator(value: object) -> Comparator:
    return Comparator(one_of(*Comparator)(value))


def _per(value: object) -> Per:
    return Per(one_of(*Per)(value))


def _tiers(value: object) -> tuple[Fen | None, ...]:
    """Read the limit of every tier but the last, which decides without one."""
    limits: tuple[Fen, ...] = listed(money)(value)
    if list(limits) != sorted(set(limits)):
        raise wrong("not_ascending")
    return (*limits, None)


CATEGORY = (
    Line("category", "category", category),
    Line("comparator", "comparator", _comparator),
    Line("multiplier", "multiplier", ratio),
    Line("plus", "plus", listed(_term, least=1)),
    Line("minus", "minus", listed(_term)),
    Line("income_above", "income_above", ratio, None),
    Line("income_upto", "income_upto", ratio, None),
    Line("needs_event", "needs_event", yes_no, False),
    Line("misfortune_over_income", "misfortune_over_income", ratio, None),
    Line("barred_by", "barred_by", codes, ()),
)

CAP = (
    Line("item", "item", code),
    Line("per", "per", _per),
    Line("stage", "stage", code, None),
    Line("category", "category", category, None),
    Line("months_of_line", "months_of_line", whole(1, 60), None),
    Line("fixed_fen", "fixed", money, None),
    Line("share", "share_of_self_paid", ratio, None),
)

DIBAO = (
    Line("since", "since", day),
    Line("division", "division", division),
    Line("fen", "person_month", money),
)

POLICY = (
    Line("key", "key", code),
    Line("version", "version", whole(1, 9999)),
    Line("issuer", "issuer", words),
    Line("document", "document", words),
    Line("title", "title", words),
    Line("region", "region", division),
    Line("effective_from", "effective_from", day),
    Line("effective_to", "effective_to", day, None),
    Line("sample", "sample", yes_no, False),
    Line("fund_sources", "fund_sources", codes),
    Line("notice_days", "procedure.notice_days", whole(1, 60)),
    Line("min_visitors", "procedure.min_visitors", whole(1, 9)),
    Line("verification_required", "procedure.verification_required", yes_no),
    Line("verification_valid_days", "procedure.verification_valid_days", whole(1, 3660)),
    Line("tiers", "approval.tiers", _tiers),
    Line("collective_from_fen", "approval.collective_from", money, None),
    Line("dibao_lines", "line.dibao", rows(DIBAO, DibaoLine)),
    Line("minimum_wage_fen_month", "line.minimum_wage_month", money),
    Line("categories", "category", rows(CATEGORY, CategoryRule)),
    Line("events", "events", codes, ()),
    Line("counted_income", "income.counted", codes),
    Line("uncounted_income", "income.uncounted", codes),
    Line("prior_aid_counts", "income.prior_aid_counts", yes_no),
    Line("gift_items", "income.gift_items", codes, ()),
    Line("small_gift_threshold_fen", "income.small_gift", money),
    Line("impute_idle", "income.impute_idle", yes_no),
    Line("rigid_kinds", "spending.rigid", codes),
    Line("misfortune_kinds", "spending.misfortune", codes),
    Line("exclusions", "exclusions", codes),
    Line("caps", "cap", rows(CAP, Cap)),
    Line("excluded_institutions", "tuition.excluded_institutions", codes),
    Line("items_per_year", "repeat.items_per_year", named(whole(1, 99))),
    Line("same_item_per_year", "repeat.same_item_per_year", whole(1, 99)),
    Line("deadlines", "deadlines", named(whole(1, 3660), *DEADLINES)),
    Line("papers", "papers", named(codes, "all")),
)
"""Every parameter of a policy set, in the order of PolicySet: its name, its place in the file, how it is read."""


def read_policy(text: str) -> PolicySet:
    """Read a policy set from TOML. Raises BadPolicy with every problem of the file."""
    try:
        table = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        line = _AT_LINE.search(str(error))
        raise InvalidPolicy(
            PolicyProblem("", "not_toml", {"line": int(line[1]) if line else None, "told": str(error)})
        ) from None
    given, problems = read_lines(POLICY, table)
    for needed, check in CHECKS:
        if all(name in given for name in needed):
            problems += check(*(given[name] for name in needed))
    if problems:
        raise InvalidPolicy(*problems)
    return PolicySet(**given)


def _period_runs_forward(start: date, end: date | None) -> Iterator[PolicyProblem]:
    if end is not None and end < start:
        yield PolicyProblem("effective_to", "ends_before_it_starts", {"from": start.isoformat(), "to": end.isoformat()})


def _line_from_the_first_day(lines: tuple[DibaoLine, ...], start: date, region: str) -> Iterator[PolicyProblem]:
    """Every division of the region has a line on every day in force."""
    if not any(line.since <= start and region.startswith(line.division) for line in lines):
        yield PolicyProblem("line.dibao", "no_line_on_first_day", {"from": start.isoformat(), "region": region})
    seen = [(line.since, line.division) for line in lines]
    for index, line in enumerate(seen, start=1):
        if line in seen[: index - 1]:
            yield PolicyProblem(
                f"line.dibao[{index}]", "line_twice", {"since": line[0].isoformat(), "division": line[1]}
            )


def _counted_once(name: str, other: str) -> Callable[[tuple[str, ...], tuple[str, ...]], Iterator[PolicyProblem]]:
    def check(kinds: tuple[str, ...], others: tuple[str, ...]) -> Iterator[PolicyProblem]:
        for kind in kinds:
            if kind in others:
                yield PolicyProblem(name, "kind_in_two_lists", {"kind": kind, "other": other})

    return check


def _spending_subtracted_once(
    rules: tuple[CategoryRule, ...], rigid: tuple[str, ...], misfortune: tuple[str, ...]
) -> Iterator[PolicyProblem]:
    """A kind may be rigid for one category and misfortune for another, never both in one sum."""
    twice = sorted(set(rigid) & set(misfortune))
    for index, rule in enumerate(rules, start=1):
        if twice and Term.RIGID in rule.minus and Term.MISFORTUNE in rule.minus:
            yield PolicyProblem(f"category[{index}].minus", "spending_subtracted_twice", {"kinds": list(twice)})
        for term in Term:
            if (rule.plus + rule.minus).count(term) > 1:
                yield PolicyProblem(f"category[{index}]", "term_twice", {"term": term.value})


def _event_can_happen(rules: tuple[CategoryRule, ...], events: tuple[str, ...]) -> Iterator[PolicyProblem]:
    for index, rule in enumerate(rules, start=1):
        if rule.needs_event and not events:
            yield PolicyProblem(f"category[{index}].needs_event", "no_events_listed")


def _caps_are_clear(caps: tuple[Cap, ...]) -> Iterator[PolicyProblem]:
    """Each cap limits something, and no two caps answer one question."""
    seen: list[tuple[str, str | None, str | None]] = []
    for index, cap in enumerate(caps, start=1):
        if cap.months_of_line is None and cap.fixed_fen is None and cap.share is None:
            yield PolicyProblem(f"cap[{index}]", "cap_without_limit")
        if (asked := (cap.item, cap.stage, cap.category)) in seen:
            yield PolicyProblem(f"cap[{index}]", "cap_twice", {"item": cap.item, "first": seen.index(asked) + 1})
        seen.append(asked)


def _categories_named(rules: tuple[CategoryRule, ...], items: Mapping[str, int]) -> Iterator[PolicyProblem]:
    known = [rule.category for rule in rules]
    for key in items:
        if key not in known:
            yield PolicyProblem(
                f"repeat.items_per_year.{key}", "no_such_category", {"known": list(dict.fromkeys(known))}
            )


CHECKS: tuple[tuple[tuple[str, ...], Callable[..., Iterator[PolicyProblem]]], ...] = (
    (("effective_from", "effective_to"), _period_runs_forward),
    (("dibao_lines", "effective_from", "region"), _line_from_the_first_day),
    (("counted_income", "uncounted_income"), _counted_once("income.counted", "income.uncounted")),
    (("categories", "rigid_kinds", "misfortune_kinds"), _spending_subtracted_once),
    (("categories", "events"), _event_can_happen),
    (("caps",), _caps_are_clear),
    (("categories", "items_per_year"), _categories_named),
)
"""What parameters must agree on, and which of them each check looks at."""
