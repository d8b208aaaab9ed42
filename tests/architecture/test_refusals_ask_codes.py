"""Tests that every test of a refusal compares its reason code."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import Function, Page, listed, name_of, pages

ERRORS = {400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 428, 429, 431, 500, 503}
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
CODE_NAMES = {"code", "codes", "refusal", "reasons"}
"""Names of a reason code, or of status and codes together (tests/api_client.py)."""
WITH_CODES = {"Refused", "InvalidForm", "InvalidSheets", "Unreadable", "InvalidPolicy", "InvalidCalendar"}
"""Exceptions with reason codes; NotFound, VersionConflict and others have one meaning each."""
EXEMPT = {
    "tests/lives.py no": "returns the codes to the test, which compares them",
    "tests/chaos/load.py _expected": "sorts answers under load, and is no assertion of a test",
    "tests/chaos/retrying_client.py _count_answer": "counts 503 and answers of other kinds, and is no assertion of a test",
    "tests/service/test_rate_limit.py refused": "returns the code to the test, which compares it",
    "tests/service/test_database_trouble.py said": "returns the code to the test, which compares it",
    "tests/service/test_permissions.py served": "returns the routes that are not refused for a missing right",
    "tests/service/test_health.py test_only_this_machine_sees_readyz_where_no_token_is_set": "readyz says 503 without a broker",
    "tests/service/test_health.py not_ready": "compares the code two lines below",
    "tests/service/test_page_scope.py _is_served": "returns whether a page was shown at all",
    "tests/worker/side_by_side.py crossed": "counts what crossed, and is no assertion of a test",
    "tests/worker/test_serving.py test_metrics_are_summed_over_processes_and_survive_a_kill": "counts requests",
}


def function_nodes(page: Page) -> Iterator[tuple[Function, ast.AST]]:
    """Yield every function of a file with every node in it."""
    return ((function, node) for function in page.functions() for node in ast.walk(function))


def compares_an_error(node: ast.AST) -> bool:
    """Return whether a comparison is for equality with an HTTP error status; 500 may also be an amount."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.In):
        return False
    inner = tuple(ast.walk(node))
    numbers = {each.value for each in inner if isinstance(each, ast.Constant) and isinstance(each.value, int)}
    return bool(numbers & (ERRORS if names(inner) & {"status", "status_code"} else ERRORS - {500}))


def names(nodes: tuple[ast.AST, ...]) -> set[str]:
    """Return the names and attributes in an expression."""
    plain = {each.id for each in nodes if isinstance(each, ast.Name)}
    return plain | {each.attr for each in nodes if isinstance(each, ast.Attribute)}


def compares_a_code(node: ast.AST) -> bool:
    """Return whether a comparison contains a reason code or the name of one."""
    inner = tuple(ast.walk(node))
    texts = [each.value for each in inner if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return bool(names(inner) & CODE_NAMES) or any(CODE.fullmatch(text) for text in texts)


def test_error_status_is_compared_together_with_its_code() -> None:
    """Why: a 409 for another reason would pass as the refusal under test."""
    without_code = {
        page.at(node) + f" {function.name}"
        for page in pages("tests")
        for function, node in function_nodes(page)
        if compares_an_error(node) and not compares_a_code(node) and f"{page.path} {function.name}" not in EXEMPT
    }
    assert not without_code, listed(without_code)


def test_raised_refusal_is_compared_with_its_codes() -> None:
    """Why: `raises(Refused)` alone accepts every reason."""
    without_code = {
        page.at(item.context_expr)
        for page in pages("tests")
        for node in page.nodes
        if isinstance(node, ast.With)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        and name_of(item.context_expr).endswith("raises")
        and names(tuple(ast.walk(item.context_expr.args[0]))) & WITH_CODES
        and item.optional_vars is None
        and not any(keyword.arg == "match" for keyword in item.context_expr.keywords)
    }
    assert not without_code, listed(without_code)


def test_exemption_names_an_existing_function() -> None:
    """Why: an obsolete name would exempt a later function of that name."""
    functions = {f"{page.path} {function.name}" for page in pages("tests") for function in page.functions()}
    assert not EXEMPT.keys() - functions, listed(EXEMPT.keys() - functions)
