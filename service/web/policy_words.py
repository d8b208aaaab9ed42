"""A policy set in words: each parameter with its group, its label and what it says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from service.web.formatting import NOTHING, day, term, yuan
from service.web.policy_phrases import known, listed, say, terms, tier_limits, yes_no
from service.web.policy_rows import cap_label, cap_words, category_words, gift_words, item_words
from service.web.refusals import choice_label
from workflows.policy import DEADLINES, LATER_DEADLINES, PolicySet


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in words. Its key is the same in every set, so that two sets are compared by it."""

    key: str
    group: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """A parameter that differs between two sets; a dash where one of them does not have it."""

    group: str
    label: str
    before: str
    after: str


Line = tuple[str, str, str]
"""Key, label and words of a parameter."""


def _one(name: str, words: str) -> Line:
    return name, say(f"policy.name.{name}"), words


def _about(policy: PolicySet) -> Iterator[Line]:
    for name in ("title", "issuer", "document", "version", "region"):
        yield _one(name, str(getattr(policy, name)) or say("policy.everywhere"))
    yield _one("effective_from", day(policy.effective_from))
    yield _one("effective_to", day(policy.effective_to))
    yield _one("sample", yes_no(policy.sample))
    sources = (known(f"policy.fund_source.{each}", each) for each in policy.fund_sources)
    yield _one("fund_sources", listed(sources))


def _procedure(policy: PolicySet) -> Iterator[Line]:
    yield _one("notice_days", say("policy.workdays", days=policy.notice_days))
    yield _one("min_visitors", say("policy.people", number=policy.min_visitors))
    yield _one("verification_required", yes_no(policy.verification_required))
    yield _one("verification_valid_days", say("policy.days", days=policy.verification_valid_days))
    yield _one("finances_valid_months", say("policy.months", months=policy.finances_valid_months))
    yield _one("below_floor_document", policy.below_floor_document or NOTHING)


def _approval(policy: PolicySet) -> Iterator[Line]:
    yield _one("tiers", tier_limits(policy.tiers))
    collective = policy.collective_from_fen
    yield _one("collective_from", NOTHING if collective is None else say("policy.sum_from", sum=yuan(collective)))
    yield _one("together_days", say("policy.days", days=policy.together_days))


def _lines(policy: PolicySet) -> Iterator[Line]:
    for each in policy.dibao_lines:
        label = say("policy.line_of", division=each.division or say("policy.everywhere"), since=day(each.since))
        yield f"dibao.{each.division}.{each.since}", label, say("policy.sum_month", sum=yuan(each.fen))
    yield _one("minimum_wage", say("policy.sum_month", sum=yuan(policy.minimum_wage_fen_month)))


def _categories(policy: PolicySet) -> Iterator[Line]:
    for number, rule in enumerate(policy.categories, start=1):
        label = say("policy.category_no", number=number, category=term(rule.category, "category"))
        yield f"category.{number}", label, category_words(rule)
    yield _one("events", terms(policy.events, "event_kind"))


def _income(policy: PolicySet) -> Iterator[Line]:
    yield _one("counted_income", terms(policy.counted_income, "line_income"))
    yield _one("uncounted_income", terms(policy.uncounted_income, "line_income"))
    yield _one("prior_aid_counts", yes_no(policy.prior_aid_counts))
    yield _one("gift_items", terms(policy.gift_items, "item"))
    yield _one("small_gift", say("policy.cap_fixed", sum=yuan(policy.small_gift_threshold_fen)))
    yield _one("impute_idle", yes_no(policy.impute_idle))


def _spending(policy: PolicySet) -> Iterator[Line]:
    yield _one("rigid_kinds", terms(policy.rigid_kinds, "line_spending"))
    yield _one("misfortune_kinds", terms(policy.misfortune_kinds, "line_spending"))


def _conditions(policy: PolicySet) -> Iterator[Line]:
    yield _one("exclusions", terms(policy.exclusions, "exclusion"))
    yield _one("condolence_kin", terms(policy.condolence_kin, "kin"))
    excluded = (choice_label("institution_kind", each) for each in policy.excluded_institutions)
    yield _one("excluded_institutions", listed(excluded))
    yield _one("same_item_per_year", say("policy.times", number=policy.same_item_per_year))
    for category, most in policy.items_per_year.items():
        label = say("policy.items_of", category=term(category, "category"))
        yield f"items_per_year.{category}", label, say("policy.items", number=most)


def _items(policy: PolicySet) -> Iterator[Line]:
    for rule in policy.item_rules:
        yield f"item.{rule.item}", term(rule.item, "item"), item_words(rule)


def _caps(policy: PolicySet) -> Iterator[Line]:
    for cap in policy.caps:
        yield f"cap.{cap.item}.{cap.stage}.{cap.category}", cap_label(cap), cap_words(cap)


def _gifts(policy: PolicySet) -> Iterator[Line]:
    for rule in policy.gifts:
        label = f"{term(rule.item, 'item')} · {term(rule.households, 'file_kind')}"
        yield f"gift.{rule.item}.{rule.households}", label, gift_words(rule)


def _deadlines(policy: PolicySet) -> Iterator[Line]:
    for name in (*DEADLINES, *LATER_DEADLINES):
        yield f"deadline.{name}", say(f"policy.deadline.{name}"), say("policy.days", days=policy.days(name))


def _papers(policy: PolicySet) -> Iterator[Line]:
    for cause, papers in policy.papers.items():
        label = say("policy.papers_all") if cause == "all" else term(cause, "cause")
        yield f"papers.{cause}", label, terms(papers, "paper")


GROUPS: Mapping[str, Callable[[PolicySet], Iterator[Line]]] = {
    "about": _about,
    "procedure": _procedure,
    "approval": _approval,
    "line": _lines,
    "category": _categories,
    "income": _income,
    "spending": _spending,
    "conditions": _conditions,
    "item": _items,
    "cap": _caps,
    "gift": _gifts,
    "deadline": _deadlines,
    "papers": _papers,
}
"""The groups of parameters in the order of the file, each with what it holds."""


def parameters(policy: PolicySet) -> tuple[Parameter, ...]:
    """Return every parameter of a set in words, group by group."""
    return tuple(Parameter(key, group, *words) for group, read in GROUPS.items() for key, *words in read(policy))


def changes(before: PolicySet | None, after: PolicySet) -> tuple[ParameterChange, ...]:
    """Return the parameters that differ, in the order of the groups; without a set before, all of them."""
    old = {each.key: each for each in parameters(before)} if before is not None else {}
    new = {each.key: each for each in parameters(after)}
    order, place = tuple(GROUPS), count()
    known = {key: (order.index(each.group), next(place)) for key, each in (old | new).items()}
    differing = [key for key in known if _words(old, key) != _words(new, key)]
    return tuple(_change(old, new, key) for key in sorted(differing, key=known.__getitem__))


def _change(old: Mapping[str, Parameter], new: Mapping[str, Parameter], key: str) -> ParameterChange:
    shown = new.get(key) or old[key]
    return ParameterChange(say(f"policy.group.{shown.group}"), shown.label, _words(old, key), _words(new, key))


def _words(parameters_by_key: Mapping[str, Parameter], key: str) -> str:
    found = parameters_by_key.get(key)
    return NOTHING if found is None else found.words
