"""Tests of what follows from each record kind."""

from dataclasses import fields

from workflows.record_kinds import RECORD_KINDS, RecordKind
from workflows.vocabulary import Pot, Record


def test_each_consequence_belongs_to_these_records_only() -> None:
    """Why: a default that is turned round gives every record the consequence."""
    yes_no = [each.name for each in fields(RecordKind) if each.name != "pays_into"]
    records = {name: {record for record, kind in RECORD_KINDS.items() if getattr(kind, name)} for name in yes_no}
    assert records == {
        "names_fund": {Record.AWARD},
        "stores_assessment": {Record.AWARD, Record.APPROVAL},
        "signs": {Record.APPROVAL},
        "corrects": {Record.CORRECTION},
        "by_visitors": {Record.VISIT},
        "confirms_visit": {Record.VISIT_CONFIRMED},
        "names_method": {Record.PAYMENT},
        "restarts_deadline": {Record.RESUME},
    }


def test_money_of_a_record_goes_into_its_pot() -> None:
    assert {record: kind.pays_into for record, kind in RECORD_KINDS.items() if kind.pays_into} == {
        Record.PAYMENT: Pot.IN_TRANSIT,
        Record.PAYMENT_CONFIRMED: Pot.PAID,
        Record.PAYMENT_FAILED: Pot.COMMITTED,
        Record.PAYMENT_RETURNED: Pot.IN_TRANSIT,
        Record.RETURN_CONFIRMED: Pot.COMMITTED,
        Record.RETURN_REJECTED: Pot.PAID,
        Record.RECOVERY_CONFIRMED: Pot.AVAILABLE,
        Record.RECALL: Pot.RECOVERING,
    }
    assert set(RECORD_KINDS) == set(Record)
