"""Households and their members; what names a person goes out masked."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, plain, words

DIVISION = validate.Regexp(r"^[0-9]{0,12}\Z", error="not_a_division")


class PersonIn(In):
    """A member as written on the form. `key` lets lines and the payee of the same request point here."""

    key = fields.String(validate=CODE, load_default=None)
    relation = fields.String(required=True, validate=CODE)
    name = plain(40)
    id_no = fields.String(load_default=None, validate=validate.Length(1, 18))
    phone = fields.String(load_default=None, validate=validate.Length(1, 20))
    email = fields.String(load_default=None, validate=validate.Length(3, 120))
    address = fields.String(load_default=None, validate=validate.Length(1, 200))
    workplace = fields.String(load_default=None, validate=validate.Length(1, 120))
    student_stage = fields.String(load_default=None, validate=CODE)


class PersonEditIn(In):
    """Fields of a member to correct; those left out stay."""

    relation = fields.String(validate=CODE)
    name = fields.String(validate=validate.Length(1, 40))
    id_no = fields.String(validate=validate.Length(1, 18))
    phone = fields.String(allow_none=True, validate=validate.Length(1, 20))
    email = fields.String(allow_none=True, validate=validate.Length(3, 120))
    address = fields.String(allow_none=True, validate=validate.Length(1, 200))
    workplace = fields.String(allow_none=True, validate=validate.Length(1, 120))
    student_stage = fields.String(allow_none=True, validate=CODE)


class LineIn(In):
    """One line of income, spending or assets over twelve months."""

    side = fields.String(required=True, validate=CODE)
    kind = fields.String(required=True, validate=CODE)
    amount = Money(required=True)
    reimbursed = Money(load_default=0)
    person = fields.String(load_default=None, validate=CODE)


class EconomyIn(In):
    """The household's economy as found on a day."""

    as_of = fields.Date(required=True)
    idle_able_members = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 50))
    lines = fields.List(fields.Nested(LineIn), required=True, validate=validate.Length(0, 200))


class ConsentIn(In):
    """A signed authorisation."""

    signed_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    text_version = plain(40)
    adults_signed = fields.Integer(required=True, strict=True, validate=validate.Range(1, 50))


class PayeeIn(In):
    """Where money goes; `person` is a member's key in this request, or his id."""

    person = fields.String(required=True, validate=CODE)
    bank = plain(60)
    card = fields.String(required=True, validate=validate.Length(1, 40))


class HouseholdIn(In):
    """A family's file as the registrar hands it in."""

    unit_id = fields.UUID(required=True)
    file_no = plain(40)
    kind = fields.String(load_default="worker", validate=CODE)
    identity = fields.String(required=True, validate=CODE)
    division = fields.String(required=True, validate=DIVISION)
    cause = fields.String(required=True, validate=CODE)
    filed_on = fields.Date(required=True)
    category = fields.String(load_default=None, validate=CODE)
    observed = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(0, 20))
    event_kind = fields.String(load_default=None, validate=CODE)
    story = words()
    members = fields.List(fields.Nested(PersonIn), required=True, validate=validate.Length(1, 30))
    economy = fields.Nested(EconomyIn, load_default=None)
    consent = fields.Nested(ConsentIn, load_default=None)
    payee = fields.Nested(PayeeIn, load_default=None)


class HouseholdEditIn(In):
    """Fields of a file to correct; those left out stay."""

    identity = fields.String(validate=CODE)
    division = fields.String(validate=DIVISION)
    cause = fields.String(validate=CODE)
    category = fields.String(allow_none=True, validate=CODE)
    observed = fields.List(fields.String(validate=CODE), validate=validate.Length(0, 20))
    event_kind = fields.String(allow_none=True, validate=CODE)
    story = fields.String(allow_none=True, validate=validate.Length(1, 2000))


class MemberOut(Schema):
    """A member, masked; the full values are shown once, with a reason, by POST /persons/{id}/reveal."""

    id = fields.UUID()
    household_id = fields.UUID()
    relation = fields.String()
    name = fields.String()
    id_no = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    workplace = fields.String(allow_none=True)
    student_stage = fields.String(allow_none=True)
    version = fields.Integer()


class LineOut(Schema):
    """A line of the economy."""

    side = fields.String()
    kind = fields.String()
    amount = Money(attribute="fen")
    reimbursed = Money(attribute="reimbursed_fen")
    person_id = fields.UUID(allow_none=True)


class ConsentOut(Schema):
    """A signed authorisation."""

    signed_on = fields.Date()
    until_on = fields.Date()
    text_version = fields.String()
    adults_signed = fields.Integer()


class PayeeOut(Schema):
    """The account money goes to, masked to its last four digits."""

    id = fields.UUID()
    person_id = fields.UUID()
    bank = fields.String()
    card = fields.String()


class HouseholdRowOut(Schema):
    """A file in a list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    file_no = fields.String()
    kind = fields.String()
    identity = fields.String()
    division = fields.String()
    cause = fields.String()
    category = fields.String(allow_none=True)
    observed = fields.List(fields.String())
    event_kind = fields.String(allow_none=True)
    idle_able_members = fields.Integer()
    economy_as_of = fields.Date(allow_none=True)
    filed_on = fields.Date()
    exited_on = fields.Date(allow_none=True)
    version = fields.Integer()


class HouseholdOut(HouseholdRowOut):
    """A file with everything in it; persons masked."""

    members = fields.List(fields.Nested(MemberOut))
    lines = fields.List(fields.Nested(LineOut))
    consents = fields.List(fields.Nested(ConsentOut))
    payee = fields.Nested(PayeeOut, allow_none=True)


class HouseholdPageOut(Schema):
    """A page of files."""

    items = fields.List(fields.Nested(HouseholdRowOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class RevealIn(In):
    """Why the full values are needed; the look is recorded."""

    purpose = fields.String(required=True, validate=validate.OneOf(["survey", "verification", "payment", "follow_up"]))


class KinshipIn(In):
    """A relative among those who work here."""

    account_id = fields.UUID(required=True)
    relation = fields.String(required=True, validate=CODE)


class KinshipOut(Schema):
    """A declared kinship; it bars the person from the family's cases once it is confirmed, until it is ended."""

    id = fields.UUID()
    account_id = fields.UUID()
    relation = fields.String()
    declared_on = fields.Date()
    declared_by = fields.UUID(allow_none=True)
    confirmed_on = fields.Date(allow_none=True)
    confirmed_by = fields.UUID(allow_none=True)
    ended_on = fields.Date(allow_none=True)


class KinOut(Schema):
    """Every declaration about a household."""

    items = fields.List(fields.Nested(KinshipOut))


class PairingIn(In):
    """结对帮扶."""

    unit_id = fields.UUID(required=True)
    programme_name = plain(80)
    issued_by = plain(80)
    from_on = fields.Date(required=True)
    until_on = fields.Date(load_default=None)


class MadeOut(Schema):
    """What was made."""

    id = fields.UUID()
