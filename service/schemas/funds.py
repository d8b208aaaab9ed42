"""Schemas of fund lines and of money received."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, plain
from workflows.money_format import in_yuan


class FundIn(In):
    """A fund line: source, year, document, and what it may be spent on."""

    unit_id = fields.UUID(required=True)
    code = fields.String(required=True, validate=CODE)
    title = plain(80)
    source = fields.String(required=True, validate=CODE)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2100))
    document = plain(120)
    items = fields.List(fields.String(validate=CODE), required=True, validate=validate.Length(1, 20))
    opens_on = fields.Date(required=True)
    expires_on = fields.Date(required=True)
    settles_until = fields.Date(
        load_default=None,
        metadata={"description": "Last day for paying what was committed while the line was open; none: expires_on."},
    )
    categories = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(0, 10))
    expected = Money(
        load_default=None, metadata={"description": "What the document promises; none where it names no sum."}
    )


class FundOut(Schema):
    """A fund line with its pots, in yuan."""

    id = fields.UUID()
    unit_id = fields.UUID()
    code = fields.String()
    title = fields.String()
    source = fields.String()
    year = fields.Integer()
    document = fields.String()
    items = fields.List(fields.String(), attribute="permitted_items")
    categories = fields.List(fields.String())
    opens_on = fields.Date()
    expires_on = fields.Date()
    settles_until = fields.Date(allow_none=True)
    expected = Money(attribute="expected_fen", allow_none=True)
    received = fields.Function(lambda row: in_yuan(-row["outside_fen"]), metadata={"type": "string"})
    available = Money(attribute="available_fen")
    committed = Money(attribute="committed_fen")
    in_transit = Money(
        attribute="in_transit_fen",
        metadata={"description": "What left the bank, or is on its way back, and is not confirmed by its advice yet."},
    )
    paid = Money(attribute="paid_fen")
    recovering = Money(attribute="recovering_fen")
    written_off = Money(attribute="written_off_fen")
    version = fields.Integer()


class FundsOut(Schema):
    """The fund lines of the caller's units."""

    items = fields.List(fields.Nested(FundOut))
