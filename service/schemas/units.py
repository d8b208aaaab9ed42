"""Schemas of units."""

from marshmallow import Schema, fields

from service.schemas.fields import CODE, DIVISION, In, plain


class UnitIn(In):
    """A unit below another."""

    name = plain(80)
    kind = fields.String(required=True, validate=CODE)
    division = fields.String(required=True, validate=DIVISION)
    parent_id = fields.UUID(required=True)


class UnitEditIn(In):
    """A unit's new name."""

    name = plain(80)


class UnitOut(Schema):
    """A unit of the tree."""

    id = fields.UUID()
    parent_id = fields.UUID(allow_none=True)
    name = fields.String()
    kind = fields.String()
    division = fields.String()
    path = fields.String()
    version = fields.Integer()


class UnitsOut(Schema):
    """The units the caller works in, each before the units below it."""

    items = fields.List(fields.Nested(UnitOut))
