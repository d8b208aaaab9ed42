"""All kinds of workbook, in the order in which they are written."""

from collections.abc import Mapping

from service.imports.applications import APPLICATION_WORKBOOK
from service.imports.donations_and_activities import ACTIVITY_WORKBOOK, DONATION_WORKBOOK
from service.imports.funds import FUND_WORKBOOK
from service.imports.households import HOUSEHOLD_WORKBOOK
from service.imports.sheet_reader import Sheet, Workbook
from service.imports.units_and_staff import STAFF_WORKBOOK, UNIT_WORKBOOK
from service.imports.visits_and_gifts import GIFT_WORKBOOK, VISIT_WORKBOOK

WORKBOOKS: tuple[Workbook, ...] = (
    UNIT_WORKBOOK,
    STAFF_WORKBOOK,
    FUND_WORKBOOK,
    HOUSEHOLD_WORKBOOK,
    VISIT_WORKBOOK,
    GIFT_WORKBOOK,
    DONATION_WORKBOOK,
    ACTIVITY_WORKBOOK,
    APPLICATION_WORKBOOK,
)

SHEETS: Mapping[str, Sheet] = {sheet.title: sheet for book in WORKBOOKS for sheet in book.sheets}

WORKBOOK_OF: Mapping[str, Workbook] = {sheet.title: book for book in WORKBOOKS for sheet in book.sheets}
