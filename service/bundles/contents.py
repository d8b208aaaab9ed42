"""The contents of a bundle as a table: what each part writes; another part is one more row."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.actions.bundles import BundleRequest
from service.bundles.archive_writer import ArchiveWriter, Packer
from service.bundles.event_files import EventCounts, write_events
from service.bundles.masked_columns import Masking
from service.bundles.scope import BundleScope
from service.bundles.tables import BUNDLE_TABLES, BundleTable, headers, rows_of
from service.bundles.verifier.log_tree import kept_checkpoints
from service.bundles.verifier.verification import ANCHORS, LAST_CHECKPOINT, SCRIPT
from service.bundles.verifier_script import verifier_script
from service.i18n.catalogue import LANGUAGES, translate
from service.imports.written_tables import Cell, write_workbook
from service.queries import anchors
from service.report.docx_writer import write_docx
from service.report.figure_lookup import title
from service.report.figure_wording import EXACT, format_figure
from service.report.figures_json import figures_json
from service.report.markdown import write_markdown
from service.report.period import period_problem
from service.report.section import make_section
from service.tables.policies import policy_set


@dataclass(slots=True)
class BundleParts:
    """What the parts of a bundle are written from and to, and what the manifest says of them afterwards."""

    conn: sa.Connection
    archive: ArchiveWriter
    request: BundleRequest
    scope: BundleScope
    masking: Masking
    watermark: str
    """Who took the bundle, when and what for: the first line of every table."""

    about: Mapping[str, Mapping[str, Any]]
    """By language: the values of the text that explains the bundle."""

    as_of: datetime
    cosigned: str = ""
    """Checkpoints with the cosignatures of witnesses, as they came back."""

    events: EventCounts = field(default_factory=EventCounts)
    said: dict[str, Any] = field(default_factory=dict)


def _readme(parts: BundleParts) -> None:
    texts = [translate("bundles.readme", lang, **parts.about[lang]) for lang in LANGUAGES]
    parts.archive.add("README.txt", ("\ufeff" + "\n\n".join(texts)).replace("\n", "\r\n").encode())


def _script(parts: BundleParts) -> None:
    parts.archive.add(SCRIPT, verifier_script().encode())


def _events(parts: BundleParts) -> None:
    parts.events = write_events(parts.conn, parts.archive, parts.scope)


def _checkpoints(parts: BundleParts) -> None:
    """Write every anchor with its checkpoint; one that a witness cosigned takes the place of the same without."""
    cosigned = {note.rpartition("\n\n")[0]: note for note in kept_checkpoints(parts.cosigned)}
    last, number = "", 0
    with parts.archive.file(ANCHORS) as target:
        for row in parts.conn.execute(anchors.every()).mappings():
            note = row["checkpoint"]
            note = cosigned.get(note.rpartition("\n\n")[0], note) if note is not None else None
            columns = {name: row[name] for name in ("no", "up_to", "events")} | {"on": row["on"].isoformat()}
            columns |= {"at": row["at"].astimezone(UTC).isoformat(), "checkpoint": note}
            columns |= {name: bytes(row[name]).hex() for name in ("root", "hash")}
            target.write(json.dumps(columns, ensure_ascii=False).encode() + b"\n")
            last, number = note or last, number + 1
    parts.archive.add(LAST_CHECKPOINT, last.encode())
    parts.said["anchors"] = number


def _table(table: BundleTable) -> Callable[[BundleParts], None]:
    def write(parts: BundleParts) -> None:
        columns = headers(table)
        rows = rows_of(parts.conn, table, parts.scope, parts.masking)
        with parts.archive.file(table.path) as target:
            _write_csv(target, parts.watermark, [header for header, _name, _kind in columns], rows)

    return write


def _write_csv(target: Packer, note: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write CSV as spreadsheet programs read it: UTF-8 with a byte order mark, the note in the first line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    target.write(b"\xef\xbb\xbf")
    for row in ([note], header):
        writer.writerow(row)
    for row in rows:
        writer.writerow(row)
        if text.tell() > 2**16:
            target.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    target.write(text.getvalue().encode())


def _policies(parts: BundleParts) -> None:
    """Write each policy set as it was loaded."""
    for row in parts.conn.execute(sa.select(policy_set).order_by(policy_set.c.id)):
        name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{row.key}-{row.version}")
        parts.archive.add(f"policy/{name}-{row.id.hex[-8:]}.toml", row.source.encode())


def _report(parts: BundleParts) -> None:
    """Write the figures and papers of the report; of a period that is not of whole months there is none."""
    request, problem = parts.request, period_problem(parts.request.start, parts.request.end)
    parts.said["report"] = "made" if problem is None else problem.code
    if problem is not None:
        return
    section = make_section(parts.conn, request.unit_path, request.start, request.end, parts.as_of)
    book, document = io.BytesIO(), io.BytesIO()
    write_workbook(
        book, parts.watermark, FIGURE_HEADERS, (_figure_row(figure, section.lang) for figure in section.figures)
    )
    write_docx(section, document)
    for name, content in (("figures.xlsx", book.getvalue()), ("welfare-section.docx", document.getvalue())):
        parts.archive.add(f"report/{name}", content, is_packed=False)
    parts.archive.add("report/figures.json", figures_json(section).encode())
    parts.archive.add("report/welfare-section.md", write_markdown(section).encode())


FIGURE_HEADERS = ("key", "title", "value", "unit", "definition")


def _figure_row(figure: Any, lang: str) -> list[Cell]:
    shown = format_figure(figure.value, EXACT, lang) if figure.value is not None else translate("report.withheld", lang)
    definition = translate(figure.measure.definition, lang)
    return [figure.key, title(figure, lang), shown, figure.unit.word, definition]


CONTENTS: tuple[Callable[[BundleParts], None], ...] = (
    _readme,
    _script,
    _events,
    _checkpoints,
    *map(_table, BUNDLE_TABLES),
    _policies,
    _report,
)
"""The parts in the order of the archive. Of scans it has the rows with kind, size and digest, and no file."""
