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
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 400))


class InvitationIn(In):
    """Accounts of a unit, or of units below it, whose owners make a credential."""

    unit_id = fields.UUID(required=True)
    account_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 500))


class AcceptanceIn(In):
    """Both halves of an invitation; spaces, dashes and case do not count."""

    code = fields.String(required=True, validate=validate.Length(1, 60))
    label = plain(60)
    days = fields.Integer(load_default=90, strict=True, validate=validate.Range(1, 366))


class TokenOut(Schema):
    """A new token, shown only here."""

    account_id = fields.UUID()
    token = fields.String()
    expires_at = fields.AwareDateTime()


class OwnTokenOut(Schema):
    """A token of the caller, without the token itself."""

    id = fields.UUID()
    label = fields.String()
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    revoked_at = fields.AwareDateTime(allow_none=True)


class TokensOut(Schema):
    """The caller's tokens."""

    items = fields.List(fields.Nested(OwnTokenOut))


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
