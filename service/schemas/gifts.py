"""Schemas of gifts."""

from marshmallow import fields, validate

from service.schemas.fields import CODE, In, Money, YesNo, plain
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
