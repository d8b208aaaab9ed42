"""Schemas of income, spending and assets."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money


class LineIn(In):
    """One finance line: income, spending or an asset, over twelve months."""

    side = fields.String(required=True, validate=CODE)
    kind = fields.String(required=True, validate=CODE)
    amount = Money(required=True)
    reimbursed = Money(load_default=0)
    person = fields.String(load_default=None, validate=CODE)


class FinancesIn(In):
    """The household's finances on a day."""

    as_of = fields.Date(required=True)
    idle_able_members = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, 50))
    lines = fields.List(fields.Nested(LineIn), required=True, validate=validate.Length(0, 200))


class LineOut(Schema):
    """One finance line."""

    side = fields.String()
    kind = fields.String()
    amount = Money(attribute="fen")
    reimbursed = Money(attribute="reimbursed_fen")
    person_id = fields.UUID(allow_none=True)
