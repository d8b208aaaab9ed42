"""The errors an action may raise besides Refused and InvalidForm."""

from collections.abc import Callable, Mapping
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.exc

from service.db.engine import constraint_of
from workflows.vocabulary import Reason, Refused


class NotFound(Exception):
    """There is no such row, or the caller may not see it. The answer is the same."""


class DisclosingRefusal(Refused):
    """A refusal that discloses that people are on file, or on the staff. The entry point records it after the rollback."""

    def __init__(self, *reasons: Reason, persons: tuple[UUID, ...] = (), accounts: tuple[UUID, ...] = ()) -> None:
        super().__init__(*reasons)
        self.persons, self.accounts = persons, accounts


class RecordedRefusal(Refused):
    """A refusal that is itself recorded, such as a failed sign-in. The entry point calls `record` after the rollback."""

    def __init__(self, *reasons: Reason, record: Callable[[sa.Connection], None]) -> None:
        super().__init__(*reasons)
        self.record = record


class SecondPersonMissing(Exception):
    """An entry point did a write that must be proposed and confirmed (service/actions/confirmations.py): a fault of ours."""

    def __init__(self, subject: str, action: str) -> None:
        super().__init__(f"{action} of {subject} needs a second person")


class VersionConflict(Exception):
    """Somebody changed the row after the caller read it."""

    def __init__(self, seen: int, present: int) -> None:
        super().__init__(f"version {seen} was read, {present} is present")
        self.seen, self.present = seen, present


BY_CONSTRAINT: Mapping[str, str] = {
    "uq_person_one_active_file": "person_in_other_file",
    "uq_case_one_grant_per_school_year": "student_repeated",
    "uq_payment_one_out": "already_paid",
    "uq_payment_voucher": "voucher_used",
    "uq_bank_advice_voucher": "voucher_used",
    "uq_payment_advice": "advice_used",
    "uq_bank_advice_number": "advice_used",
    "voucher_used_once": "voucher_used",
    "advice_used_once": "advice_used",
    "ck_fund_no_pot_below_zero": "fund_insufficient",
    "incompatible_case_duty": "incompatible_duty",
    "second_person_missing": "second_person_missing",
    "photo_on_file": "photo_not_on_file",
    "document_of_visit": "document_of_visit",
    "uq_household_unit_id_file_no": "file_no_taken",
    "uq_fund_unit_id_code_year": "fund_code_taken",
    "uq_account_login": "login_taken",
    "uq_credential_one_of_a_kind": "credential_changed",
    "uq_credential_one_of_a_subject": "provider_linked",
    "uq_passkey_credential_id": "passkey_known",
    **{
        f"ex_{table}_recorded_once": "recorded_already"
        for table in ("fund_receipt", "gift", "visit", "donation", "activity", "pairing")
    },
}
"""The reason code of a constraint. The database refuses where two requests pass the same rule at the same moment."""


def refusal_of(error: sqlalchemy.exc.IntegrityError) -> Refused:
    """Return what the database refused, as the rules would have said it."""
    name = constraint_of(error)
    return Refused(Reason.of(BY_CONSTRAINT.get(name, "conflicts_with_records"), constraint=name))
