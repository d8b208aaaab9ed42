"""Every reason code the code can give, with the values given along where the source tells, and where it stands."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.architecture.source import Page, name_of, pages, text_of


@dataclass(frozen=True)
class Source:
    """A way of naming a code: which call, in which files, which argument, and the catalogue keys of its words."""

    call: str
    files: str
    keys: tuple[str, ...]
    place: int = 0
    adds: frozenset[str] = frozenset()


REASON = ("reasons.{}",)
FIELD = frozenset({"field"})
SOURCES = (
    #      call                    files                       words are under                    argument   besides
    Source("Reason.of", "", REASON),
    Source("Reason", "", REASON),
    Source("_Wrong", "workflows/form_fields.py", REASON, 0, FIELD),
    Source("_Unreadable", "workflows/workdays.py", REASON, 0, frozenset({"line"})),
    Source("wrong", "workflows/policy_", ("reasons.policy_{}",), 0, FIELD),
    Source(
        "_matching", "workflows/policy_values.py", ("reasons.policy_{}",), 1, frozenset({"field", "found", "example"})
    ),
    Source("PolicyProblem", "workflows/policy_", ("reasons.policy_{}",), 1, FIELD),
    Source("Unreadable", "service/imports/", ("import.{}", *REASON), 0, FIELD),
    Source("SheetProblem", "service/imports/", ("import.{}", *REASON), 4, FIELD),
    Source("shaped", "service/actions/", REASON, 3, FIELD),
    Source("ValidationError", "service/schemas/", REASON, 0, FIELD),
    Source("Fault", "service/integrity/", ("cli.fault.{}",), 0, frozenset({"subject", "key", "seq", "columns"})),
)


@dataclass(frozen=True)
class Code:
    """One place that gives a code; `values` is None where it takes them from elsewhere."""

    code: str
    keys: tuple[str, ...]
    values: frozenset[str] | None
    where: str


@cache
def given() -> tuple[Code, ...]:
    """Every code of workflows/ and service/ that stands in a call of SOURCES, or in a marshmallow rule."""
    calls = ((page, call) for page in pages("workflows", "service") for call in page.calls())
    return tuple(code for page, call in calls for code in (*_of_call(page, call), *_of_schema(page, call)))


def _of_call(page: Page, call: ast.Call) -> Iterator[Code]:
    for source in SOURCES:
        code = text_of(call.args[source.place]) if len(call.args) > source.place else None
        if code and page.path.startswith(source.files) and name_of(call).removeprefix("fields.") == source.call:
            keys = tuple(key.format(code) for key in source.keys)
            yield Code(code, keys, _values(call, source), page.at(call))


def _values(call: ast.Call, source: Source) -> frozenset[str] | None:
    """Keyword names, or the keys of a mapping written out beside the code; None when either is unpacked."""
    mappings = [arg for arg in call.args[source.place + 1 :] if isinstance(arg, ast.Dict)]
    others = [arg for arg in call.args[source.place + 1 :] if not isinstance(arg, ast.Dict | ast.Constant)]
    keys = [text_of(key) for mapping in mappings for key in mapping.keys]
    names = [keyword.arg for keyword in call.keywords]
    if None in keys or None in names or (others and source.call == "Reason"):
        return None
    return frozenset(str(name) for name in (*keys, *names)) | source.adds


def _of_schema(page: Page, call: ast.Call) -> Iterator[Code]:
    if page.path.startswith("service/schemas/"):
        for keyword in call.keywords:
            code = text_of(keyword.value) if keyword.arg == "error" else None
            if code:
                yield Code(code, (f"reasons.{code}",), FIELD, page.at(call))
