"""How rows are locked."""

import ast

from tests.architecture.source import FLOORS, name_of, pages, text_of


def test_a_locked_row_may_still_be_pointed_at() -> None:
    """Why: a plain FOR UPDATE stops every row that refers to the locked one, and two who wait for each other are a
    deadlock: a look at a person met a step that owed him a notification, and two keys claimed by one account met its lock.
    """
    strong = [
        page.at(call)
        for page in pages(*FLOORS)
        for call in page.calls()
        if name_of(call).endswith("with_for_update") and not _lets_keys_be_shared(call)
    ]
    strong += [
        page.at(node)
        for page in pages(*FLOORS)
        for node in page.nodes
        if "FOR UPDATE" in (text_of(node) or "") and isinstance(node, ast.Constant)
    ]
    assert not strong


def _lets_keys_be_shared(call: ast.Call) -> bool:
    return any(word.arg == "key_share" and ast.unparse(word.value) == "True" for word in call.keywords)
