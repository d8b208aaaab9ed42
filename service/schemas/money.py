"""Fund lines, policy sets, notices and figures."""

from marshmallow import Schema, fields, validate

from service.schemas.fields import CODE, In, Money, PageIn, plain
from workflows.money_format import in_yuan


class FundIn(In):
    """A fund line: source, year, document, and what it may be spent on."""

    unit_id = fields.UUID(required=True)
    code = fields.String(required=True, validate=CODE)
    title = plain(80)
    source = fields.String(required=True, validate=CODE)
    year = fields.Integer(required=True, strict=True, validate=validate.Range(2000, 2100))
    document = plain(120)
    items = fields.List(fields.String(validate=CODE), required=True, validate=validate.Length(1, 20))
    opens_on = fields.Date(required=True)
    expires_on = fields.Date(required=True)
    categories = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(0, 10))


class ReceiptIn(In):
    """Money that arrived on the line."""

    amount = Money(required=True)
    document = plain(120)
    on = fields.Date(required=True)


class FundOut(Schema):
    """A fund line with its pots, in yuan."""

    id = fields.UUID()
    unit_id = fields.UUID()
    code = fields.String()
    title = fields.String()
    source = fields.String()
    year = fields.Integer()
    document = fields.String()
    items = fields.List(fields.String(), attribute="permitted_items")
    categories = fields.List(fields.String())
    opens_on = fields.Date()
    expires_on = fields.Date()
    received = fields.Function(lambda row: in_yuan(-row["outside_fen"]), metadata={"type": "string"})
    available = Money(attribute="available_fen")
    committed = Money(attribute="committed_fen")
    paid = Money(attribute="paid_fen")
    recovering = Money(attribute="recovering_fen")
    written_off = Money(attribute="written_off_fen")
    version = fields.Integer()


class FundsOut(Schema):
    """The fund lines of the caller's units."""

    items = fields.List(fields.Nested(FundOut))


class OpeningIn(In):
    """A line is opened to a unit below, perhaps with the units below that one, perhaps up to a sum."""

    unit_id = fields.UUID(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    document = plain(120)
    with_below = fields.Boolean(load_default=False)
    ceiling = Money(load_default=None, allow_none=True)


class OpeningOut(Schema):
    """An opening, and what was drawn under it, in yuan."""

    id = fields.UUID()
    fund_id = fields.UUID()
    unit_id = fields.UUID()
    unit = fields.String(attribute="unit_name")
    with_below = fields.Boolean()
    from_on = fields.Date()
    until_on = fields.Date()
    closed_on = fields.Date(allow_none=True)
    ceiling = Money(attribute="ceiling_fen", allow_none=True)
    drawn = Money(attribute="drawn_fen")
    document = fields.String()


class OpeningsOut(Schema):
    """The openings of one line."""

    items = fields.List(fields.Nested(OpeningOut))


class OpenLineOut(OpeningOut):
    """A line of a unit above that is open to the caller's; its balance is the other unit's."""

    owner = fields.String(attribute="owner_name")
    code = fields.String()
    title = fields.String()
    source = fields.String()
    year = fields.Integer()
    items = fields.List(fields.String(), attribute="permitted_items")
    categories = fields.List(fields.String())
    opens_on = fields.Date()
    expires_on = fields.Date()


class OpenLinesOut(Schema):
    """The lines that are open to the caller's units."""

    items = fields.List(fields.Nested(OpenLineOut))


class PolicyIn(In):
    """A policy set as its TOML text."""

    source = fields.String(required=True, validate=validate.Length(1, 200_000))


class PolicyOut(Schema):
    """A policy set; `sample` says that it is an example and local documents rule."""

    id = fields.UUID()
    key = fields.String()
    version = fields.String()
    title = fields.String()
    issuer = fields.String()
    document = fields.String()
    region = fields.String()
    effective_from = fields.Date()
    effective_to = fields.Date(allow_none=True)
    sample = fields.Boolean()
    digest = fields.String()
    loaded_at = fields.AwareDateTime()


class PolicyFullOut(PolicyOut):
    """A policy set with the text it was loaded from."""

    source = fields.String()


class PoliciesOut(Schema):
    """Policy sets, newest first."""

    items = fields.List(fields.Nested(PolicyOut))


class ObjectionOut(Schema):
    """An objection; who raised it and what was said stay sealed."""

    id = fields.UUID()
    source = fields.String()
    raised_on = fields.Date()
    outcome = fields.String(allow_none=True)
    answered_on = fields.Date(allow_none=True)


class NoticeOut(Schema):
    """A public notice: when and where it hung, exactly what it showed, what was objected."""

    id = fields.UUID()
    case_id = fields.UUID()
    case_no = fields.String()
    posted_on = fields.Date()
    ends_on = fields.Date()
    ended_on = fields.Date(allow_none=True)
    places = fields.List(fields.String())
    shown = fields.Dict()
    shown_hash = fields.String()
    objections = fields.List(fields.Nested(ObjectionOut))


class NoticesOut(Schema):
    """A page of notices."""

    items = fields.List(fields.Nested(NoticeOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class NoticeFilterIn(PageIn):
    """Which notices to list."""

    case_id = fields.UUID()
    up = fields.Boolean(metadata={"description": "Only notices that still hang (true) or have ended (false)."})


class ObjectionIn(In):
    """An objection during the notice."""

    source = fields.String(required=True, validate=CODE)
    objection = fields.String(required=True, validate=validate.Length(1, 2000))


class ObjectionAnswerIn(In):
    """The answer to the oldest open objection of the notice."""

    outcome = fields.String(required=True, validate=CODE)
    answer = fields.String(required=True, validate=validate.Length(1, 2000))


class ReportIn(In):
    """Which unit and period; both days count."""

    unit = fields.UUID(required=True)
    start = fields.Date(required=True, data_key="from")
    end = fields.Date(required=True, data_key="to")


class RowsIn(ReportIn):
    """A page of the rows behind a figure."""

    size = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    after = fields.UUID(load_default=None)


class RowOut(Schema):
    """One row that makes up a figure; no private person's name."""

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
