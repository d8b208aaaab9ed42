"""No reason goes unasked: each rule's codes are met in each row that names it, and every code is asked for by name."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.workflows import test_hardship_steps, test_tuition_steps
from tests.workflows.refusals import Line
from tests.workflows.rule_input_builders import filled
from workflows import form_fields
from workflows.facts import Rule
from workflows.programme import Programme, Step
from workflows.programmes import PROGRAMMES

ROOT = Path(__file__).parents[2]
SOURCES = [
    *sorted((ROOT / "workflows" / "rules").glob("*.py")),
    *(ROOT / "workflows" / f for f in ("state_machine.py", "form_fields.py")),
]
CODED = {"Reason", "of", "_Wrong", "__init__"}
LINES: dict[str, list[Line]] = {"hardship": test_hardship_steps.LINES, "tuition": test_tuition_steps.LINES}


def codes_in(tree: ast.AST) -> Iterator[str]:
    """First arguments of Reason.of(…), Reason(…), _Wrong(…) and of a subclass's super().__init__(…)."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in CODED:
                yield str(call.args[0].value)


@cache
def functions(source: str) -> dict[str, ast.FunctionDef]:
    return {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}


def codes_of(rule: Rule) -> set[str]:
    """The codes a rule can give, by itself or by the functions of its own file that it calls."""
    module = inspect.getmodule(rule)
    assert isinstance(module, ModuleType)
    known = functions(inspect.getsource(module))
    found: set[str] = set()
    waiting, seen = [rule.__name__], set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        found |= set(codes_in(known[name]))
        called = {each.id for each in ast.walk(known[name]) if isinstance(each, ast.Name) and each.id in known}
        waiting += called - seen
    return found


def given(programme: Programme, lines: Iterable[Line]) -> set[tuple[str, str, str]]:
    """Which rule gave which code for which action, in some line that expects that code."""
    met = set()
    for action, context, codes in lines:
        step = programme.step(action, context.facts.state)
        if step is None:
            continue
        answered = replace(context, answers=form_fields.read_fields(step.form, filled(action, context).answers))
        reasons = ((rule, rule(answered)) for rule in step.must_hold)
        met |= {(action, rule.__name__, no.code) for rule, no in reasons if no is not None and no.code in codes}
    return met


def possible(steps: Iterable[Step]) -> set[tuple[str, str, str]]:
    return {(step.action, rule.__name__, code) for step in steps for rule in step.must_hold for code in codes_of(rule)}


@pytest.mark.parametrize("key", PROGRAMMES)
def test_each_rule_of_each_row_is_seen_to_give_each_of_its_codes(key: str) -> None:
    assert possible(PROGRAMMES[key].steps) - given(PROGRAMMES[key], LINES[key]) == set()


def test_a_row_whose_refusals_nobody_asks_for_would_be_noticed() -> None:
    programme = PROGRAMMES["hardship"]
    without = [line for line in LINES["hardship"] if line[2] != ["verification_stale"]]
    assert possible(programme.steps) - given(programme, without) == {("pass_review", "verified", "verification_stale")}
    assert codes_of(programme.steps[2].must_hold[4]) == {"before_the_case", "in_the_future"}


@cache
def asked_for() -> frozenset[str]:
    """Every string the tests write, but for this file's."""
    files = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    trees = [ast.parse(path.read_text("utf-8")) for path in files]
    strings = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return frozenset(text for text in strings if isinstance(text, str))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_reason_code_is_asked_for_by_some_test(path: Path) -> None:
    assert set(codes_in(ast.parse(path.read_text("utf-8")))) - asked_for() == set()


def test_a_new_code_would_be_noticed() -> None:
    invented = (
        'def full_moon(ask): return Reason.of("moon_" "full", phase=1) or _Wrong("not_silver") or Reason("old", {})'
    )
    assert set(codes_in(ast.parse(invented))) == {"moon_full", "not_silver", "old"}
    assert "moon_full" not in asked_for()
    every = {code for path in SOURCES for code in codes_in(ast.parse(path.read_text("utf-8")))}
    assert len(every) >= 70
