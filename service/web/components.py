"""/components: an example of each component, in the process of a demo alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template
from werkzeug.datastructures import MultiDict

from service.actions.errors import NotFound
from service.http.auth import EVERYONE, requires_role
from service.http.context import app_state
from service.http.errors import language
from service.i18n.reason_messages import message_for
from service.queries.calendars import MovedDue
from service.queries.past_records import PastDay
from service.queries.policy_effects import Changed, Effect, Effects
from service.web import document_forms, forms
from service.web.calendar_months import year_of
from service.web.calendar_preview import CalendarChanges, ChangedDay
from service.web.case_actions import ActionButton
from service.web.document_forms import DocumentPage
from service.web.forms import EMPTY, FormInput, PostedForm
from service.web.import_page import RowNote, SheetCounts
from service.web.list_filters import FilterInput
from service.web.past_import_page import ShownRow
from service.web.policy_preview import ShownFloor
from service.web.record_forms import DrawnRow, DrawnSection
from service.web.record_page import RecordPage
from service.web.refusals import Problems
from workflows.programmes import PROGRAMMES
from workflows.programmes.hardship import HARDSHIP
from workflows.vocabulary import Plain, Pot, Reason

blueprint = Blueprint("components", __name__)

CHOICES = {"fund": [("1", "OWN-2025 本级经费")], "visitors": [("1", "示例甲"), ("2", "示例乙")]}
"""Choices that the record gives a form elsewhere."""

EXAMPLES = (("pass_review", "review"), ("record_visit", "survey"), ("record_check", "verification"))
"""Steps whose forms have every kind of control between them: action and state."""

ON = date(2025, 9, 15)
DATA: Mapping[str, Any] = {
    "assessment": {
        "members": 3,
        "income": 3_000_000,
        "sums": {"prior_aid": 180_000, "imputed": 0},
        "rigid": 1_200_000,
        "per_head": "500.00",
        "line": 90_000,
        "category": "D1",
        "rules": [
            {"category": "D1", "per_head": "500.00", "held": True, "distance_fen": 40_000},
            {"category": "D2", "per_head": "500.00", "held": False, "distance_fen": -10_000},
        ],
        "exclusions": ["car"],
    },
    "file": {"file_no": "F-0001", "unit_name": "示例县总工会", "category": "D1", "exited_on": None},
    "past_day": PastDay(ON, 4821, 5000, None),
    "line": {"row": {"kind": "wage", "side": "income"}},
    "member": {"id": UUID(int=1)},
    "twins": {
        "withheld": False,
        "items": [{"name": "示*甲", "unit": "示例县总工会", "file_no": "F-0002", "active": False, "shares": ["phone"]}],
    },
    "pots": {pot.value: 100_000 for pot in Pot},
    "entry": {"subject": "fund", "action": "receive"},
    "scans": [
        {
            "id": UUID(int=number),
            "kind": "diagnosis",
            "pages": number,
            "received_on": ON,
            "recorder": "示例甲",
            "is_named": number == 1,
            "ended_on": ON if number == 2 else None,
            "picture": "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==",
        }
        for number in (1, 2)
    ],
    "anchor": {"no": 3, "on": ON, "up_to": 119, "root": bytes(32)},
    "proposal": {"id": UUID(int=2), "act": "receipt", "until_on": ON, "roles": ("approver",), "names": ("示例甲",)},
    "inputs": (
        FilterInput("on", "日期起", "date", "", []),
        FilterInput("kind", "类别", "select", "1", [("1", "示例")]),
        FilterInput("number", "档案号", "text", "F-1", []),
        FilterInput("visit_id", "", "hidden", "1", []),
    ),
    "tabs": [
        {"url": "/components", "label": "慰问", "current": True},
        {"url": "/components", "label": "捐款", "current": False},
    ],
    "record": {"voided_on": None},
    "void": {"voided_on": ON},
    "view": [{"label": "家庭", "words": "F-0001", "url": "/components"}, {"label": "用途", "words": "慰问", "url": ""}],
    "rules": {
        "policy": {"issuer": "示例县总工会", "document": "示例〔2025〕1号", "region": "3710", "effective_from": ON},
        "floors": (ShownFloor("公示", 5, 5, True), ShownFloor("入户人数", 1, 2, False)),
        "group": {"title": "审批", "parameters": ({"label": "分级", "words": "第 1 级 2,000.00 元以内"},)},
        "changes": ({"group": "审批", "label": "分级", "before": "—", "after": "第 1 级 2,000.00 元以内"},),
        "effects": Effects(files=[Changed(UUID(int=3), None, "deep", Effect.PASSES)], assessed=37),
    },
    "days": CalendarChanges(
        ON.year, False, (ChangedDay(ON, True, False),), (MovedDue("hardship", "notice", ON, date(2025, 9, 16), 3),), 1
    ),
    "counted": {"sheets": (SheetCounts("到账", 3, 1, 0, 2_000_000),), "rules": {}},
    "imported": {
        "kept": (("undo_named_again", 2),),
        "rows": (
            ShownRow("走访 2", "visit", ON, "", None, "/components", None, ""),
            ShownRow("家庭 3", "household", ON, "F-0001", None, "", None, "undo_touched"),
        ),
    },
    "notes": (RowNote("funds.xlsx 到账 第3行", "已登记过（2025-01-21），没有再写。"),),
    "chosen": [{"url": "/components", "label": "示例县总工会"}],
    "totals": [{"has_more": False, "count": 37, "fen": 5_600_000}, {"has_more": True, "count": 10_000, "fen": 0}],
    "counts": [{"has_more": False, "count": 37, "fen": None}],
    "rows": [
        {
            "id": UUID(int=number),
            "case_no": f"HA2025-00000{number}",
            "beneficiary": "示*甲",
            "programme": "困难帮扶",
            "item": "LIV",
            "unit_name": "示例县总工会",
            "fen": 150_000,
            "state": "approval",
            "is_held": number == 1,
            "waits_for": "审批人",
            "due_on": ON,
            "workdays_left": left,
            "days_waiting": 3,
        }
        for number, left in enumerate((-2, 1, 9), start=1)
    ],
}
"""What the components of families and lists show."""


@blueprint.get("/components")
@requires_role(*EVERYONE, signed_in_is_enough=True)
def show_components() -> str:
    """Show an example of each component. Raises NotFound outside the process of a demo."""
    if not app_state().settings.demo_clock:
        raise NotFound
    buttons = tuple(_button(action, state) for action, state in EXAMPLES)
    refused = _button("pass_review", "review", PostedForm(MultiDict({"award": "22000"}), _problems("award")))
    off = ActionButton(
        "approve", "", forms.action_label("approve", ""), (), reasons=(_words("wrong_state"),), able=("示例甲",)
    )
    page, year = _record(refused.inputs), year_of(ON.year, [{"on": ON, "working": False, "name": "示例"}])
    return render_template(
        "examples/components.html",
        buttons=buttons,
        refused=refused,
        off=off,
        page=page,
        programmes=PROGRAMMES,
        upload=_upload(),
        month=year.months[8],
        weekdays=year.weekdays,
        **DATA,
    )


def _upload() -> DocumentPage:
    """Return an upload whose file was refused."""
    problems = Problems(HTTPStatus.UNPROCESSABLE_ENTITY, {"files": [_words("unsupported_media_type")]})
    return DocumentPage("add", "/components", "F-0001", (document_forms.files_input(problems),), problems)


def _record(inputs: tuple[FormInput, ...]) -> RecordPage:
    """Return the page of a record: one section, and one of rows that may grow."""
    rows = tuple(
        DrawnRow(number, tuple(replace(each, name=f"row.{number}.{each.name}") for each in inputs[:2]))
        for number in (1, 2)
    )
    sections = (
        DrawnSection("", "", (DrawnRow(1, inputs[:1]),), False, False),
        DrawnSection("lines", "", rows, True, True),
    )
    return RecordPage("edit_file", "/components", sections, version=1, file=DATA["file"], about="示例甲")


def _button(action: str, state: str, posted: PostedForm = EMPTY) -> ActionButton:
    """Return the form of a step as a case page shows it; it leads nowhere."""
    step = HARDSHIP.step(action, state)
    inputs = forms.draw(action, step.form if step else (), CHOICES, posted)
    label, problems = forms.action_label(action, step.label if step else action), posted.problems
    return ActionButton(f"{action}-{state}", "/components", label, inputs, is_main=not problems, problems=problems)


def _problems(name: str) -> Problems:
    return Problems(HTTPStatus.UNPROCESSABLE_ENTITY, {name: [_words("over_cap")]}, [_words("wrong_state")])


def _words(code: str) -> str:
    values: dict[str, Plain] = {
        "award": 2_200_000,
        "before": 0,
        "cap": 2_000_000,
        "state": "review",
        "possible_from": ["approval"],
    }
    return message_for(Reason.of(code, **values), language())
