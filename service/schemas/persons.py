"""Schemas of members of a household."""

from marshmallow import Schema, fields, validate

from service.queries.possible_twins import SIGNS
from service.queries.shared_details import SHARED
from service.schemas.fields import CODE, In, MadeOut, plain
from workflows.household_change_codes import NumberAbsence


class PersonIn(In):
    """A member as entered on the form; finance lines and the payee of the same request name it by `key`."""

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
    """Fields of a member to correct; absent fields stay as they are."""

    relation = fields.String(validate=CODE)
    name = fields.String(validate=validate.Length(1, 40))
    id_no = fields.String(validate=validate.Length(1, 18))
    phone = fields.String(allow_none=True, validate=validate.Length(1, 20))
    email = fields.String(allow_none=True, validate=validate.Length(3, 120))
    address = fields.String(allow_none=True, validate=validate.Length(1, 200))
    workplace = fields.String(allow_none=True, validate=validate.Length(1, 120))
    student_stage = fields.String(allow_none=True, validate=CODE)


class NumberAbsenceIn(In):
    """Why a member has no identity number, the document that was seen, and the last day the reason counts."""

    reason = fields.String(required=True, validate=CODE, metadata={"description": ", ".join(NumberAbsence)})
    document = plain(200)
    until_on = fields.Date(required=True)


class MemberOut(Schema):
    """A member, masked; POST /persons/{id}/reveal shows the full values once, for a stated purpose."""

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


class PossibleTwinOut(Schema):
    """A person in another file who may be the same, or shares something: masked, without the file outside your units."""

    person_id = fields.UUID()
    name = fields.String()
    unit = fields.String()
    file_no = fields.String(allow_none=True)
    household_id = fields.UUID(allow_none=True)
    active = fields.Boolean()
    shares = fields.List(fields.String(), metadata={"description": ", ".join(dict.fromkeys((*SIGNS, *SHARED)))})


class PossibleTwinsOut(Schema):
    """Possible twins; `withheld` when you have been shown enough matches for one day."""

    items = fields.List(fields.Nested(PossibleTwinOut))
    withheld = fields.Boolean()


class NamesakeOut(Schema):
    """An account over the case's unit whose owner has a member's name and is not known as a relative."""

    person_id = fields.UUID()
    account_id = fields.UUID()
    display_name = fields.String()


class SharedDetailsOut(PossibleTwinsOut):
    """Persons of other files who share something with the household, and staff of a member's name."""

    staff = fields.List(fields.Nested(NamesakeOut))


class PersonMadeOut(MadeOut):
    """The id of what was added, and the possible twins of persons without an identity number."""

    possible_twins = fields.Nested(PossibleTwinsOut)


class RevealIn(In):
    """The purpose of seeing the full values; the access is recorded."""

    purpose = fields.String(required=True, validate=validate.OneOf(["survey", "verification", "payment", "follow_up"]))
