"""Schemas of receipts: money received on a fund line."""

from marshmallow import Schema, fields

from service.schemas.fields import In, Money, OnceOut, YesNo, plain


class ReceiptIn(In):
    """Money received on the fund line, by the document that proves it."""

    amount = Money(required=True)
    document = plain(120)
    on = fields.Date(required=True)
    confirmed_repeat = YesNo(load_default=False)


class ReceiptCorrectionIn(ReceiptIn):
    """The receipt as it should have been recorded, and why."""

    reason = plain(400)


class ReceiptOut(OnceOut):
    """A receipt; one that was voided or corrected stays in the list."""

    id = fields.UUID()
    amount = Money(attribute="fen")
    document = fields.String()
    on = fields.Date()
    recorded_by = fields.UUID()


class ReceiptsOut(Schema):
    """The receipts of a fund line."""

    items = fields.List(fields.Nested(ReceiptOut))
