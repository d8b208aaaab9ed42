"""Schemas of report figures and the rows behind them."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import In


class ReportIn(In):
    """The unit and the period of a report: the first day of a month and the last day of a month; both days count."""

    unit = fields.UUID(required=True)
    start = fields.Date(required=True, data_key="from")
    end = fields.Date(required=True, data_key="to")


class RowsIn(ReportIn):
    """A page of the rows behind a figure."""

    size = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    after = fields.UUID(load_default=None)


class RowOut(Schema):
    """One row behind a figure; it names no private person."""

    id = fields.UUID()
    reference = fields.String(allow_none=True)
    on = fields.Date(allow_none=True)
    unit = fields.String(allow_none=True)
    amount = fields.Integer(allow_none=True, metadata={"description": "Fen for money, pieces for goods."})
    part = fields.String(allow_none=True)


class RowsOut(Schema):
    """The rows behind a figure."""

    items = fields.List(fields.Nested(RowOut))
    next = fields.UUID(allow_none=True)
    count = fields.Integer()
