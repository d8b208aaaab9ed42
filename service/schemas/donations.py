"""Schemas of donations."""

from marshmallow import fields

from service.schemas.fields import CODE, In, Money, plain
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
    receipt_no = fields.String(load_default=None, validate=CODE)
