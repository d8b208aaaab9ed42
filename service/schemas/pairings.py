"""Schemas of pairings."""

from marshmallow import Schema, fields

from service.schemas.fields import In, OnceOut, plain


class PairingIn(In):
    """A unit paired with a household (结对帮扶)."""

    unit_id = fields.UUID(required=True)
    programme_name = plain(80)
    issued_by = plain(80)
    from_on = fields.Date(required=True)
    until_on = fields.Date(load_default=None)


class PairingCorrectionIn(PairingIn):
    """The pairing as it should have been recorded, such as with its end, and why."""

    reason = plain(400)


class PairingOut(OnceOut):
    """A pairing; one that was voided or corrected stays in the list."""

    id = fields.UUID()
    unit_id = fields.UUID()
    programme_name = fields.String()
    issued_by = fields.String()
    from_on = fields.Date()
    until_on = fields.Date(allow_none=True)


class PairingsOut(Schema):
    """The pairings of a household."""

    items = fields.List(fields.Nested(PairingOut))
