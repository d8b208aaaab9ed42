"""The forms of gifts, of goods and of money, as rows of fields, and the choices they offer."""

from typing import Any
from uuid import UUID

from service.actions.gift_checks import HANDOVER_ROLES
from service.actions.gifts import RECORDERS
from service.http.context import caller, today
from service.http.transaction import connection
from service.queries import accounts, case_pages, household_pages, units
from service.schemas.fields import VoidIn
from service.schemas.gifts import GiftCorrectionIn, GiftIn
from service.web import family_options as options
from service.web.family_forms import OPTIONAL
from service.web.family_options import Pairs
from service.web.formatting import day, term
from service.web.forms import NO, YES, PostedForm, fund_label
from service.web.record_forms import Filled, RecordForm, one
from workflows.code_lists import GOODS_GIFT_ITEMS, MONEY_GIFT_ITEMS
from workflows.form_fields import FormField, Kind
from workflows.money_format import in_yuan


def _field(key: str, kind: Kind, required: bool = True, *choices: str) -> FormField:
    return FormField(key, "", kind, required, tuple(str(each) for each in choices))


_WHEN = (_field("unit_id", Kind.ID), _field("on", Kind.DATE))
_HOW = (
    _field("purpose", Kind.NAME),
    _field("account_code", Kind.NAME),
    _field("handed_by", Kind.ID),
    _field("person_id", Kind.ID, OPTIONAL),
    _field("visit_id", Kind.ID, OPTIONAL),
    _field("signed_by_family", Kind.YES_NO),
    _field("confirmed_repeat", Kind.YES_NO, OPTIONAL),
)
_GOODS = (
    *_WHEN,
    _field("item", Kind.CODE, True, *GOODS_GIFT_ITEMS),
    _field("goods", Kind.NAME),
    _field("goods_unit", Kind.NAME),
    _field("quantity", Kind.NUMBER, OPTIONAL),
    *_HOW,
)
_MONEY = (
    *_WHEN,
    _field("item", Kind.CODE, True, *MONEY_GIFT_ITEMS),
    _field("amount", Kind.MONEY),
    _field("fund_id", Kind.ID),
    *_HOW,
)
_REASON = _field("reason", Kind.NAME)
GOODS = one("gift_goods", GiftIn, *_GOODS, labels="gift")
MONEY = one("gift_money", GiftIn, *_MONEY, labels="gift")
GOODS_CORRECTION = one("gift_goods_correction", GiftCorrectionIn, *_GOODS, _REASON, labels="gift")
MONEY_CORRECTION = one("gift_money_correction", GiftCorrectionIn, *_MONEY, _REASON, labels="gift")
GIFT_VOID = one("gift_void", VoidIn, _REASON)


def correction_of(row: dict[str, Any]) -> RecordForm:
    """Return the form that corrects a gift: one of money stays one of money."""
    return MONEY_CORRECTION if row["fen"] is not None else GOODS_CORRECTION


def filled_new() -> PostedForm:
    """Return an empty form with the caller's unit and the day."""
    filled = Filled()
    filled.add("", {"unit_id": caller().unit_id, "on": today()})
    return filled.posted()


def filled_with(row: dict[str, Any]) -> PostedForm:
    """Return the form of a gift as it was recorded."""
    filled, names = Filled(), [each.key for section in correction_of(row).sections for each in section.fields]
    values = {name: row[name] for name in names if name in row}
    values |= {"signed_by_family": YES if row["signed_by_family"] else NO}
    values |= {"amount": in_yuan(row["fen"])} if row["fen"] is not None else {}
    filled.add("", values)
    return filled.posted()


def choices_of(household_id: UUID, members: list[dict[str, Any]], posted: PostedForm) -> dict[str, Pairs]:
    """Return the choices of a gift's form: the people and the fund lines are those of the unit that is chosen."""
    path, seen = _chosen_path(posted), household_pages.visits_of(connection(), household_id, caller())
    lines = case_pages.usable_lines(connection(), path, today()) if path else []
    return {
        **options.of_members(members, "person_id"),
        "unit_id": options.units_of(*RECORDERS),
        "handed_by": _who_may_hand_over(path) if path else [],
        "fund_id": [(str(each["id"]), fund_label(each)) for each in lines],
        "visit_id": [
            (str(each["id"]), f"{day(each['on'])} · {term(each['kind'], 'visit_kind')}")
            for each in seen
            if each["voided_on"] is None
        ],
    }


def _chosen_path(posted: PostedForm) -> str | None:
    """Return the path of the unit that is chosen in the form, where the caller sees it."""
    try:
        row = units.one(connection(), UUID(posted.typed.get("unit_id", "")), caller())
    except ValueError:
        return None
    return str(row["path"]) if row else None


def _who_may_hand_over(path: str) -> Pairs:
    staff = accounts.staff_over(connection(), path, today())
    return [(str(each.actor.account), each.display_name) for each in staff if each.actor.grants_as(HANDOVER_ROLES)]
