"""Who may import whom."""

import ast
import sys
from collections.abc import Iterator

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import FLOORS, ROOT, Page, imported, pages

ALL = (*FLOORS, "migrations", "samples", "benchmarks")


def test_imports_go_down_and_every_file_has_a_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Why: whoever opens a file may trust that nothing above it matters; a file without a place is where that ends."""
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert not broken, capsys.readouterr().out


def test_no_floor_knows_the_one_above_it() -> None:
    """Why: the contracts above are read from a file that can be edited; this one sentence cannot be configured away."""
    above = {floor: FLOORS[number + 1 :] for number, floor in enumerate(FLOORS)}
    upward = [
        f"{page.at(node)} imports {module}"
        for floor, higher in above.items()
        for page in pages(floor)
        for module, node in imported(page)
        if module.split(".")[0] in (*higher, "tests", "benchmarks", "samples", "migrations")
    ]
    assert not upward


def test_an_import_stands_at_the_top_of_its_file() -> None:
    """Why: an import inside a function, a try or an if is how a cycle is hidden and a floor is skipped."""
    hidden = [
        page.at(node)
        for page in pages(*ALL)
        for node in page.imports()
        if all(node is not top for top in page.tree.body)
    ]
    assert not hidden


def test_nothing_is_imported_behind_the_back_of_the_contracts() -> None:
    """Why: TYPE_CHECKING, __import__ and import_module are upward imports that a graph does not see."""
    named = {"TYPE_CHECKING", "__import__", "import_module"}
    found = [
        page.at(node)
        for page in pages(*ALL)
        for node in page.nodes
        if (isinstance(node, ast.Name) and node.id in named)
        or (isinstance(node, ast.Attribute) and node.attr in named)
        or (isinstance(node, ast.alias) and node.name in named)
    ]
    assert not found


def test_no_two_files_need_each_other() -> None:
    """Why: files in a cycle can only be read, tested and moved together."""
    graph = {page.module: {module for module, _ in imported(page)} - {page.module} for page in pages(*FLOORS)}
    assert list(_cycles(graph)) == []


def _cycles(graph: dict[str, set[str]]) -> Iterator[str]:
    """Take away what imports nothing that is left, again and again; what cannot be taken away stands in a cycle."""
    left = {module: targets & graph.keys() for module, targets in graph.items()}
    while free := [module for module, targets in left.items() if not targets & left.keys()]:
        for module in free:
            del left[module]
    wanted = {target for targets in left.values() for target in targets}
    yield from sorted(module for module in left if module in wanted)


def test_the_rules_need_the_standard_library_alone() -> None:
    """Why: a rule that needs no framework can be checked against the paper in milliseconds, and outlives frameworks."""
    foreign = [
        f"{page.at(node)} {module}"
        for page in pages("workflows")
        for module, node in imported(page)
        if _foreign(page, module)
    ]
    assert not foreign


def _foreign(page: Page, module: str) -> bool:
    top = module.split(".", maxsplit=1)[0]
    at_the_door = page.path == "workflows/state_machine.py" and top == "transitions"
    return top != "workflows" and top not in sys.stdlib_module_names and not at_the_door


def test_every_folder_says_what_it_is() -> None:
    """Why: a file begins with one sentence; a reader of the tree should know where to look without opening more."""
    silent = [page.path for page in pages(*ALL, "tests") if page.text.strip() and not ast.get_docstring(page.tree)]
    assert not silent
