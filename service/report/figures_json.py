"""This module writes figures.json: every figure with value, definition and link to its rows."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from service.i18n.catalogue import translate
from service.report.figure import Figure
from service.report.figure_lookup import FigureSet, title
from service.report.figure_wording import EXACT, MANY, NumberStyle, format_choices, format_figure
from service.report.footnotes import may_show_balances
from service.report.section import Section
from workflows.money_format import in_yuan
from workflows.wording import Quantity, Several


def figures_json(section: Section) -> str:
    """Return the figures as JSON in a stable order; money is a string of yuan: `300000 → "3000.00"`."""
    scope, evidence = section.scope, section.evidence
    document = {
        "title": section.title,
        "lang": section.lang,
        "unit": {"id": str(section.unit_id), "name": section.unit_name},
        "period": {"from": scope.start.isoformat(), "to": scope.end.isoformat()},
        "as_of": section.as_of.isoformat(),
        "figures": [_figure(section, figure) for figure in section.figures],
        "policies": [
            {"title": policy.title, "issuer": policy.issuer, "document": policy.document, "version": policy.version}
            | {"sample": policy.sample}
            for policy in evidence.policies
        ],
        "funds": {"on": scope.end.isoformat(), "lines": evidence.funds, **_balances(section)},
        "check": {"cases": evidence.cases, "sha256": evidence.digest},
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def rows_link(section: Section, figure: Figure) -> str:
    """Return the API path that lists the figure's rows."""
    scope = figure.scope
    parameters = {"unit": str(section.unit_id), "from": scope.start.isoformat(), "to": scope.end.isoformat()}
    return f"/api/v1/reports/welfare/figures/{quote(figure.address, safe=':')}/rows?{urlencode(parameters)}"


def _balances(section: Section) -> dict[str, str | None]:
    """Return the pots on the last day of the period, without values where they would reveal a small cell."""
    shown = may_show_balances(FigureSet.from_figures(list(section.figures)))
    return {pot: in_yuan(fen) if shown else None for pot, fen in section.evidence.pots.items()}


def _figure(section: Section, figure: Figure) -> dict[str, Any]:
    lang, measure = section.lang, figure.measure
    uses = [(sentence, printed) for sentence, printed in section.said if printed.figure == figure.key]
    rounded = next((printed.style for _, printed in uses if printed.style != EXACT), MANY)
    return {
        "key": figure.key,
        "title": title(figure, lang),
        "value": _value(figure),
        "at_least": 2 if isinstance(figure.value, Several) else None,
        "unit": figure.unit.word,
        "withheld": figure.withheld,
        "words": {
            "exact": _words(figure, EXACT, lang),
            "spoken": _words(figure, rounded, lang),
            "choices": format_choices(figure.value, lang) if figure.value is not None else [],
        },
        "used": [
            {"sentence": sentence, "form": printed.style.key, "words": printed.words} for sentence, printed in uses
        ],
        "definition": translate(measure.definition, lang),
        "basis": measure.basis.value,
        "basis_words": translate(f"report.basis.{measure.basis.value}", lang),
        "period": {"from": figure.scope.start.isoformat(), "to": figure.scope.end.isoformat()},
        "rows": figure.rows,
        "link": rows_link(section, figure),
    }


def _value(figure: Figure) -> int | str | None:
    """Return a count, or yuan as text; None for goods without a count and for withheld figures."""
    if not isinstance(figure.value, Quantity):
        return None
    return figure.value.amount if figure.unit.scale == 1 else in_yuan(figure.value.amount)


def _words(figure: Figure, style: NumberStyle, lang: str) -> str | None:
    return format_figure(figure.value, style, lang) if figure.value is not None else None
