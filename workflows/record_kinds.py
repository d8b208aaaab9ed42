"""Record kinds say what a step does besides moving the case: one row for each Record."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.vocabulary import Pot, Record


@dataclass(frozen=True, slots=True)
class RecordKind:
    """What follows from leaving a record; the service adds how its rows are written."""

    names_fund: bool = False
    """The form names the fund line, and the policy set in force is cited from then on."""

    stores_assessment: bool = False
    """The event keeps the income test the decision rests on."""

    signs: bool = False
    """It is one signature of an approval tier."""

    corrects: bool = False
    """The form is the application again: what it says takes the place of what the case says."""

    by_visitors: bool = False
    """The duty falls to the visitors named in the form as well."""

    confirms_visit: bool = False
    """Its actor says that they took part in a visit that names them."""

    restarts_deadline: bool = False
    """The deadline of the state is counted again although the case stays where it is."""

    pays_into: Pot | None = None
    """The pot that the money of such a step must move to."""

    names_method: bool = False
    """The form repeats the method of payment that was signed."""


NO_RECORD = RecordKind()
"""A step that leaves nothing but its event."""

RECORD_KINDS: Mapping[Record, RecordKind] = {
    Record.CORRECTION: RecordKind(corrects=True),
    Record.VISIT: RecordKind(by_visitors=True),
    Record.VISIT_CONFIRMED: RecordKind(confirms_visit=True),
    Record.PAPERS: NO_RECORD,
    Record.RESURVEY: NO_RECORD,
    Record.VERIFICATION: NO_RECORD,
    Record.AWARD: RecordKind(names_fund=True, stores_assessment=True),
    Record.OBJECTION: NO_RECORD,
    Record.OBJECTION_ANSWER: NO_RECORD,
    Record.NOTICE_END: NO_RECORD,
    Record.APPROVAL: RecordKind(signs=True, stores_assessment=True),
    Record.VOID_APPROVALS: NO_RECORD,
    Record.PAYMENT: RecordKind(pays_into=Pot.IN_TRANSIT, names_method=True),
    Record.PAYMENT_CONFIRMED: RecordKind(pays_into=Pot.PAID),
    Record.PAYMENT_FAILED: RecordKind(pays_into=Pot.COMMITTED),
    Record.PAYMENT_RETURNED: RecordKind(pays_into=Pot.IN_TRANSIT),
    Record.RETURN_CONFIRMED: RecordKind(pays_into=Pot.COMMITTED),
    Record.RETURN_REJECTED: RecordKind(pays_into=Pot.PAID),
    Record.RECOVERY: NO_RECORD,
    Record.RECOVERY_CONFIRMED: RecordKind(pays_into=Pot.AVAILABLE),
    Record.RECOVERY_REJECTED: NO_RECORD,
    Record.RECEIPT: NO_RECORD,
    Record.RECALL: RecordKind(pays_into=Pot.RECOVERING),
    Record.HOLD: NO_RECORD,
    Record.RESUME: RecordKind(restarts_deadline=True),
}
