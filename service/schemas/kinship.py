"""What the API reads and writes of kinship with staff."""

from marshmallow import Schema, fields

from service.schemas.fields import CODE, In


class KinshipIn(In):
    """A relative among those who work here."""

    account_id = fields.UUID(required=True)
    relation = fields.String(required=True, validate=CODE)


class KinshipOut(Schema):
    """A declared kinship; it bars the person from the family's cases once it is confirmed, until it is ended."""

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
