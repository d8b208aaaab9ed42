"""Schemas of activities."""

from marshmallow import fields

from service.schemas.fields import CODE, In, Money, plain
from service.schemas.visits import COUNT


class ActivityIn(In):
    """An activity of the union, paid from activity money (account code 501…)."""

    unit_id = fields.UUID(required=True)
    on = fields.Date(required=True)
    title = plain(120)
    kind = fields.String(required=True, validate=CODE)
    amount = Money(required=True, attribute="fen")
    account_code = fields.String(required=True, validate=CODE)
    participants = fields.Integer(load_default=None, strict=True, validate=COUNT)
