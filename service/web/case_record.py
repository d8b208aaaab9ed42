"""What people did in a case and wrote about it: the timeline, and the notices with their objections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.http.context import app_state, caller, today
from service.queries import masking
from service.queries.sealed_remarks import words_of
from service.web import forms
from service.web.formatting import term, yuan
from service.web.layout import text


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One event: who did what, when, how many days after the event before it, and what they wrote."""

    seq: int
    action: str
    actor: str
    principal: str | None
    on: date
    days: int
    words: Mapping[str, str]
    """What they wrote, by field, as far as the caller may read it."""

    @property
    def labelled_words(self) -> tuple[tuple[str, str], ...]:
        """Return what they wrote, each with the label of its field."""
        return tuple((forms.label_of(self.action, field), text) for field, text in self.words.items())


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """An objection to an award, and what it and its answer say, where the caller may read it."""

    source: str
    raised_on: date
    outcome: str | None
    answered_on: date | None
    words: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A public notice: what it showed, when and where, and the objections to it, the oldest first."""

    id: UUID
    posted_on: date
    ends_on: date
    ended_on: date | None
    places: Sequence[str]
    posted_by: str
    shown: Mapping[str, Any]
    objections: tuple[ObjectionView, ...]

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Return what it showed, line by line, each with its label."""
        return notice_lines(self.shown)


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """What was done in a case, newest first, and its notices, newest first."""

    timeline: tuple[TimelineItem, ...]
    notices: tuple[NoticeView, ...]

    @property
    def words(self) -> dict[str, str]:
        """Return what was last written in each field, as far as the caller may read it."""
        return {field: text for item in reversed(self.timeline) for field, text in item.words.items()}


def case_record(events: list[dict[str, Any]], notices: list[dict[str, Any]], unit_path: str) -> CaseRecord:
    """Return the record of a case of this unit."""
    items = _timeline(events, unit_path)
    return CaseRecord(items, _notices(notices, items))


def _timeline(events: list[dict[str, Any]], unit_path: str) -> tuple[TimelineItem, ...]:
    days = [events[0]["on"], *(each["on"] for each in events)] if events else []
    keyring, me = app_state().keyring, caller()
    items = [
        TimelineItem(
            *(each["seq"], each["action"], each["actor"], each["principal"], each["on"], (each["on"] - before).days),
            words_of(keyring, each["sealed"], me, unit_path) or {},
        )
        for before, each in zip(days, events, strict=False)
    ]
    return tuple(reversed(items))


def _notices(rows: list[dict[str, Any]], items: Sequence[TimelineItem]) -> tuple[NoticeView, ...]:
    # Each answer is to the oldest open objection of the case: answers come in the order of the objections.
    said = {
        name: [item.words[name] for item in reversed(items) if name in item.words] for name in ("objection", "answer")
    }
    every = sorted((each["id"], each) for row in rows for each in row["objections"] or ())
    texts = {row_id: [_at(said[name], number) for name in said] for number, (row_id, _) in enumerate(every)}
    return tuple(
        NoticeView(
            *(row["id"], row["posted_on"], row["ends_on"], row["ended_on"], row["places"], row["posted_by"]),
            masking.notice(app_state().keyring, row, today()),
            tuple(_objection(each, *texts[each["id"]]) for each in row["objections"] or ()),
        )
        for row in rows
    )


def notice_lines(shown: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the lines that a notice showed: name, unit, item, category where there is one, award."""
    words = {
        "name": shown["name"],
        "unit": shown["unit"],
        "item": term(shown["item"], "item"),
        "category": term(shown["category"], "category") if shown["category"] else "",
        "award": f"{yuan(shown['award'])} {text('yuan')}",
    }
    return tuple((text(f"notice_line.{name}"), line) for name, line in words.items() if line)


def _at(texts: list[str], number: int) -> str | None:
    return texts[number] if number < len(texts) else None


def _objection(row: Mapping[str, Any], words: str | None, answer: str | None) -> ObjectionView:
    answered_on = row["answered_on"] and date.fromisoformat(row["answered_on"])
    raised_on = date.fromisoformat(row["raised_on"])
    return ObjectionView(row["source"], raised_on, row["outcome"], answered_on, words, answer)
