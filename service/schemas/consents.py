"""Schemas of consents."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import DocumentNumber, In


class ConsentIn(In):
    """A signed authorisation."""

    signed_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    text_version = DocumentNumber(required=True)
    adults_signed = fields.Integer(required=True, strict=True, validate=validate.Range(1, 50))


class ConsentOut(Schema):
    """A signed authorisation."""

    signed_on = fields.Date()
    until_on = fields.Date()
    text_version = fields.String()
    adults_signed = fields.Integer()
