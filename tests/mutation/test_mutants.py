"""Tests of the mutation tool: its changes, their keys, and the list of equivalent mutants."""

from pathlib import Path

import pytest

from tests.mutation.__main__ import all_mutants, difference
from tests.mutation.equivalent import equivalent_keys
from tests.mutation.mutants import mutants_of


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("a < b", ["a <= b"]),
        ("0 <= a == b", ["1", "0 < a == b", "0 <= a != b"]),
        ("a is None or b not in c", ["a is not None", "b in c", "a is None and b not in c"]),
        ("not a", ["a"]),
        ("a + b // 2", ["3", "b * 2", "a - b // 2"]),
        ("min(a, b)", ["max(a, b)"]),
        ("True", ["False"]),
        ("f'{a + 1}'", []),
        ("'text'", []),
    ],
)
def test_expression_has_its_mutants(code: str, changed: list[str], tmp_path: Path) -> None:
    path = tmp_path / "source.py"
    path.write_text(f"甲 = 1 if b else {code}\n")
    found = [mutant.after for mutant in mutants_of(path, tmp_path)]
    assert sorted(found) == sorted([*changed, "2", "not b"])


def test_mutant_changes_only_its_place_beside_chinese_text(tmp_path: Path) -> None:
    path = tmp_path / "source.py"
    path.write_text('@reads(1)\ndef f(x: "1" = 2) -> int:\n    """Text 3."""\n    return ("甲", x)\n')
    texts = [mutant.text for mutant in mutants_of(path, tmp_path)]
    assert [text.replace("(None)", '("甲", x)').replace("(3)", "2") for text in texts] == [path.read_text()] * 2


def test_two_mutants_of_one_function_have_different_keys() -> None:
    keys = [mutant.key for mutant in all_mutants("workflows/")]
    assert len(keys) == len(set(keys)) > 1_000


def test_every_explained_mutant_exists() -> None:
    """Why: an explanation of changed code explains nothing."""
    assert equivalent_keys().keys() - {mutant.key for mutant in all_mutants("workflows/")} == set()
    assert all(reason.strip() for reason in equivalent_keys().values())


def test_survivor_is_shown_with_its_line_and_its_change() -> None:
    mutant = all_mutants("workflows/money_format.py")[0]
    assert difference(mutant).startswith(f"workflows/money_format.py:{mutant.line}\n")
    assert f"+{mutant.text.splitlines()[mutant.line - 1]}" in difference(mutant)
