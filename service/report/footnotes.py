"""Closing notes of the section: period, date basis, exclusions, policy sets, pots, digest."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from service.clock import UNION_TIME
from service.crypto.checkpoints import read_checkpoint
from service.i18n.catalogue import translate
from service.queries import anchors
from service.report.evidence import POTS, CitedPolicySet, Evidence
from service.report.figure_definition import OTHER, SMALL_CELL_THRESHOLD, Scope
from service.report.figure_lookup import FigureSet
from service.report.figure_wording import EXACT, format_day, format_figure
from workflows.wording import YUAN, Quantity


def footnotes(
    figure_set: FigureSet, evidence: Evidence, scope: Scope, as_of: datetime, lang: str, *, has_terms: bool
) -> Iterator[str]:
    """Yield the notes in the order of print; `has_terms` says that a table gives the exact values of rounded figures."""
    period = {"start": format_day(scope.start, lang), "end": format_day(scope.end, lang)}
    yield translate("report.note.period", lang, **period, as_of=format_moment(as_of, lang))
    rounded = translate("report.note.rounded", lang) if has_terms else ""
    yield translate("report.note.basis", lang, rounded=rounded)
    if (
        figure_set.is_nonzero("paired_money")
        or figure_set.is_nonzero("donation_passed_on_money")
        or figure_set.is_nonzero("activity_money")
    ):
        yield translate("report.note.apart", lang)
    if _has_merged_items(figure_set) or any(figure.withheld for figure in figure_set.figures.values()):
        yield translate("report.note.small_cells", lang, floor=SMALL_CELL_THRESHOLD)
    yield _policies(evidence.policies, lang)
    balances = list(_balances(evidence, lang))
    if balances and may_show_balances(figure_set):
        separator = translate("report.wide_comma", lang)
        yield translate(
            "report.note.funds", lang, funds=evidence.funds, end=period["end"], balances=separator.join(balances)
        )
    yield translate("report.note.names", lang)


def may_show_balances(figure_set: FigureSet) -> bool:
    """Return whether the paid pot of the unit's lines reveals no sum of a few families."""
    return not any(figure_set.is_withheld(measure) for measure in ("aid_money", "condolence_money"))


def _balances(evidence: Evidence, lang: str) -> Iterator[str]:
    """Yield the pots that are not empty, with their names."""
    for pot in POTS:
        fen = evidence.pots[pot.value]
        if fen:
            # A receipt entered with a later day than what was spent of it leaves less than nothing on the days between.
            money = ("-" if fen < 0 else "") + format_figure(Quantity(abs(fen), YUAN), EXACT, lang)
            yield translate(f"report.pot.{pot.value}", lang, money=money)


def format_moment(at: datetime, lang: str) -> str:
    """Return an instant in the union's time, to the minute."""
    local = at.astimezone(UNION_TIME)
    return translate("report.moment", lang, day=format_day(local.date(), lang), time=f"{local:%H:%M}")


def checkpoint_note(conn: sa.Connection, lang: str) -> Iterator[str]:
    """Yield the note with the last checkpoint of the event log, if there is one: the printed page keeps it."""
    last = anchors.last(conn)
    if last is not None and last.checkpoint is not None:
        checkpoint = read_checkpoint(last.checkpoint)
        root = b64encode(checkpoint.root).decode()
        values = {"origin": checkpoint.origin, "size": checkpoint.size, "root": root, "on": format_day(last.on, lang)}
        yield translate("report.note.checkpoint", lang, **values)


def _has_merged_items(figure_set: FigureSet) -> bool:
    return figure_set.part("aid_money_by_item", OTHER) is not None


def _policies(cited: tuple[CitedPolicySet, ...], lang: str) -> str:
    if not cited:
        return translate("report.note.no_policy", lang)
    return translate(
        "report.note.policies",
        lang,
        policies=translate("report.semicolon", lang).join(_policy(policy, lang) for policy in cited),
    )


def _policy(policy: CitedPolicySet, lang: str) -> str:
    sample = translate("report.sample", lang) if policy.sample else ""
    words = {"title": policy.title, "issuer": policy.issuer, "document": policy.document, "version": policy.version}
    return translate("report.policy", lang, **words, sample=sample)
