"""Schemas of fund allocations."""

from marshmallow import Schema, fields

from service.schemas.fields import In, Money, plain


class FundAllocationIn(In):
    """A fund is allocated to a unit below, perhaps with the units below that one, up to a ceiling."""

    unit_id = fields.UUID(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    document = plain(120)
    with_below = fields.Boolean(load_default=False)
    ceiling = Money(required=True)


class FundAllocationOut(Schema):
    """An allocation, and what was drawn under it, in yuan."""

    id = fields.UUID()
    fund_id = fields.UUID()
    unit_id = fields.UUID()
    unit = fields.String(attribute="unit_name")
    with_below = fields.Boolean()
    from_on = fields.Date()
    until_on = fields.Date()
    closed_on = fields.Date(allow_none=True)
    ceiling = Money(attribute="ceiling_fen", allow_none=True)
    drawn = Money(attribute="drawn_fen")
    document = fields.String()


class FundAllocationsOut(Schema):
    """The allocations of one fund."""

    items = fields.List(fields.Nested(FundAllocationOut))


class AllocatedFundOut(FundAllocationOut):
    """A fund of a unit above that is allocated to one of the caller's units, without its balance."""

    owner = fields.String(attribute="owner_name")
    code = fields.String()
    title = fields.String()
    source = fields.String()
    year = fields.Integer()
    items = fields.List(fields.String(), attribute="permitted_items")
    categories = fields.List(fields.String())
    opens_on = fields.Date()
    expires_on = fields.Date()


class AllocatedFundsOut(Schema):
    """The funds allocated to the caller's units."""

    items = fields.List(fields.Nested(AllocatedFundOut))
