"""Schemas of kinship between staff and households."""

from marshmallow import Schema, fields

from service.schemas.fields import CODE, In


class KinshipIn(In):
    """A relative among the staff."""

    account_id = fields.UUID(required=True)
    relation = fields.String(required=True, validate=CODE)


class KinshipOut(Schema):
    """A declared kinship; from confirmation to end the account may not act on the household's cases."""

    id = fields.UUID()
    account_id = fields.UUID()
    relation = fields.String()
    declared_on = fields.Date()
    declared_by = fields.UUID(allow_none=True)
    confirmed_on = fields.Date(allow_none=True)
    confirmed_by = fields.UUID(allow_none=True)
    ended_on = fields.Date(allow_none=True)


class KinOut(Schema):
    """Every declaration about a household."""

    items = fields.List(fields.Nested(KinshipOut))
