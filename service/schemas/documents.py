"""Schemas of documents: uploads, the list, and one document."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.datastructures import FileStorage

from service.schemas.fields import CODE, In, PageIn, plain


class Upload(fields.Field[FileStorage]):
    """A file of a form, whatever its name: what it is follows from its content."""

    default_error_messages = {"not_a_file": "not_a_file"}  # noqa: RUF012 - marshmallow's own name

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "binary"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> FileStorage:  # noqa: ARG002
        if not isinstance(value, FileStorage):
            raise self.make_error("not_a_file")
        return value


class DocumentsIn(In):
    """Documents of one kind: a document for each file. The household register in three photos is three files."""

    kind = fields.String(required=True, validate=CODE)
    files = fields.List(Upload(), required=True, validate=validate.Length(1))


class SupersedeIn(In):
    """The file that takes the place of a document, and why."""

    files = fields.List(Upload(), required=True, validate=validate.Length(1, 1))
    reason = plain(400)


class DocumentFilterIn(PageIn):
    """Filters of the list of documents; `twice` is for files whose bytes came for another family too."""

    household_id = fields.UUID()
    case_id = fields.UUID()
    kind = fields.String(validate=CODE)
    state = fields.String(validate=validate.OneOf(["in_force", "ended"]))
    received_from = fields.Date()
    received_to = fields.Date()
    twice = fields.Boolean()


class Digest(fields.Field[bytes]):
    """A SHA-256 digest as 64 hex digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "pattern": "^[0-9a-f]{64}$"}, **kwargs)

    def _serialize(self, value: bytes | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else bytes(value).hex()


class DocumentOut(Schema):
    """A document of a family or case, without its content; one that was superseded or ended stays in the list."""

    id = fields.UUID()
    household_id = fields.UUID()
    file_no = fields.String(allow_none=True)
    case_id = fields.UUID(allow_none=True)
    case_no = fields.String(allow_none=True)
    kind = fields.String()
    media_type = fields.String()
    pages = fields.Integer()
    size = fields.Integer()
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    sha256 = Digest()
    taken_at = fields.AwareDateTime(allow_none=True)
    received_on = fields.Date()
    recorded_by = fields.UUID()
    scanned_by = fields.String(allow_none=True)
    supersedes_id = fields.UUID(allow_none=True)
    superseded_by = fields.UUID(allow_none=True)
    ended_on = fields.Date(allow_none=True)
    end_reason = fields.String(allow_none=True)


class DocumentFullOut(DocumentOut):
    """One document; `name` is what the person's computer called the file, for those who may reveal names."""

    name = fields.String(allow_none=True)


class DocumentPageOut(Schema):
    """A page of documents, newest first."""

    items = fields.List(fields.Nested(DocumentOut))
    next_cursor = fields.String(allow_none=True)
    count = fields.Integer()


class DocumentsMadeOut(Schema):
    """The ids of the documents that were added, in the order of their files."""

    ids = fields.List(fields.UUID())
