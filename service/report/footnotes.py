"""The closing notes: period and date basis, what is left out, policy sets, fund pots, and how to check the print."""

from collections.abc import Iterator
from datetime import datetime

from service.clock import UNION_TIME
from service.i18n.catalogue import translate
from service.report.evidence import POTS, Cited, Evidence
from service.report.figure_definition import OTHER, SMALL_CELL_THRESHOLD, Scope
from service.report.figure_lookup import FigureSet
from service.report.figure_wording import EXACT, day, printed_figure
from workflows.wording import YUAN, Quantity


def footnotes(told: FigureSet, proof: Evidence, scope: Scope, as_of: datetime, lang: str) -> Iterator[str]:
    """The notes in the order they are printed."""
    period = {"start": day(scope.start, lang), "end": day(scope.end, lang)}
    yield translate("report.note.period", lang, **period, as_of=moment(as_of, lang))
    yield translate("report.note.basis", lang)
    if told.any("paired_money") or told.any("donation_passed_on_money") or told.any("activity_money"):
        yield translate("report.note.apart", lang)
    if _merged(told) or any(figure.withheld for figure in told.figures.values()):
        yield translate("report.note.small_cells", lang, floor=SMALL_CELL_THRESHOLD)
    yield _policies(proof.policies, lang)
    if proof.funds:
        pots = {pot.value: printed_figure(Quantity(proof.pots[pot.value], YUAN), EXACT, lang) for pot in POTS}
        yield translate("report.note.funds", lang, funds=proof.funds, **pots)
    yield translate("report.note.names", lang)
    yield translate("report.note.digest", lang, cases=proof.cases, digest=proof.digest)


def moment(at: datetime, lang: str) -> str:
    """An instant in the union's time, to the minute."""
    local = at.astimezone(UNION_TIME)
    return translate("report.moment", lang, day=day(local.date(), lang), time=f"{local:%H:%M}")


def _merged(told: FigureSet) -> bool:
    return told.part("aid_money_by_item", OTHER) is not None


def _policies(cited: tuple[Cited, ...], lang: str) -> str:
    if not cited:
        return translate("report.note.no_policy", lang)
    return translate(
        "report.note.policies",
        lang,
        policies=translate("report.semicolon", lang).join(_policy(each, lang) for each in cited),
    )


def _policy(each: Cited, lang: str) -> str:
    sample = translate("report.sample", lang) if each.sample else ""
    words = {"title": each.title, "issuer": each.issuer, "document": each.document, "version": each.version}
    return translate("report.policy", lang, **words, sample=sample)
