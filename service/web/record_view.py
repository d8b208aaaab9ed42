"""The page of one record outside cases: what it says, what can be done with it, and which record replaced it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import render_template, request

from service.http.context import caller
from service.http.transaction import connection
from service.queries.own_proposals import ProposedWrite, own_proposal
from service.web.event_words import PLACES
from service.web.formatting import day
from service.web.layout import text
from service.web.past_lists import name_of, not_kept
from workflows.vocabulary import Role


@dataclass(frozen=True, slots=True)
class ViewLine:
    """One line of a record: its label, its words, and where they lead."""

    label: str
    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class RecordView:
    """What the page of a record shows: `tags` are words with the kind of their tag, `acts` are labels with addresses."""

    title: str
    back: str
    back_label: str
    lines: tuple[ViewLine, ...]
    tags: tuple[tuple[str, str], ...] = ()
    acts: tuple[tuple[str, str], ...] = ()
    proposal: ProposedWrite | None = None


def shown(view: RecordView) -> str:
    """Return the page of a record."""
    return render_template("records/show.html", view=view)


def view_of(
    name: str, row: Mapping[str, Any], title: str, lines: Iterable[ViewLine], acts: Iterable[tuple[str, str]]
) -> RecordView:
    """Return the page of a record of the kind `name`, with whether it is void, and its events for auditors."""
    place = PLACES[name]
    return RecordView(
        title=title,
        back=f"/{place}",
        back_label=text(f"records.{place}"),
        lines=(*lines, *once_lines(row, f"/{place}")),
        tags=(state_tag(row),),
        acts=(*acts, *events_act(name, row["id"])),
        proposal=proposal_shown(),
    )


def line(key: str, words: object, url: str = "") -> ViewLine:
    """Return a line whose label is a text of pages.po; a dash for what the record does not say."""
    return ViewLine(text(key), "—" if words in (None, "") else str(words), url)


def family_of(row: Mapping[str, Any]) -> str:
    """Return the file number of a row's family and the masked name of its head, as far as the caller sees them."""
    if row["name_sealed"] is None:
        return f"{row['file_no']} {not_kept()}".rstrip() if row["file_no"] else ""
    return f"{row['file_no']} {name_of(row, 'head_id')}"


def state_tag(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the tag that says whether a record is void."""
    return (text("family.voided"), "plain") if row["voided_on"] else (text("records.live"), "good")


def once_lines(row: Mapping[str, Any], place: str) -> Iterator[ViewLine]:
    """Yield what a record says of its void, and of the record that it corrects or that corrects it."""
    if row["voided_on"]:
        yield line("records.voided_on", day(row["voided_on"]))
        yield line("records.void_reason", row["void_reason"])
    if row.get("corrected_by"):
        yield line("records.corrected_by", text("records.open"), f"{place}/{row['corrected_by']}")
    if row["corrects_id"]:
        yield line("records.corrects", text("records.open"), f"{place}/{row['corrects_id']}")
    if row["repeat_no"]:
        yield line("records.repeat_no", row["repeat_no"] + 1)


def change_acts(name: str, place: str, row: Mapping[str, Any], roles: Collection[Role]) -> list[tuple[str, str]]:
    """Return the links that correct and void a record, where the caller's roles allow it and it is not void."""
    if row["voided_on"] is not None or not caller().holds(roles, row["unit_path"]):
        return []
    return [(text(f"record.{name}_{act}"), f"{place}/{row['id']}/{act}") for act in ("correction", "void")]


def events_act(subject: str, row_id: UUID) -> list[tuple[str, str]]:
    """Return the link to the events of a record, for auditors."""
    if Role.AUDITOR not in caller().roles:
        return []
    return [(text("audit.case_events"), f"/events?subject={subject}&subject_id={row_id}")]


def proposal_shown() -> ProposedWrite | None:
    """Return the caller's proposal that the address names, with whom it waits for."""
    with suppress(ValueError):
        return own_proposal(connection(), UUID(request.args.get("proposed", "")), caller())
    return None
