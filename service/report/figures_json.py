"""figures.json: every figure with its exact value, words, definition, period, date basis, and the list behind it."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from service.i18n.catalogue import translate
from service.report.figure_lookup import title
from service.report.figure_wording import EXACT, MANY, NumberStyle, printed_figure
from service.report.figures import Figure
from service.report.section import Section
from workflows.money_format import in_yuan
from workflows.wording import Quantity, Several


def figures_json(section: Section) -> str:
    """The figures as text: UTF-8, stable order, money as a string of yuan with two decimals."""
    scope, proof = section.scope, section.evidence
    whole = {
        "title": section.title,
        "lang": section.lang,
        "unit": {"id": str(section.unit_id), "name": section.unit_name},
        "period": {"from": scope.start.isoformat(), "to": scope.end.isoformat()},
        "as_of": section.as_of.isoformat(),
        "figures": [_figure(section, figure) for figure in section.figures],
        "policies": [
            {"title": each.title, "issuer": each.issuer, "document": each.document, "version": each.version}
            | {"sample": each.sample}
            for each in proof.policies
        ],
        "funds": {"lines": proof.funds, **{pot: in_yuan(fen) for pot, fen in proof.pots.items()}},
        "check": {"cases": proof.cases, "sha256": proof.digest},
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def link(section: Section, figure: Figure) -> str:
    """Where the API lists the rows that make the figure up."""
    scope = figure.scope
    context = {"unit": str(section.unit_id), "from": scope.start.isoformat(), "to": scope.end.isoformat()}
    return f"/api/v1/reports/welfare/figures/{quote(figure.address, safe=':')}/rows?{urlencode(context)}"


def _figure(section: Section, figure: Figure) -> dict[str, Any]:
    lang, measure = section.lang, figure.measure
    uses = [(sentence, each) for sentence, each in section.said if each.figure == figure.key]
    spoken = next((each.style for _, each in uses if each.style != EXACT), MANY)
    return {
        "key": figure.key,
        "title": title(figure, lang),
        "value": _value(figure),
        "at_least": 2 if isinstance(figure.value, Several) else None,
        "unit": figure.unit.word,
        "withheld": figure.withheld,
        "words": {"exact": _words(figure, EXACT, lang), "spoken": _words(figure, spoken, lang)},
        "used": [{"sentence": sentence, "form": each.style.key, "words": each.words} for sentence, each in uses],
        "definition": translate(measure.definition, lang),
        "basis": measure.basis.value,
        "basis_words": translate(f"report.basis.{measure.basis.value}", lang),
        "period": {"from": figure.scope.start.isoformat(), "to": figure.scope.end.isoformat()},
        "rows": figure.rows,
        "link": link(section, figure),
    }


def _value(figure: Figure) -> int | str | None:
    """A count, or yuan; None for what nobody counted and for what is withheld."""
    if not isinstance(figure.value, Quantity):
        return None
    return figure.value.amount if figure.unit.scale == 1 else in_yuan(figure.value.amount)


def _words(figure: Figure, style: NumberStyle, lang: str) -> str | None:
    return printed_figure(figure.value, style, lang) if figure.value is not None else None
