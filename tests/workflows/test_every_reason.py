"""Every reason code is given in a test by each row that can give it."""

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
from workflows.step_input import input_for

ROOT = Path(__file__).parents[2]
SOURCES = [
    *sorted((ROOT / "workflows" / "rules").glob("*.py")),
    *(ROOT / "workflows" / f for f in ("state_machine.py", "form_fields.py")),
]
CODED = {"Reason", "of", "_Wrong", "__init__"}
LINES: dict[str, list[Line]] = {"hardship": test_hardship_steps.LINES, "tuition": test_tuition_steps.LINES}


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Yield the first arguments of Reason.of(…), Reason(…), _Wrong(…) and of a subclass's super().__init__(…)."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in CODED:
                yield str(call.args[0].value)


@cache
def functions(source: str) -> dict[str, ast.FunctionDef]:
    return {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}


def codes_of(rule: Rule) -> set[str]:
    """Return the codes that a rule can give, itself or by the functions of its own file that it calls."""
    module = inspect.getmodule(rule)
    assert isinstance(module, ModuleType)
    functions_by_name = functions(inspect.getsource(module))
    codes: set[str] = set()
    queue, visited = [rule.__name__], set[str]()
    while queue:
        name = queue.pop()
        visited.add(name)
        codes |= set(codes_in(functions_by_name[name]))
        called = {
            each.id
            for each in ast.walk(functions_by_name[name])
            if isinstance(each, ast.Name) and each.id in functions_by_name
        }
        queue += called - visited
    return codes


def codes_met(programme: Programme, lines: Iterable[Line]) -> set[tuple[str, str, str]]:
    """Return (action, rule, code) for each code that a rule gives in a line that expects it."""
    codes_given = set()
    for action, case, codes in lines:
        step = programme.step(action, case.facts.state)
        if step is None:
            continue
        answers = form_fields.read_fields(step.form, filled(action, case).answers)
        read_case = input_for(step, replace(case, answers=answers))
        reasons = ((rule, rule(read_case)) for rule in step.must_hold)
        codes_given |= {
            (action, rule.__name__, reason.code)
            for rule, reason in reasons
            if reason is not None and reason.code in codes
        }
    return codes_given


def possible_codes(steps: Iterable[Step]) -> set[tuple[str, str, str]]:
    return {(step.action, rule.__name__, code) for step in steps for rule in step.must_hold for code in codes_of(rule)}


@pytest.mark.parametrize("key", PROGRAMMES)
def test_each_rule_of_each_row_gives_each_of_its_codes(key: str) -> None:
    assert possible_codes(PROGRAMMES[key].steps) - codes_met(PROGRAMMES[key], LINES[key]) == set()


def test_missing_refusal_of_a_row_is_detected() -> None:
    programme = PROGRAMMES["hardship"]
    without = [line for line in LINES["hardship"] if line[2] != ["verification_stale"]]
    assert possible_codes(programme.steps) - codes_met(programme, without) == {
        ("pass_review", "verified", "verification_stale")
    }
    assert codes_of(programme.steps[2].must_hold[4]) == {"before_the_case", "in_the_future"}


@cache
def strings_in_tests() -> frozenset[str]:
    """Return every string in the tests, except in this file."""
    files = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    trees = [ast.parse(path.read_text("utf-8")) for path in files]
    strings = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return frozenset(text for text in strings if isinstance(text, str))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_reason_code_is_named_in_a_test(path: Path) -> None:
    assert set(codes_in(ast.parse(path.read_text("utf-8")))) - strings_in_tests() == set()


def test_new_reason_code_is_detected() -> None:
    source = (
        'def full_moon(case): return Reason.of("moon_" "full", phase=1) or _Wrong("not_silver") or Reason("old", {})'
    )
    assert set(codes_in(ast.parse(source))) == {"moon_full", "not_silver", "old"}
    assert "moon_full" not in strings_in_tests()
    codes = {code for path in SOURCES for code in codes_in(ast.parse(path.read_text("utf-8")))}
    assert len(codes) >= 70
