"""Code lists of imports: the kinds of records that a spreadsheet makes, and the state of an import."""

from enum import StrEnum


class ImportedKind(StrEnum):
    """The kind of a record that an import made, in the order of the workbooks."""

    UNIT = "unit"
    ACCOUNT = "account"
    ROLE_GRANT = "role_grant"
    FUND = "fund"
    FUND_RECEIPT = "fund_receipt"
    FUND_ALLOCATION = "fund_allocation"
    HOUSEHOLD = "household"
    PAIRING = "pairing"
    KINSHIP = "kinship"
    VISIT = "visit"
    GIFT = "gift"
    DONATION = "donation"
    ACTIVITY = "activity"


class ImportState(StrEnum):
    """Where an import stands."""

    STANDING = "standing"
    UNDO_PROPOSED = "undo_proposed"
    PARTLY_UNDONE = "partly_undone"
    UNDONE = "undone"
    NOTHING_NEW = "nothing_new"
