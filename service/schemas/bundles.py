"""Schema of the form for an auditors' bundle."""

from marshmallow import fields

from service.schemas.fields import DocumentNumber, In


class BundleIn(In):
    """A unit, a period of which both days count, what the bundle is for, and the document that asks for it."""

    unit_id = fields.UUID(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    purpose = fields.String(required=True)
    document = DocumentNumber(required=True)
