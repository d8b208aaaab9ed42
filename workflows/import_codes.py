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


class KeptReason(StrEnum):
    """Why an undo of an import keeps a record."""

    NO_REVERSAL = "undo_no_reversal"
    NAMED_AGAIN = "undo_named_again"
    VOIDED = "undo_voided"
    FILE_ENDED = "undo_file_ended"
    ROLE_MISSING = "undo_role_missing"
    OWN_FAMILY = "undo_own_family"
    APPROVER_NEEDED = "undo_approver_needed"
    MONEY_IN_USE = "undo_money_in_use"
    HAS_GIFTS = "undo_has_gifts"
    HAS_VISITS = "undo_has_visits"
    WAS_PAID = "undo_was_paid"
    HAS_CASES = "undo_has_cases"
    HAS_DOCUMENTS = "undo_has_documents"
    TOUCHED = "undo_touched"
    HAS_RECORDS = "undo_has_records"
