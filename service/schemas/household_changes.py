"""Schemas of changes of a household's file, and of what a change stops."""

from marshmallow import Schema, fields, validate

from service.schemas.cases import ReasonOut
from service.schemas.fields import CODE, In, Money, YesNo, plain, words


class MemberRelationIn(In):
    """A member and the relation to the head."""

    person_id = fields.UUID(required=True)
    relation = fields.String(required=True, validate=CODE)


class HeadChangeIn(In):
    """Another head. Without `old_head_relation` the old head leaves the family."""

    reason = fields.String(required=True, validate=CODE)
    new_head = fields.UUID(required=True)
    old_head_relation = fields.String(load_default=None, validate=CODE)
    relations = fields.List(fields.Nested(MemberRelationIn), load_default=list, validate=validate.Length(0, 30))
    close_account = YesNo(load_default=False)


class ExitIn(In):
    """The end of a file."""

    reason = fields.String(required=True, validate=CODE)


class FilingAgainIn(In):
    """The members of a file that has ended who are filed again."""

    reason = fields.String(required=True, validate=CODE)
    members = fields.List(fields.Nested(MemberRelationIn), required=True, validate=validate.Length(1, 30))


class MoveIn(In):
    """The unit that takes the file over; `file_no` gives it another number there."""

    reason = fields.String(required=True, validate=CODE)
    to_unit_id = fields.UUID(required=True)
    file_no = plain(40, required=False)


class TransferIn(In):
    """The member who leaves for another file."""

    reason = fields.String(required=True, validate=CODE)
    person_id = fields.UUID(required=True)
    to_household_id = fields.UUID(required=True)
    relation = fields.String(required=True, validate=CODE)


class ChangeIn(In):
    """One change of a file: its day, the number of the paper that decided it, and one of the five kinds."""

    on = fields.Date(required=True)
    document = plain(120, required=False)
    note = words()
    change_head = fields.Nested(HeadChangeIn)
    exit = fields.Nested(ExitIn)
    file_again = fields.Nested(FilingAgainIn)
    move = fields.Nested(MoveIn)
    transfer = fields.Nested(TransferIn)


class MadeChangeIn(ChangeIn):
    """A change whose effects were shown; `seen` is what the preview gave."""

    seen = fields.String(required=True, validate=CODE)


class CaseEffectOut(Schema):
    """An open case: its next steps refused, or no longer refused, after the change; its cap and unit."""

    case_id = fields.UUID()
    case_no = fields.String()
    state = fields.String()
    phase = fields.String()
    outstanding = Money()
    stops = fields.List(fields.Nested(ReasonOut))
    permits = fields.List(fields.Nested(ReasonOut))
    cap_before = Money(allow_none=True)
    cap_after = Money(allow_none=True)
    category_before = fields.String(allow_none=True)
    category_after = fields.String(allow_none=True)
    unit_before = fields.UUID()
    unit_after = fields.UUID()


class PaymentInTransitOut(Schema):
    """A payment that the family has not confirmed."""

    case_no = fields.String()
    amount = Money(attribute="fen")
    method = fields.String()
    paid_on = fields.Date()


class PairingInForceOut(Schema):
    """A unit paired with the household."""

    unit_id = fields.UUID()
    programme_name = fields.String()
    until_on = fields.Date(allow_none=True)


class LiveKinshipOut(Schema):
    """A member of staff declared as a relative."""

    account_id = fields.UUID()
    relation = fields.String()
    confirmed_on = fields.Date(allow_none=True)


class EffectsOut(Schema):
    """What a change stops or changes. `refusals` says why it cannot be made; `seen` is sent back to make it."""

    refusals = fields.List(fields.Nested(ReasonOut))
    cases = fields.List(fields.Nested(CaseEffectOut))
    payments_in_transit = fields.List(fields.Nested(PaymentInTransitOut))
    pairings = fields.List(fields.Nested(PairingInForceOut))
    kinships = fields.List(fields.Nested(LiveKinshipOut))
    consented_until = fields.Date(allow_none=True)
    payee_before = fields.UUID(allow_none=True)
    payee_after = fields.UUID(allow_none=True)
    seen = fields.String()


class ChangeOut(Schema):
    """One change in the history of a file."""

    id = fields.UUID()
    kind = fields.String()
    on = fields.Date()
    reason = fields.String()
    document = fields.String(allow_none=True)
    unit_id = fields.UUID()
    to_unit_id = fields.UUID(allow_none=True)
    file_no = fields.String()
    person_id = fields.UUID(allow_none=True)
    other_person_id = fields.UUID(allow_none=True)
    other_file_no = fields.String(allow_none=True, metadata={"description": "Empty for a file you cannot see."})
    exited_on = fields.Date(allow_none=True)
    exit_reason = fields.String(allow_none=True)
    recorded_by = fields.UUID()


class ChangesOut(Schema):
    """The history of a file, oldest change first."""

    items = fields.List(fields.Nested(ChangeOut))
