"""The house as text: its files, their syntax trees, and what each imports; read once, judged by the tests beside this."""

import ast
import fnmatch
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("workflows", "service", "worker")
"""The three packages, lowest first."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Page:
    """One Python file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The name it is imported by."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Whether it is a folder's __init__."""
        return self.path.endswith("/__init__.py")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree; walked once for all tests."""
        return tuple(ast.walk(self.tree))

    def at(self, node: ast.AST) -> str:
        """Where a node stands, to click on."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def calls(self) -> Iterator[ast.Call]:
        """Every call in the file."""
        return (node for node in self.nodes if isinstance(node, ast.Call))

    def functions(self) -> Iterator[Function]:
        """Every function and method, inner ones too."""
        return (node for node in self.nodes if isinstance(node, Function))

    def imports(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """Every import statement, wherever it stands."""
        return (node for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom))


@cache
def _page(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    return Page(path.relative_to(ROOT).as_posix(), text, ast.parse(text))


@cache
def pages(*folders: str) -> tuple[Page, ...]:
    """Every Python file below the folders, those that exist."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_page(path) for path in found if "__pycache__" not in path.parts)


def imported(page: Page) -> Iterator[tuple[str, ast.AST]]:
    """The modules a file names in its imports, `from a import b` as a.b where that is a module of the house."""
    known = {each.module for each in pages(*FLOORS)}
    for node in page.imports():
        if isinstance(node, ast.Import):
            yield from ((each.name, node) for each in node.names)
        else:
            names = [f"{node.module}.{each.name}" for each in node.names]
            yield from ((name if name in known else str(node.module), node) for name in names)


def name_of(call: ast.Call) -> str:
    """`Reason.of`, `wrong`, `Machine`: what is called, as written."""
    return ast.unparse(call.func)


def text_of(node: ast.AST | None) -> str | None:
    """The text of a string constant, or None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def listed(found: Iterable[object]) -> str:
    """What a failing test prints: one thing a line, each once."""
    return "\n" + "\n".join(sorted({str(each) for each in found}))


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git keeps, or in an unpacked archive all that is not ignored."""
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
    found = (path for top in tops for path in ((top,) if top.is_file() else top.rglob("*")))
    return tuple(sorted(path for path in found if belongs(path)))
