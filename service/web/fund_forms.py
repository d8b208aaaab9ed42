"""The forms of fund lines, receipts and allocations, as rows of fields."""

from service.schemas.fields import In, VoidIn
from service.schemas.fund_allocations import FundAllocationIn
from service.schemas.fund_receipts import ReceiptCorrectionIn, ReceiptIn
from service.schemas.funds import FundIn
from service.web.family_forms import OPTIONAL
from service.web.family_options import Pairs, worded
from service.web.record_forms import one
from workflows.code_lists import FUND_ITEMS, Category, FundSource
from workflows.form_fields import FormField, Kind


def _field(key: str, kind: Kind, required: bool = True) -> FormField:
    return FormField(key, "", kind, required)


_RECEIVED = (
    _field("amount", Kind.MONEY),
    _field("document", Kind.NUMBER_TEXT),
    _field("on", Kind.DATE),
    _field("confirmed_repeat", Kind.YES_NO, OPTIONAL),
)
NEW_LINE = one(
    "new_line",
    FundIn,
    _field("unit_id", Kind.ID),
    _field("code", Kind.NAME),
    _field("title", Kind.NAME),
    _field("source", Kind.CODE),
    _field("year", Kind.NUMBER),
    _field("document", Kind.NUMBER_TEXT),
    _field("expected", Kind.MONEY, OPTIONAL),
    _field("items", Kind.CODES),
    _field("categories", Kind.CODES, OPTIONAL),
    _field("opens_on", Kind.DATE),
    _field("expires_on", Kind.DATE),
    _field("settles_until", Kind.DATE, OPTIONAL),
)
RECEIPT = one("receipt", ReceiptIn, *_RECEIVED)
RECEIPT_CORRECTION = one("receipt_correction", ReceiptCorrectionIn, *_RECEIVED, _field("reason", Kind.NAME))
RECEIPT_VOID = one("receipt_void", VoidIn, _field("reason", Kind.NAME))
ALLOCATION = one(
    "allocation",
    FundAllocationIn,
    _field("unit_id", Kind.ID),
    _field("with_below", Kind.YES_NO, OPTIONAL),
    _field("ceiling", Kind.MONEY),
    _field("from_on", Kind.DATE),
    _field("until_on", Kind.DATE),
    _field("document", Kind.NUMBER_TEXT),
)
END_ALLOCATION = one("end_allocation", In)


def fund_terms() -> dict[str, Pairs]:
    """Return the choices of a fund line's form, in the words that the terms have for them."""
    return {
        "source": worded(FundSource, "fund_source"),
        "items": worded(FUND_ITEMS, "item"),
        "categories": worded(Category, "category"),
    }
