"""Schemas of donations."""

from marshmallow import Schema, fields

from service.schemas.fields import CODE, DocumentNumber, In, Money, OnceOut, PageIn, YesNo, plain
from service.schemas.visits import COUNT


class DonationIn(In):
    """A donation passed on to others, or received."""

    unit_id = fields.UUID(required=True)
    on = fields.Date(required=True)
    direction = fields.String(required=True, validate=CODE)
    campaign = plain(120)
    organiser = plain(120)
    amount = Money(required=True, attribute="fen")
    handed_to = plain(120)
    donors = fields.Integer(load_default=None, strict=True, validate=COUNT)
    receipt_no = DocumentNumber(load_default=None, allow_none=True)
    confirmed_repeat = YesNo(load_default=False)


class DonationCorrectionIn(DonationIn):
    """The donation as it should have been recorded, and why."""

    reason = plain(400)


class DonationFilterIn(PageIn):
    """Filters of the list of donations."""

    direction = fields.String(validate=CODE)


class DonationOut(OnceOut):
    """A donation; one that was voided or corrected stays in the list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    on = fields.Date()
    direction = fields.String()
    campaign = fields.String()
    organiser = fields.String()
    amount = Money(attribute="fen")
    handed_to = fields.String()
    donors = fields.Integer(allow_none=True)
    receipt_no = fields.String(allow_none=True)


class DonationPageOut(Schema):
    """A page of donations."""

    items = fields.List(fields.Nested(DonationOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
