"""The facts that a step's rules read are found in the code of the rules.

The service loads only these facts for the step (decision 0017).
"""

from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from workflows.facts import Facts, RuleInput
from workflows.programme import Rule, Step
from workflows.vocabulary import Duty

_PACKAGE = "workflows"
FIELDS = frozenset(Facts.__dataclass_fields__)


@cache
def required_facts(step: Step) -> frozenset[str]:
    """Return the fields of Facts that the rules of the step may read, and possibly some others with the same names.

    The names come from the byte code of each rule and of every function in `workflows` that it calls, so there is no
    list to maintain. A field that is left out is not set at all when the step is decided (Facts.of): a rule that
    reads it gets an AttributeError. Raises TypeError for a rule that is not a plain function.
    """
    visited: set[FunctionType] = set()
    names = {name for rule in step.must_hold for name in _names_used(_plain_function(rule), visited)}
    if step.duty is Duty.APPROVER:
        names.add("approvals")
    return frozenset(names & FIELDS)


def _plain_function(rule: Rule) -> FunctionType:
    if not isinstance(rule, FunctionType):
        raise TypeError(f"a rule is a plain function, so that its names can be read: {rule!r}")
    return rule


def _names_used(function: FunctionType, visited: set[FunctionType]) -> Iterator[str]:
    """Yield every name in the function, and in the functions of `workflows` that it may call."""
    if function in visited:
        return
    visited.add(function)
    names = set(_names_in(function.__code__))
    yield from names
    for called in _called(function, names):
        yield from _names_used(called, visited)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)


def _called(function: FunctionType, names: set[str]) -> Iterator[FunctionType]:
    """Yield the functions these names may be: of its module, modules it names, its closure, RuleInput or Facts."""
    global_values = [function.__globals__.get(name) for name in names]
    module_values = [vars(each).get(name) for each in global_values if isinstance(each, ModuleType) for name in names]
    closure_values = [cell.cell_contents for cell in function.__closure__ or ()]
    methods = [vars(kind).get(name) for kind in (RuleInput, Facts) for name in names]
    for each in (*global_values, *module_values, *closure_values, *methods):
        called = _unwrap(each)
        if isinstance(called, FunctionType) and called.__module__.startswith(_PACKAGE):
            yield called


def _unwrap(each: Any) -> Callable[..., Any] | None:
    """Return the function of a property, or the one below a decorator."""
    if isinstance(each, property):
        return each.fget
    return getattr(each, "__wrapped__", each)  # type: ignore[no-any-return]
