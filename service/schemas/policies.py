"""Schemas of policy sets."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import In


class PolicyIn(In):
    """A policy set as its TOML text."""

    source = fields.String(required=True, validate=validate.Length(1, 200_000))
    urgent = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 400))


class PolicyOut(Schema):
    """A policy set; `sample` marks an example, which local documents overrule."""

    id = fields.UUID()
    key = fields.String()
    version = fields.String()
    title = fields.String()
    issuer = fields.String()
    document = fields.String()
    region = fields.String()
    effective_from = fields.Date()
    effective_to = fields.Date(allow_none=True)
    last_on = fields.Date(
        allow_none=True,
        metadata={"description": "effective_to, or the day before another set of the region takes its place."},
    )
    sample = fields.Boolean()
    digest = fields.String()
    loaded_at = fields.AwareDateTime()
    withdrawn_on = fields.Date(allow_none=True)
    withdrawn_reason = fields.String(allow_none=True)


class PolicyFullOut(PolicyOut):
    """A policy set with the text it was loaded from."""

    source = fields.String()


class PoliciesOut(Schema):
    """Policy sets, newest first."""

    items = fields.List(fields.Nested(PolicyOut))
