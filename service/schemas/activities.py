"""Schemas of activities."""

from marshmallow import Schema, fields

from service.schemas.fields import CODE, In, Money, OnceOut, PageIn, YesNo, plain
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
    confirmed_repeat = YesNo(load_default=False)


class ActivityCorrectionIn(ActivityIn):
    """The activity as it should have been recorded, and why."""

    reason = plain(400)


class ActivityFilterIn(PageIn):
    """Filters of the list of activities."""

    kind = fields.String(validate=CODE)


class ActivityOut(OnceOut):
    """An activity; one that was voided or corrected stays in the list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    on = fields.Date()
    title = fields.String()
    kind = fields.String()
    amount = Money(attribute="fen")
    account_code = fields.String()
    participants = fields.Integer(allow_none=True)


class ActivityPageOut(Schema):
    """A page of activities."""

    items = fields.List(fields.Nested(ActivityOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
