"""Units, accounts, grants, and who I am."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, plain
from service.schemas.households import DIVISION
from workflows.terms import Role


class UnitIn(In):
    """A unit below another."""

    name = plain(80)
    kind = fields.String(required=True, validate=CODE)
    division = fields.String(required=True, validate=DIVISION)
    parent_id = fields.UUID(required=True)


class UnitEditIn(In):
    """A unit's new name."""

    name = plain(80)


class UnitOut(Schema):
    """A unit of the tree."""

    id = fields.UUID()
    parent_id = fields.UUID(allow_none=True)
    name = fields.String()
    kind = fields.String()
    division = fields.String()
    path = fields.String()
    version = fields.Integer()


class UnitsOut(Schema):
    """The units the caller works in, each above those below it."""

    items = fields.List(fields.Nested(UnitOut))


class AccountIn(In):
    """A person who will work here."""

    login = fields.String(required=True, validate=CODE)
    display_name = plain(40)
    unit_id = fields.UUID(required=True)
    email = fields.String(load_default=None, validate=validate.Length(3, 120))
    id_no = fields.String(load_default=None, validate=validate.Length(1, 18))


class GrantIn(In):
    """A role over a unit for a time."""

    unit_id = fields.UUID(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    tier = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 3))
    for_account_id = fields.UUID(load_default=None)


class HeldOut(Schema):
    """A grant in force."""

    role = fields.String()
    tier = fields.Integer()
    unit_path = fields.String()
    principal = fields.UUID(allow_none=True)


class MeOut(Schema):
    """Who the token belongs to, and what he may do today."""

    id = fields.UUID(attribute="account")
    login = fields.String()
    display_name = fields.String()
    unit_id = fields.UUID()
    grants = fields.List(fields.Nested(HeldOut), attribute="held")
    unread = fields.Integer()


class LetterOut(Schema):
    """A letter in the inbox, in words."""

    id = fields.UUID()
    kind = fields.String()
    case_id = fields.UUID(allow_none=True)
    case_no = fields.String(allow_none=True)
    on = fields.Date()
    subject = fields.String()
    body = fields.String()
    read_at = fields.AwareDateTime(allow_none=True)


class InboxOut(Schema):
    """A page of the inbox, newest first."""

    items = fields.List(fields.Nested(LetterOut))
    unread = fields.Integer()
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
