"""All reason codes in the source, with their values and positions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.architecture.source import Page, name_of, pages, text_of


@dataclass(frozen=True)
class Source:
    """A call that contains a code: its name, files, argument index and catalogue keys."""

    call: str
    files: str
    keys: tuple[str, ...]
    argument: int = 0
    adds: frozenset[str] = frozenset()


REASON = ("reasons.{}",)
FIELD = frozenset({"field"})
SOURCES = (
    #      call                    files                       catalogue keys                     argument   besides
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
    """A code at one position; `values` is None where they are not written in the call."""

    code: str
    keys: tuple[str, ...]
    values: frozenset[str] | None
    position: str


@cache
def codes_in_source() -> tuple[Code, ...]:
    """Return each code of workflows/ and service/ in a call of SOURCES or a marshmallow rule."""
    calls = ((page, call) for page in pages("workflows", "service") for call in page.calls())
    return tuple(code for page, call in calls for code in (*_of_call(page, call), *_of_schema(page, call)))


def _of_call(page: Page, call: ast.Call) -> Iterator[Code]:
    for source in SOURCES:
        code = text_of(call.args[source.argument]) if len(call.args) > source.argument else None
        if code and page.path.startswith(source.files) and name_of(call).removeprefix("validation.") == source.call:
            keys = tuple(key.format(code) for key in source.keys)
            yield Code(code, keys, _values(call, source), page.at(call))


def _values(call: ast.Call, source: Source) -> frozenset[str] | None:
    """Return the keyword names or the keys of a literal mapping, or None when either is unpacked."""
    mappings = [arg for arg in call.args[source.argument + 1 :] if isinstance(arg, ast.Dict)]
    others = [arg for arg in call.args[source.argument + 1 :] if not isinstance(arg, ast.Dict | ast.Constant)]
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
