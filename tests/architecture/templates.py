"""The templates of the pages as text and syntax trees."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from jinja2 import Environment, nodes

from tests.architecture.source import ROOT

FOLDER = ROOT / "service" / "templates"
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True)
class Template:
    """A template: its name, its text without comments, and its syntax tree."""

    name: str
    text: str

    @cached_property
    def tree(self) -> nodes.Template:
        """Return the syntax tree."""
        return Environment(autoescape=True).parse(self.text)

    @property
    def markup(self) -> str:
        """Return the text without what Jinja fills in."""
        return _EXPRESSION.sub("", self.text)

    @property
    def macros(self) -> set[str]:
        """Return the names of the macros that it defines."""
        return {each.name for each in self.tree.find_all(nodes.Macro)}

    @property
    def imports(self) -> set[tuple[str, str]]:
        """Return what it imports, as pairs of template and macro."""
        return {
            (str(getattr(each.template, "value", "")), name if isinstance(name, str) else name[0])
            for each in self.tree.find_all(nodes.FromImport)
            for name in each.names
        }

    @property
    def called(self) -> set[str]:
        """Return every name that it calls."""
        calls = self.tree.find_all(nodes.Call)
        return {each.node.name for each in calls if isinstance(each.node, nodes.Name)}

    @property
    def used_templates(self) -> set[str]:
        """Return the templates that it extends, includes or imports from."""
        users = self.tree.find_all((nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import))
        return {str(getattr(each.template, "value", "")) for each in users}  # type: ignore[attr-defined]


@cache
def templates() -> tuple[Template, ...]:
    """Return every template."""
    paths: list[Path] = sorted(FOLDER.rglob("*.html"))
    return tuple(
        Template(path.relative_to(FOLDER).as_posix(), _COMMENT.sub("", path.read_text(encoding="utf-8")))
        for path in paths
    )


def text_keys() -> tuple[set[tuple[str, str]], set[str]]:
    """Return the keys that templates give to `t`, each with its template, and patterns of those they put together.

    `t("case.no")` → `case.no`; `t("phase." ~ each.phase)` → `phase\\.[\\w.-]+`.
    """
    keys, patterns = set[tuple[str, str]](), set[str]()
    for template in templates():
        for call in template.tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
                for said in _sides(call.args[0]):
                    if isinstance(said, nodes.Const):
                        keys.add((template.name, str(said.value)))
                    elif isinstance(said, nodes.Concat):
                        patterns.add("".join(_pattern(part) for part in said.nodes))
    return keys, patterns


def _sides(node: nodes.Node) -> tuple[nodes.Node, ...]:
    """Return both sides of `a if b else c`, or the node itself."""
    if isinstance(node, nodes.CondExpr):
        return (*_sides(node.expr1), *(_sides(node.expr2) if node.expr2 is not None else ()))
    return (node,)


def _pattern(part: nodes.Node) -> str:
    return re.escape(str(part.value)) if isinstance(part, nodes.Const) else r"[\w.-]+"


def filter_groups() -> set[tuple[str, str]]:
    """Return each template with a pattern of each group of terms that it asks for.

    `code | term("item")` → `item`; `code | term("line_" ~ side)` → `line_[\\w.-]+`.
    """
    return {
        (template.name, pattern)
        for template in templates()
        for each in template.tree.find_all(nodes.Filter)
        if each.name == "term" and each.args and (pattern := _group(each.args[0]))
    }


def _group(node: nodes.Node) -> str:
    """Return the pattern of a group of terms, or nothing for one that a view names."""
    parts = node.nodes if isinstance(node, nodes.Concat) else [node]
    return "".join(map(_pattern, parts)) if any(isinstance(part, nodes.Const) for part in parts) else ""
