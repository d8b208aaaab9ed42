"""Visits, gifts, donations and activities: help outside cases."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, PageIn, YesNo, plain, words

COUNT = validate.Range(1, 1_000_000)


class VisitIn(In):
    """A visit; with `case_id` it is that case's survey or follow-up and goes through the case's own action."""

    case_id = fields.UUID(load_default=None)
    unit_id = fields.UUID(load_default=None)
    kind = fields.String(required=True, validate=CODE)
    on = fields.Date(required=True)
    place = fields.String(required=True, validate=CODE)
    visitors = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 50))
    household_id = fields.UUID(load_default=None)
    conclusion = fields.String(load_default=None, validate=CODE)
    occasion = fields.String(load_default=None, validate=validate.Length(1, 60))
    with_employer = YesNo(load_default=False)
    companions = fields.Integer(load_default=None, strict=True, validate=COUNT)
    relation_of_deceased = fields.String(load_default=None, validate=validate.Length(1, 20))
    story = words()


class VisitFilterIn(PageIn):
    """Which visits to list."""

    kind = fields.String(validate=CODE)
    household_id = fields.UUID()
    case_id = fields.UUID()


class VisitOut(Schema):
    """A visit; what was told there stays sealed."""

    id = fields.UUID()
    unit_id = fields.UUID()
    case_id = fields.UUID(allow_none=True)
    household_id = fields.UUID(allow_none=True)
    kind = fields.String()
    occasion = fields.String(allow_none=True)
    on = fields.Date()
    place = fields.String()
    conclusion = fields.String(allow_none=True)
    with_employer = fields.Boolean()
    companions = fields.Integer(allow_none=True)
    relation_of_deceased = fields.String(allow_none=True)
    visitors = fields.List(fields.UUID())


class VisitPageOut(Schema):
    """A page of visits."""

    items = fields.List(fields.Nested(VisitOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class GiftIn(In):
    """Money or goods given outside a case; goods without a quantity are "several"."""

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


class ActivityIn(In):
    """An activity of the union, paid from activity money (account code 501…)."""

    unit_id = fields.UUID(required=True)
    on = fields.Date(required=True)
    title = plain(120)
    kind = fields.String(required=True, validate=CODE)
    amount = Money(required=True, attribute="fen")
    account_code = fields.String(required=True, validate=CODE)
    participants = fields.Integer(load_default=None, strict=True, validate=COUNT)
