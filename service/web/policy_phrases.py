"""Phrases of a policy set in the reader's language: shares, multiples, limits of tiers, lists of codes."""

from collections.abc import Iterable
from fractions import Fraction

from service.http.errors import language
from service.i18n.catalogue import LANGUAGES, catalogue, translate
from service.web.formatting import NOTHING, joined, term, yuan
from workflows.vocabulary import Fen

DECIMALS = 10**4
"""A multiple with more decimals is shown as a fraction."""


def say(key: str, /, **values: object) -> str:
    """Return a phrase of policy.po in the reader's language."""
    return translate(key, language(), **values)


def listed(parts: Iterable[str]) -> str:
    """Return parts in one line; a dash where there is none."""
    return joined(parts) or NOTHING


def clauses(parts: Iterable[str]) -> str:
    """Return the clauses of one rule in one line; a dash where there is none."""
    return ("；" if language() == LANGUAGES[0] else "; ").join(parts) or NOTHING


def terms(codes: Iterable[str], group: str) -> str:
    """Return codes in the words that a group of terms has for them."""
    return listed(term(code, group) for code in codes)


def known(key: str, code: str) -> str:
    """Return the phrase of a code; a code that has none as it is."""
    return catalogue(language()).get(key, code)


def yes_no(value: bool) -> str:
    """Return yes or no."""
    return translate("pages.yes" if value else "pages.no", language())


def multiple(value: Fraction) -> str:
    """Return a multiple: `1.5`, or `2/3` where it has no short decimal form."""
    scaled = value * DECIMALS
    if scaled.denominator != 1:
        return str(value)
    whole, rest = divmod(int(scaled), DECIMALS)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def percent(value: Fraction) -> str:
    """Return a share: `80%`."""
    return f"{multiple(value * 100)}%"


def tier_limits(tiers: Iterable[Fen | None]) -> str:
    """Return what each tier decides: `第1级 2,000.00 元以内；第2级 不限`."""
    limits = enumerate(tiers, start=1)
    return clauses(
        say("policy.tier_any", tier=tier) if limit is None else say("policy.tier_limit", tier=tier, sum=yuan(limit))
        for tier, limit in limits
    )
