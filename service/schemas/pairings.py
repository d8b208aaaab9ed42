"""Schemas of pairings."""

from marshmallow import fields

from service.schemas.fields import In, plain


class PairingIn(In):
    """A unit paired with a household (结对帮扶)."""

    unit_id = fields.UUID(required=True)
    programme_name = plain(80)
    issued_by = plain(80)
    from_on = fields.Date(required=True)
    until_on = fields.Date(load_default=None)
