"""Schema fields for money and text, and the base of request schemas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from workflows.form_fields import MAX_NUMBER, MONEY_SHAPE, NotMoney, NotNumberText, money, number_text
from workflows.money_format import in_yuan

CODE = validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9_.\-/]{0,63}\Z", error="not_code")


class Money(fields.Field[int]):
    """Yuan with at most two decimals as a JSON string, stored as fen; never rounded, never a float."""

    default_error_messages = {"not_money": "not_money"}  # noqa: RUF012 - marshmallow's own name

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "pattern": f"^{MONEY_SHAPE}$", "example": "3000.00"}
        super().__init__(metadata={**metadata, **kwargs.pop("metadata", {})}, **kwargs)

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else in_yuan(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:  # noqa: ARG002
        try:
            return money(value)
        except NotMoney:
            raise self.make_error("not_money") from None


class DocumentNumber(fields.String):
    """The number of a document as people write it: 银付-12号. It is stored half-width and without spaces."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"minLength": 1, "maxLength": MAX_NUMBER, "example": "银付-12号"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return number_text(text)
        except NotNumberText as wrong:
            limit = wrong.reason.values.get("limit")
            # marshmallow's own words, which the pages read
            raise ValidationError(f"Longer than maximum length {limit}." if limit else wrong.reason.code) from None


class YesNo(fields.Boolean):
    """A boolean: JSON true or false, and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


@dataclass(frozen=True, slots=True)
class UnknownField:
    """Marshmallow's message for a field that a schema does not have; `known` are the names it has."""

    known: tuple[str, ...]


class In(Schema):
    """A request body or query; an unknown field is an error, which names the known ones."""

    class Meta:
        unknown = RAISE

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = tuple(field.data_key or name for name, field in self.load_fields.items())
        messages: dict[str, Any] = {**self.error_messages, "unknown": UnknownField(known)}
        self.error_messages = messages


def plain(length: int, *, required: bool = True) -> fields.String:
    """Return a single-line text field of 1 to `length` characters, without control characters."""
    shape = validate.Regexp(r"^[^\x00-\x1f\x7f]*\Z", error="control_characters")
    return fields.String(required=required, validate=[validate.Length(1, length), shape, not_blank])


def words(length: int = 2000) -> fields.String:
    """Return an optional text field of 1 to `length` characters, perhaps on several lines."""
    shape = validate.Regexp(r"^[^\x00-\x08\x0b-\x1f\x7f]*\Z", error="control_characters")
    return fields.String(load_default=None, allow_none=True, validate=[validate.Length(1, length), shape])


def not_blank(value: str) -> None:
    """Raise ValidationError for text of spaces only."""
    if not value.strip():
        raise ValidationError("not_text")


class PageIn(In):
    """A page of a list: `size` rows after `cursor`."""

    class Meta:
        unknown = RAISE

    size = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(load_default=None, validate=validate.Length(1, 400))


class CountedPageIn(PageIn):
    """A page of a list whose count may be capped: `count=capped` counts to 10,000 only."""

    count = fields.String(load_default="exact", validate=validate.OneOf(["exact", "capped"]))


DIVISION = validate.Regexp(r"^[0-9]{0,12}\Z", error="not_a_division")


class VoidIn(In):
    """The reason why a record is void; it stays readable, so it names no one's number."""

    reason = plain(400)


class OnceOut(Schema):
    """What every record outside cases says of itself: its correction or void, and its number among confirmed repeats."""

    repeat_no = fields.Integer()
    corrects_id = fields.UUID(allow_none=True)
    voided_on = fields.Date(allow_none=True)
    void_reason = fields.String(allow_none=True)


class MadeOut(Schema):
    """The id of what was added."""

    id = fields.UUID()
