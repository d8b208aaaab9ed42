"""The project's Python files as text, syntax trees and imports."""

import ast
import fnmatch
import gc
import io
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("workflows", "service", "worker")
"""The three packages in import order; a package imports only earlier ones."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Page:
    """A Python file: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Return the module's import name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Return whether it is a package's __init__."""
        return self.path.endswith("/__init__.py")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Return every node of the tree, walked once for all tests."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def words(self) -> tuple[tokenize.TokenInfo, ...]:
        """Return every comment and string, read once for all tests."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return tuple(token for token in tokens if token.type in {tokenize.COMMENT, tokenize.STRING})

    def at(self, node: ast.AST) -> str:
        """Return a node's position as `path:line`."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def calls(self) -> Iterator[ast.Call]:
        """Yield every call."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def functions(self) -> Iterator[Function]:
        """Yield every function and method, inner ones included."""
        return (node for node in self.nodes if isinstance(node, Function))

    def imports(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """Yield every import statement, inner ones included."""
        return (node for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def _page(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    return Page(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


@cache
def pages(*folders: str) -> tuple[Page, ...]:
    """Return every Python file below the folders."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    found = tuple(_page(path) for path in paths if "__pycache__" not in path.parts)
    gc.freeze()  # millions of nodes live until the end; each collection of the tests after these would look through them
    return found


def imported(page: Page) -> Iterator[tuple[str, ast.AST]]:
    """Yield the modules a file imports; `from a import b` as `a.b` if that is a module of the project."""
    known = {each.module for each in pages(*FLOORS)}
    for node in page.imports():
        if isinstance(node, ast.Import):
            yield from ((each.name, node) for each in node.names)
        else:
            names = [f"{node.module}.{each.name}" for each in node.names]
            yield from ((name if name in known else str(node.module), node) for name in names)


def name_of(call: ast.Call) -> str:
    """Return the called name as written: `Reason.of`, `Machine`."""
    return ast.unparse(call.func)


def text_of(node: ast.AST | None) -> str | None:
    """Return the text of a string constant, or None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def listed(items: Iterable[object]) -> str:
    """Return the distinct items, one a line, as a failing test prints them."""
    return "\n" + "\n".join(sorted({str(each) for each in items}))


@cache
def kept_files() -> tuple[Path, ...]:
    """Return every file in git; in an unpacked archive, every file that .gitignore does not exclude."""
    listed_by_git = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed_by_git.returncode == 0 and listed_by_git.stdout:
        return tuple(sorted(path for name in listed_by_git.stdout.split("\0") if (path := ROOT / name).is_file()))
    lines = (ROOT / ".gitignore").read_text().split()
    folders = {line.strip("/") for line in lines if line.endswith("/")} | {".git"}
    patterns = [line for line in lines if not line.endswith("/")]

    def belongs(path: Path) -> bool:
        parts = path.relative_to(ROOT).parts
        hidden = any(fnmatch.fnmatch(part, folder) for part in parts for folder in folders)
        return path.is_file() and not hidden and not any(fnmatch.fnmatch(parts[-1], pattern) for pattern in patterns)

    tops = [top for top in ROOT.iterdir() if top.name not in folders]
    paths = (path for top in tops for path in ((top,) if top.is_file() else top.rglob("*")))
    return tuple(sorted(path for path in paths if belongs(path)))
