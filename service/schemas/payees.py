"""Schemas of payees."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, plain


class PayeeIn(In):
    """The account to pay; `person` is a member's key in this request, or a member's id."""

    person = fields.String(required=True, validate=CODE)
    bank = plain(60)
    card = fields.String(required=True, validate=validate.Length(1, 40))


class RevealedPayeeOut(Schema):
    """The account to pay with its full number and its holder's name."""

    id = fields.UUID()
    person_id = fields.UUID()
    name = fields.String()
    bank = fields.String()
    card = fields.String()


class PayeeOut(Schema):
    """The account to pay; its number is masked to the last four digits."""

    id = fields.UUID()
    person_id = fields.UUID()
    bank = fields.String()
    card = fields.String()
