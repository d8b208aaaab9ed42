"""Mutants of a source file: one small change each, found in its syntax tree."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
NOT_RUN = frozenset({"annotation", "returns", "decorator_list"})
"""Parts of the tree without a mutant: types, and decorators such as `@dataclass(slots=True)`."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file; the key stays the same when lines move, and `text` is the changed file."""

    path: str
    line: int
    key: str
    before: str
    after: str
    text: str


class _Use(Enum):
    """What an expression is looked at as."""

    EXPRESSION = auto()
    CONDITION = auto()
    RETURNED = auto()


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """Return every mutant of a file, in the order of its syntax tree."""
    source, name = path.read_text("utf-8"), path.relative_to(root).as_posix()
    counts: Counter[str] = Counter()
    found = []
    for node, use, scope in _expressions(ast.parse(source), ""):
        before = ast.unparse(node)
        for after in map(ast.unparse, _changes(node, use)):
            key = f"{name} {scope or 'module'}: {'return ' * (use is _Use.RETURNED)}{before} → {after}"
            counts[key] += 1
            number = f" ({counts[key]})" if counts[key] > 1 else ""
            text = _with_replaced(source, node, after)
            found.append(Mutant(name, node.lineno, key + number, before, after, text))
    return found


def _expressions(node: ast.AST, scope: str) -> Iterator[tuple[ast.expr, _Use, str]]:
    """Yield every expression that runs, with its use and the names of the classes and functions around it."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
    yield from ((each, use, scope) for each, use in _uses(node))
    for part in _parts(node):
        yield from _expressions(part, scope)


def _uses(node: ast.AST) -> Iterator[tuple[ast.expr, _Use]]:
    if isinstance(node, ast.expr):
        yield node, _Use.EXPRESSION
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield node.test, _Use.CONDITION
    if isinstance(node, ast.Return) and node.value is not None:
        yield node.value, _Use.RETURNED


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that run; before Python 3.12 those of an f-string have no columns of their own."""
    if isinstance(node, ast.JoinedStr | ast.MatchValue):
        return
    for field, value in ast.iter_fields(node):
        if field not in NOT_RUN:
            yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST))


def _changes(node: ast.expr, use: _Use) -> Iterator[ast.expr]:
    """Yield each change of an expression: another operator, a negated condition, nothing returned."""
    if use is _Use.EXPRESSION:
        yield from CHANGES.get(type(node), _unchanged)(node)
    elif use is _Use.RETURNED and not isinstance(node, ast.Constant):
        yield ast.Constant(None)
    elif use is _Use.CONDITION and not isinstance(node, ast.Compare | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)


def _unchanged(_node: Any) -> Iterator[ast.expr]:
    return iter(())


def _compared_otherwise(node: ast.Compare) -> Iterator[ast.expr]:
    for index, operator in enumerate(node.ops):
        operators = [*node.ops[:index], COMPARISONS[type(operator)](), *node.ops[index + 1 :]]
        yield ast.Compare(node.left, operators, node.comparators)


def _joined_otherwise(node: ast.BoolOp) -> Iterator[ast.expr]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def _not_negated(node: ast.UnaryOp) -> Iterator[ast.expr]:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _computed_otherwise(node: ast.BinOp) -> Iterator[ast.expr]:
    if type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)


def _another_constant(node: ast.Constant) -> Iterator[ast.expr]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)


def _another_function(node: ast.Call) -> Iterator[ast.expr]:
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield ast.Call(ast.Name(CALLS[node.func.id]), node.args, node.keywords)


CHANGES: dict[type[ast.expr], Callable[[Any], Iterator[ast.expr]]] = {
    ast.Compare: _compared_otherwise,
    ast.BoolOp: _joined_otherwise,
    ast.UnaryOp: _not_negated,
    ast.BinOp: _computed_otherwise,
    ast.Constant: _another_constant,
    ast.Call: _another_function,
}
"""The changes of each kind of expression."""


def _with_replaced(source: str, node: ast.expr, after: str) -> str:
    """Return the source with a node's text replaced; columns of the syntax tree count bytes of UTF-8."""
    encoded = source.encode()
    lines = encoded.splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 1) - 1])) + (node.end_col_offset or 0)
    return (encoded[:start] + f"({after})".encode() + encoded[end:]).decode()
