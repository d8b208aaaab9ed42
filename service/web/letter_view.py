"""A letter as pages show it: the filters of the list, the words of a row, and what was written."""

from collections.abc import Iterator
from typing import Any

from service.crypto.encryption import decrypt_field
from service.http.context import app_state, caller
from service.http.errors import language
from service.i18n import notification_text
from service.i18n.notification_text import TELL_FAMILY, Text
from service.queries import masking
from service.queries.notification_list import FAMILY, STAFF
from service.queries.notifications import FAILED
from service.tables.notifications import CHANNELS, STATES
from service.web import list_filters as filters
from service.web.formatting import day, instant, term
from service.web.layout import text
from service.web.record_view import RecordView, ViewLine, line
from workflows.disclosure import Profile, shown
from workflows.notifications import NOTIFICATIONS
from workflows.vocabulary import Role

RESENDERS = (Role.REGISTRAR, Role.ADMIN)
KINDS = (*NOTIFICATIONS, TELL_FAMILY)
TAGS = {"delivered": "good", "permanent_failure": "bad", "technical_failure": "bad"}
"""How the state of a letter is marked; the others wait."""

FILTERS = (
    *filters.of_days(),
    filters.of_unit(),
    filters.of_answer("letter_state", "case.state", {state: f"letter.{state}" for state in STATES}),
    filters.of_code("letter_kind", "records.kind", KINDS, "letter_kind"),
    filters.of_answer("channel", "records.channel", {channel: f"channel.{channel}" for channel in CHANNELS}),
    filters.of_answer("reader", "records.reader", {FAMILY: "records.to_family", STAFF: "records.to_staff"}),
    filters.of_text("case_no", "records.case_no"),
)


def reader_of(row: dict[str, Any]) -> str:
    """Return who reads a letter: a member of staff, or the masked name of a member of the family."""
    if row["person_id"] is None:
        return str(row["staff"])
    if row["name_sealed"] is None:
        return text("records.to_family")
    return masking.name(app_state().keyring, {"id": row["person_id"], "name_sealed": row["name_sealed"]})


def with_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list with its reader and how its state is marked."""
    return {**row, "reader": reader_of(row), "tag": TAGS.get(row["state"], "wait")}


def letter_view(row: dict[str, Any]) -> RecordView:
    """Return the page of a letter."""
    return RecordView(
        title=f"{term(row['kind'], 'letter_kind')} · {day(row['on'])}",
        back="/letters",
        back_label=text("records.notifications"),
        lines=tuple(_lines(row)),
        tags=((text(f"letter.{row['state']}"), TAGS.get(row["state"], "wait")),),
    )


def _lines(row: dict[str, Any]) -> Iterator[ViewLine]:
    yield line("records.case", row["case_no"], f"/cases/{row['case_id']}" if row["case_seen"] else "")
    yield line("case.unit", row["unit_name"])
    yield line("records.reader", reader_of(row))
    yield line("records.channel", text(f"channel.{row['channel']}"))
    if row["channel"] == "email":
        yield line("records.address", _masked_address(row))
    yield line("records.created_at", instant(row["created_at"]))
    yield line("records.delivered_at", instant(row["delivered_at"]))
    yield line("records.attempts", row["attempts"])
    if row["last_error"]:
        yield line("records.last_error", row["last_error"])


def _masked_address(row: dict[str, Any]) -> str | None:
    sealed = row["email_sealed"]
    plain = (
        decrypt_field(app_state().keyring, "person.email", row["person_id"], sealed) if sealed else row["staff_email"]
    )
    return shown("email", plain, Profile.LIST) if plain else None


def written(row: dict[str, Any]) -> Text | None:
    """Return what a letter says, for those who read its case: in the language of the installation, or of the inbox."""
    if not row["case_seen"]:
        return None
    settings, reader = app_state().settings, FAMILY if row["person_id"] else STAFF
    lang = settings.language if row["channel"] == "email" else language()
    about = {"case_no": row["case_no"], "case_id": row["case_id"]}
    return notification_text.render(row["kind"], reader, lang, home=settings.public_url, **about)


def may_resend(row: dict[str, Any]) -> bool:
    """Return whether the caller may send a letter again: it failed, and they are asked for it over its unit."""
    return row["state"] in FAILED and caller().holds(RESENDERS, row["unit_path"])
