"""Tests of row locks in the source."""

import ast

from tests.architecture.source import FLOORS, name_of, pages, text_of


def test_row_lock_permits_foreign_keys_to_the_row() -> None:
    """Why: a plain FOR UPDATE blocks inserts of rows that refer to the locked row, which caused two deadlocks.

    One was between a reveal of a person and a step that notified them, one between two idempotency keys of an account.
    """
    strong = [
        page.at(call)
        for page in pages(*FLOORS)
        for call in page.calls()
        if name_of(call).endswith("with_for_update") and not _is_key_share(call)
    ]
    strong += [
        page.at(node)
        for page in pages(*FLOORS)
        for node in page.nodes
        if "FOR UPDATE" in (text_of(node) or "") and isinstance(node, ast.Constant)
    ]
    assert not strong


def _is_key_share(call: ast.Call) -> bool:
    return any(keyword.arg == "key_share" and ast.unparse(keyword.value) == "True" for keyword in call.keywords)
