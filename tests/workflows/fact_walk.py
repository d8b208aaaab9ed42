"""The walk over the byte code of rules: which facts a rule can reach, read off its names."""

from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from workflows.facts import ON_DEMAND, Facts, Rule, RuleInput

_HOME = "workflows"


@cache
def reachable_facts(rule: Rule) -> frozenset[str]:
    """Return the facts of ON_DEMAND whose names the rule, or a function of the rules it calls, mentions.

    Raises TypeError for a rule that is not a plain function, whose names cannot be read.
    """
    return frozenset(_mentioned(_plain(rule), set())) & ON_DEMAND


def _plain(rule: Rule) -> FunctionType:
    if not isinstance(rule, FunctionType):
        raise TypeError(f"a rule is a plain function, so that its names can be read: {rule!r}")
    return rule


def _mentioned(function: FunctionType, seen: set[FunctionType]) -> Iterator[str]:
    """Every name in the function and in the functions of the rules it may call."""
    if function in seen:
        return
    seen.add(function)
    names = set(_names(function.__code__))
    yield from names
    for called in _called(function, names):
        yield from _mentioned(called, seen)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _called(function: FunctionType, names: set[str]) -> Iterator[FunctionType]:
    """What these names may stand for: functions beside it, in modules it names, kept by it, or of an ask and its facts."""
    beside = [function.__globals__.get(name) for name in names]
    inside = [vars(each).get(name) for each in beside if isinstance(each, ModuleType) for name in names]
    kept = [cell.cell_contents for cell in function.__closure__ or ()]
    asked = [vars(kind).get(name) for kind in (RuleInput, Facts) for name in names]
    for each in (*beside, *inside, *kept, *asked):
        called = _under(each)
        if isinstance(called, FunctionType) and called.__module__.startswith(_HOME):
            yield called


def _under(each: Any) -> Callable[..., Any] | None:
    """The function of a property, or under a decorator."""
    if isinstance(each, property):
        return each.fget
    return getattr(each, "__wrapped__", each)  # type: ignore[no-any-return]
