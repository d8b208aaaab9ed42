"""Schemas of confirmations: writes that wait for a second person."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import In, PageIn, plain
from service.tables.confirmations import STATES

DIGEST = validate.Regexp(r"^[0-9a-f]{64}\Z", error="not_code")


class ProposedOut(Schema):
    """A write that waits for its second person; `digest` is repeated by whoever confirms it."""

    confirmation = fields.UUID(attribute="id")
    digest = fields.String()
    until_on = fields.Date()
    shown_once = fields.List(fields.String(), dump_default=[])


class ConfirmIn(In):
    """The digest of the content that the caller has read."""

    digest = fields.String(required=True, validate=DIGEST)


class ConfirmedOut(Schema):
    """What the confirmation led to: `done` is false while others are missing. `shown_once` is stored nowhere."""

    done = fields.Boolean()
    id = fields.UUID(allow_none=True)
    shown_once = fields.List(fields.String())


class RefuseIn(In):
    """Why a proposal is refused; its proposer reads it."""

    reason = plain(400)


class ConfirmationFilterIn(PageIn):
    """Filters of the list: those that wait for the caller (`me`), or the caller's own (`mine`)."""

    of = fields.String(validate=validate.OneOf(("me", "mine")), data_key="for")
    state = fields.String(validate=validate.OneOf(STATES))
    act = fields.String(validate=validate.Length(1, 40))


class ConfirmerOut(Schema):
    """A person the proposal needs: a named account, or a holder of one of the roles; and who has confirmed."""

    roles = fields.List(fields.String())
    account_id = fields.UUID(allow_none=True)
    confirmed_by = fields.UUID(allow_none=True)
    confirmed_at = fields.AwareDateTime(allow_none=True)


class ConfirmationOut(Schema):
    """A confirmation without its content."""

    id = fields.UUID()
    act = fields.String()
    state = fields.String()
    digest = fields.String()
    proposed_by = fields.UUID()
    proposed_at = fields.AwareDateTime()
    until_on = fields.Date()
    ended_on = fields.Date(allow_none=True)
    ended_by = fields.UUID(allow_none=True)
    reason = fields.String(allow_none=True)


class ConfirmationPageOut(Schema):
    """A page of confirmations, newest first."""

    items = fields.List(fields.Nested(ConfirmationOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class ConfirmationFullOut(ConfirmationOut):
    """A confirmation with its content (identity numbers masked), its people, and what it would change."""

    content = fields.Dict(keys=fields.String())
    confirmers = fields.List(fields.Nested(ConfirmerOut))
    changes = fields.List(fields.Dict(keys=fields.String()))
