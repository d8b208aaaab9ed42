"""Schemas of gifts."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, OnceOut, PageIn, YesNo, plain
from service.schemas.visits import COUNT


class GiftIn(In):
    """Money or goods given outside a case; goods without a quantity count as "several"."""

    unit_id = fields.UUID(required=True)
    household_id = fields.UUID(required=True)
    on = fields.Date(required=True)
    item = fields.String(required=True, validate=CODE)
    purpose = plain(120)
    account_code = fields.String(required=True, validate=CODE)
    handed_by = fields.UUID(required=True)
    signed_by_family = YesNo(required=True)
    visit_id = fields.UUID(load_default=None)
    amount = Money(load_default=None, attribute="fen")
    fund_id = fields.UUID(load_default=None)
    approved_by = fields.UUID(load_default=None)
    goods = fields.String(load_default=None, validate=validate.Length(1, 40))
    goods_unit = fields.String(load_default=None, validate=validate.Length(1, 8))
    quantity = fields.Integer(load_default=None, strict=True, validate=COUNT)
    person_id = fields.UUID(load_default=None)
    confirmed_repeat = YesNo(load_default=False)


class GiftCorrectionIn(GiftIn):
    """The gift as it should have been recorded, and why."""

    reason = plain(400)


class GiftFilterIn(PageIn):
    """Filters of the list of gifts."""

    household_id = fields.UUID()
    item = fields.String(validate=CODE)


class GiftOut(OnceOut):
    """A gift; one that was voided or corrected stays in the list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    household_id = fields.UUID()
    person_id = fields.UUID(allow_none=True)
    visit_id = fields.UUID(allow_none=True)
    on = fields.Date()
    item = fields.String()
    purpose = fields.String()
    account_code = fields.String()
    amount = Money(attribute="fen", allow_none=True)
    fund_id = fields.UUID(allow_none=True)
    goods = fields.String(allow_none=True)
    goods_unit = fields.String(allow_none=True)
    quantity = fields.Integer(allow_none=True)
    approved_by = fields.UUID(allow_none=True)
    handed_by = fields.UUID()
    signed_by_family = fields.Boolean()
    counts_as_aid = fields.Boolean()
    policy_set_id = fields.UUID(allow_none=True)


class GiftPageOut(Schema):
    """A page of gifts."""

    items = fields.List(fields.Nested(GiftOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()
