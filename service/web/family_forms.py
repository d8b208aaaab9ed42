"""The forms of a family's file, as rows of fields."""

from dataclasses import replace

from service.actions.finances import KINDS
from service.schemas.consents import ConsentIn
from service.schemas.fields import VoidIn
from service.schemas.finances import FinancesIn
from service.schemas.household_changes import ChangeIn, MadeChangeIn
from service.schemas.households import HouseholdEditIn, HouseholdIn
from service.schemas.kinship import KinshipIn
from service.schemas.pairings import PairingCorrectionIn, PairingIn
from service.schemas.payees import PayeeIn
from service.schemas.persons import NumberAbsenceIn, PersonEditIn, PersonIn
from service.web.record_forms import RecordForm, Section, one
from workflows.code_lists import (
    Category,
    Cause,
    HouseholdKind,
    Identity,
    Kinship,
    MisfortuneKind,
    Observation,
    Relation,
    StudentStage,
)
from workflows.form_fields import FormField, Kind
from workflows.household_change_codes import (
    ExitReason,
    FilingAgainReason,
    HeadChangeReason,
    LeavingReason,
    MoveReason,
    NumberAbsence,
)

MOST_MEMBERS, MOST_LINES = 30, 200
OPTIONAL = False


def _field(key: str, kind: Kind = Kind.NAME, required: bool = True, *choices: str) -> FormField:
    return FormField(key, "", kind, required, tuple(str(each) for each in choices))


FACTS = (
    _field("identity", Kind.CODE, True, *Identity),
    _field("division"),
    _field("cause", Kind.CODE, True, *Cause),
    _field("category", Kind.CODE, OPTIONAL, *Category),
    _field("observed", Kind.CODES, OPTIONAL, *Observation),
    _field("event_kind", Kind.CODE, OPTIONAL, *MisfortuneKind),
    _field("story", Kind.TEXT, OPTIONAL),
)
PERSON = (
    _field("relation", Kind.CODE, True, *Relation),
    _field("name"),
    _field("id_no", Kind.NAME, OPTIONAL),
    _field("phone", Kind.NAME, OPTIONAL),
    _field("email", Kind.NAME, OPTIONAL),
    _field("address", Kind.NAME, OPTIONAL),
    _field("workplace", Kind.NAME, OPTIONAL),
    _field("student_stage", Kind.CODE, OPTIONAL, *StudentStage),
)
LINE = (
    _field("what", Kind.CODE, True, *(f"{side}.{kind}" for side, kinds in KINDS.items() for kind in kinds)),
    _field("amount", Kind.MONEY),
    _field("reimbursed", Kind.MONEY, OPTIONAL),
    _field("person", Kind.ID, OPTIONAL),
)
SURVEYED = (_field("as_of", Kind.DATE), _field("idle_able_members", Kind.NUMBER, OPTIONAL))
ACCOUNT = (_field("person", Kind.ID), _field("bank"), _field("card"))
SIGNED = (
    _field("signed_on", Kind.DATE),
    _field("until_on", Kind.DATE),
    _field("text_version", Kind.NUMBER_TEXT),
    _field("adults_signed", Kind.NUMBER),
)
OPENING = (
    _field("unit_id", Kind.ID),
    _field("file_no"),
    _field("kind", Kind.CODE, True, *HouseholdKind),
    _field("filed_on", Kind.DATE),
)

NEW_FILE = RecordForm(
    "new_file",
    HouseholdIn,
    (
        Section("", (*OPENING, *FACTS)),
        Section("members", PERSON, is_list=True, most=MOST_MEMBERS, is_needed=True, shown=2),
        Section("finances", SURVEYED),
        Section("finances.lines", LINE, is_list=True, most=MOST_LINES, shown=2),
        Section("consent", SIGNED),
        Section("payee", ACCOUNT),
    ),
)
EDIT_FILE = one("edit_file", HouseholdEditIn, *FACTS)
NEW_MEMBER = one("new_member", PersonIn, *PERSON)
EDIT_MEMBER = one("edit_member", PersonEditIn, *(replace(each, required=OPTIONAL) for each in PERSON))
CLEARED = (_field("cleared", Kind.CODES, OPTIONAL, "phone", "email", "address", "workplace"),)
"""What is taken off a member's record: an empty field leaves it as it is."""
FINANCES = RecordForm(
    "finances",
    FinancesIn,
    (Section("", SURVEYED), Section("lines", LINE, is_list=True, most=MOST_LINES, is_needed=True, shown=2)),
)
PAYEE = one("payee", PayeeIn, *ACCOUNT)
CONSENT = one("consent", ConsentIn, *SIGNED)
ABSENCE = one(
    "absence",
    NumberAbsenceIn,
    _field("reason", Kind.CODE, True, *NumberAbsence),
    _field("document"),
    _field("until_on", Kind.DATE),
)
KIN = one("kin", KinshipIn, _field("account_id", Kind.ID), _field("relation", Kind.CODE, True, *Kinship))
_PAIRED = (
    _field("unit_id", Kind.ID),
    _field("programme_name"),
    _field("issued_by"),
    _field("from_on", Kind.DATE),
    _field("until_on", Kind.DATE, OPTIONAL),
)
PAIRING = one("pairing", PairingIn, *_PAIRED)
PAIRING_CORRECTION = one("pairing_correction", PairingCorrectionIn, *_PAIRED, _field("reason"))
VOID = one("void", VoidIn, _field("reason"))
END_KINSHIP = one("end_kinship", VoidIn, _field("reason"))

MEMBER_RELATIONS = tuple(each for each in Relation if each is not Relation.HEAD)
_WHY = (_field("on", Kind.DATE), _field("document", Kind.NAME, OPTIONAL), _field("note", Kind.TEXT, OPTIONAL))
_BY_MEMBER = (_field("person_id", Kind.ID), _field("relation", Kind.CODE, True, *Relation))


def _change(kind: str, reasons: type, *fields: FormField, rows: Section | None = None) -> RecordForm:
    reason = _field("reason", Kind.CODE, True, *reasons)  # type: ignore[misc]
    first, last = Section(kind, (reason, *fields), is_needed=True), Section("", _WHY)
    return RecordForm(kind, ChangeIn, (first, rows, last) if rows else (first, last))


CHANGES = {
    "change_head": _change(
        "change_head",
        HeadChangeReason,
        _field("new_head", Kind.ID),
        _field("old_head_relation", Kind.CODE, OPTIONAL, *MEMBER_RELATIONS),
        _field("close_account", Kind.YES_NO, OPTIONAL),
        rows=Section("change_head.relations", _BY_MEMBER, is_list=True, most=MOST_MEMBERS, shown=1),
    ),
    "exit": _change("exit", ExitReason),
    "file_again": _change(
        "file_again",
        FilingAgainReason,
        rows=Section("file_again.members", _BY_MEMBER, is_list=True, most=MOST_MEMBERS, shown=1),
    ),
    "move": _change("move", MoveReason, _field("to_unit_id", Kind.ID), _field("file_no", Kind.NAME, OPTIONAL)),
    "transfer": _change(
        "transfer",
        LeavingReason,
        _field("person_id", Kind.ID),
        _field("to_household_id", Kind.NAME),
        _field("relation", Kind.CODE, True, *MEMBER_RELATIONS),
    ),
}
"""The kinds of change of a file, by the name that the JSON API gives them."""

MADE = {kind: replace(form, schema=MadeChangeIn) for kind, form in CHANGES.items()}
"""The same forms, sent again after their effects were shown."""
