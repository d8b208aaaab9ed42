"""What the API reads and writes of the account a household is paid to."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, plain


class PayeeIn(In):
    """Where money goes; `person` is a member's key in this request, or his id."""

    person = fields.String(required=True, validate=CODE)
    bank = plain(60)
    card = fields.String(required=True, validate=validate.Length(1, 40))


class PayeeOut(Schema):
    """The account money goes to, masked to its last four digits."""

    id = fields.UUID()
    person_id = fields.UUID()
    bank = fields.String()
    card = fields.String()
