"""Problems of a spreadsheet: position, message, and how to correct them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from service.actions.errors import DisclosingRefusal
from service.i18n.catalogue import MissingTranslation, translate
from service.i18n.reason_messages import format_value
from workflows.vocabulary import Plain, Reason


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """One problem: file, sheet, row number as the spreadsheet shows it, column header, code, and values."""

    file: str
    sheet: str | None
    row: int | None
    column: str | None
    code: str
    values: Mapping[str, Plain] = field(default_factory=dict)


class InvalidSheets(Exception):
    """The files cannot be imported; `problems` holds every reason, `disclosures` who was disclosed to be on file."""

    def __init__(self, problems: Iterable[SheetProblem]) -> None:
        self.problems = tuple(problems)
        self.disclosures: tuple[DisclosingRefusal, ...] = ()
        super().__init__(f"{len(self.problems)} problems, first: {self.problems[0] if self.problems else None}")


class Unreadable(Exception):
    """A cell, a name or a file that cannot be used; `field` is the column key, where it is known."""

    def __init__(self, code: str, *, field: str | None = None, **values: Plain) -> None:
        super().__init__(code)
        self.field = field
        self.reason = Reason(code, values)


def place(problem: SheetProblem, lang: str = "zh_CN") -> str:
    """Return the position of a problem: `04-households.xlsx 成员 第7行 身份证号`."""
    parts = [problem.file, problem.sheet]
    parts.append(translate("import.row", lang, row=problem.row) if problem.row else None)
    return " ".join(part for part in (*parts, problem.column) if part)


def message_for_problem(problem: SheetProblem, lang: str = "zh_CN") -> str:
    """Return in one language what is wrong and how to correct it."""
    values = {name: format_value(name, value, lang) for name, value in problem.values.items()}
    # A field that is no column of the sheet would be an identifier of the program.
    values["field"] = problem.column or translate("import.this_row", lang)
    parts = [
        _translate_or_none(f"import.{problem.code}", values, lang)
        or _translate_or_none(f"reasons.{problem.code}", values, lang)
    ]
    parts.append(_translate_or_none(f"import.{problem.code}.mend", values, lang))
    return "".join(part for part in parts if part) or problem.code


def _translate_or_none(key: str, values: Mapping[str, object], lang: str) -> str | None:
    try:
        return translate(key, lang, **values)
    except (MissingTranslation, KeyError):
        return None
