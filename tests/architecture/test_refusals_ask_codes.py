"""A test of a refusal asks for the reason code: the status alone is the same for a refusal for another reason."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import Function, Page, listed, name_of, pages

ERRORS = {400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 428, 429, 431, 500, 503}
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
ASKS = {"code", "codes", "refusal", "reasons"}
"""Names that stand for a reason code, or for status and codes together (tests/api_client.py)."""
CARRIERS = {"Refused", "BadAnswers", "BadSheets", "Unreadable", "BadPolicy", "BadCalendar"}
"""Exceptions that carry reason codes; Unknown, Stale and their like have one meaning each."""
EXEMPT = {
    "tests/lives.py no": "returns the codes to the test, which compares them",
    "tests/chaos/load.py _expected": "sorts answers under load, and is no assertion of a test",
    "tests/chaos/retrying_client.py _count_answer": "counts 503 and answers of other kinds, and is no assertion of a test",
    "tests/service/test_rate_limit.py refused": "returns the code to the test, which compares it",
    "tests/service/test_database_trouble.py said": "returns the code to the test, which compares it",
    "tests/service/test_permissions.py served": "says which routes are not refused for want of a right",
    "tests/service/test_health.py test_only_this_machine_looks_where_no_token_is_set": "readyz says 503 without a broker",
    "tests/service/test_health.py not_ready": "asks for the code in the line after the next",
    "tests/worker/test_serving.py test_metrics_are_summed_over_processes_and_survive_a_kill": "counts requests",
}


def outer(page: Page) -> Iterator[tuple[Function, ast.AST]]:
    """Every function of a file, and every node in it."""
    return ((function, node) for function in page.functions() for node in ast.walk(function))


def compares_an_error(node: ast.AST) -> bool:
    """Whether this is a comparison for equality with the status of an HTTP error; 500 may be a sum of money too."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.In):
        return False
    inner = tuple(ast.walk(node))
    numbers = {each.value for each in inner if isinstance(each, ast.Constant) and isinstance(each.value, int)}
    return bool(numbers & (ERRORS if names(inner) & {"status", "status_code"} else ERRORS - {500}))


def names(nodes: tuple[ast.AST, ...]) -> set[str]:
    """Names and attributes that stand in an expression."""
    plain = {each.id for each in nodes if isinstance(each, ast.Name)}
    return plain | {each.attr for each in nodes if isinstance(each, ast.Attribute)}


def asks_a_code(node: ast.AST) -> bool:
    """Whether a comparison holds a reason code, or a name that stands for one."""
    inner = tuple(ast.walk(node))
    texts = [each.value for each in inner if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return bool(names(inner) & ASKS) or any(CODE.fullmatch(text) for text in texts)


def test_an_error_status_is_compared_together_with_its_code() -> None:
    """Why: a 409 for another reason passed for the refusal that a test tries."""
    silent = {
        page.at(node) + f" {function.name}"
        for page in pages("tests")
        for function, node in outer(page)
        if compares_an_error(node) and not asks_a_code(node) and f"{page.path} {function.name}" not in EXEMPT
    }
    assert not silent, listed(silent)


def test_a_refusal_that_is_raised_is_looked_at() -> None:
    """Why: `raises(Refused)` alone passes for every reason."""
    silent = {
        page.at(item.context_expr)
        for page in pages("tests")
        for node in page.nodes
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        and name_of(item.context_expr).endswith("raises")
        and names(tuple(ast.walk(item.context_expr.args[0]))) & CARRIERS
        and item.optional_vars is None
        and not any(keyword.arg == "match" for keyword in item.context_expr.keywords)
    }
    assert not silent, listed(silent)


def test_no_exemption_outlives_its_function() -> None:
    """Why: a name left in the list would exempt whatever is called so next."""
    there = {f"{page.path} {function.name}" for page in pages("tests") for function in page.functions()}
    assert not EXEMPT.keys() - there, listed(EXEMPT.keys() - there)
