"""Tests of the import rules."""

import ast
import sys
from collections.abc import Iterator

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import FLOORS, ROOT, Page, imported, pages

ALL = (*FLOORS, "migrations", "samples", "benchmarks")


def test_imports_keep_the_contracts_and_every_module_has_a_layer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Why: a module can be understood without the layers above it; a module outside the layers breaks that."""
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True)
    assert not broken, capsys.readouterr().out


def test_package_does_not_import_a_higher_one() -> None:
    """Why: the contracts are in a configuration file; this rule must not depend on it."""
    higher_packages = {package: FLOORS[number + 1 :] for number, package in enumerate(FLOORS)}
    upward = [
        f"{page.at(node)} imports {module}"
        for package, higher in higher_packages.items()
        for page in pages(package)
        for module, node in imported(page)
        if module.split(".")[0] in (*higher, "tests", "benchmarks", "samples", "migrations")
    ]
    assert not upward


def test_import_is_at_the_top_of_its_file() -> None:
    """Why: an import inside a function, a try or an if can hide a cycle or an upward import."""
    hidden = [
        page.at(node)
        for page in pages(*ALL)
        for node in page.imports()
        if all(node is not top for top in page.tree.body)
    ]
    assert not hidden


def test_dynamic_imports_are_not_used() -> None:
    """Why: TYPE_CHECKING, __import__ and import_module allow imports that the import graph does not show."""
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


def test_modules_do_not_import_in_a_cycle() -> None:
    """Why: modules in a cycle can only be read, tested and moved together."""
    graph = {page.module: {module for module, _ in imported(page)} - {page.module} for page in pages(*FLOORS)}
    assert list(_cycles(graph)) == []


def _cycles(graph: dict[str, set[str]]) -> Iterator[str]:
    """Yield the modules in cycles: those left after modules without remaining imports are removed repeatedly."""
    remaining = {module: targets & graph.keys() for module, targets in graph.items()}
    while free := [module for module, targets in remaining.items() if not targets & remaining.keys()]:
        for module in free:
            del remaining[module]
    wanted = {target for targets in remaining.values() for target in targets}
    yield from sorted(module for module in remaining if module in wanted)


def test_rules_import_the_standard_library_alone() -> None:
    """Why: a rule without a framework can be tested in milliseconds, and outlives frameworks."""
    foreign = [
        f"{page.at(node)} {module}"
        for page in pages("workflows")
        for module, node in imported(page)
        if _foreign(page, module)
    ]
    assert not foreign


def _foreign(page: Page, module: str) -> bool:
    top = module.split(".", maxsplit=1)[0]
    is_state_machine = page.path == "workflows/state_machine.py" and top == "transitions"
    return top != "workflows" and top not in sys.stdlib_module_names and not is_state_machine


def test_module_has_a_docstring() -> None:
    """Why: the first sentence of a module must show a reader what is in it."""
    silent = [page.path for page in pages(*ALL, "tests") if page.text.strip() and not ast.get_docstring(page.tree)]
    assert not silent
