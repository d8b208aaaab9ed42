"""Schemas of accounts and role grants."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, plain
from workflows.vocabulary import APPROVERS, Role


class AccountIn(In):
    """A new account of a person on the staff."""

    login = fields.String(required=True, validate=CODE)
    display_name = plain(40)
    unit_id = fields.UUID(required=True)
    email = fields.String(load_default=None, validate=validate.Length(3, 120))
    id_no = fields.String(load_default=None, validate=validate.Length(1, 18))


class GrantIn(In):
    """A role over a unit for a period."""

    unit_id = fields.UUID(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    tier = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, len(APPROVERS)))
    for_account_id = fields.UUID(load_default=None)


class HeldOut(Schema):
    """A grant in force."""

    role = fields.String()
    tier = fields.Integer()
    unit_path = fields.String()
    principal = fields.UUID(allow_none=True)


class MeOut(Schema):
    """The account of the token, and its grants of today."""

    id = fields.UUID(attribute="account")
    login = fields.String()
    display_name = fields.String()
    unit_id = fields.UUID()
    grants = fields.List(fields.Nested(HeldOut), attribute="held")
    unread = fields.Integer()
