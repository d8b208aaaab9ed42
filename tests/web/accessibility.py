"""What a page must be for everybody: axe's rules, no sideways scroll, letters to read and targets to hit."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"

RUN = """axe.run(document, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then((result) =>
  JSON.stringify(result.violations.map((rule) => rule.id + ": " + rule.help + ": " +
    rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | "))))"""

SMALL_LETTERS = """Array.from(document.querySelectorAll("body *")).filter((element) =>
    Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim()) &&
    element.getClientRects().length > 0 && parseFloat(getComputedStyle(element).fontSize) < 14
  ).map((element) => element.outerHTML.slice(0, 120))"""

SMALL_TARGETS = """Array.from(document.querySelectorAll(
    "button, select, textarea, summary, nav a, .choice, input:not([type=hidden], [type=radio], [type=checkbox])"
  )).filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.height < 43.5;
  }).map((element) => element.outerHTML.slice(0, 120) + " " + element.getBoundingClientRect().height)"""

TOO_WIDE = """(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) { return []; }
  const wide = Array.from(document.querySelectorAll("body *")).filter((element) =>
    element.getBoundingClientRect().right > width + 1 && !element.closest(".scroll"));
  return [`${document.documentElement.scrollWidth} px on ${width} px`,
    ...wide.slice(-3).map((element) => element.outerHTML.slice(0, 160))];
})()"""


def session_of(page: Page) -> CDPSession:
    """Return a session of the browser's own protocol, in which the page's content security policy does not count."""
    return page.context.new_cdp_session(page)


def evaluate(cdp: CDPSession, expression: str) -> Any:
    """Return the value of an expression in the page."""
    asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    answer = cdp.send("Runtime.evaluate", asked)
    if "exceptionDetails" in answer:
        raise AssertionError(answer["exceptionDetails"])
    return answer["result"].get("value")


def violations(cdp: CDPSession) -> list[str]:
    """Return what axe finds wrong with the page; its script is loaded where the browser does not give it to every page."""
    if not evaluate(cdp, "typeof axe === 'object'"):
        evaluate(cdp, AXE.read_text(encoding="utf-8"))
    found: list[str] = json.loads(evaluate(cdp, RUN))
    return found


def small_letters(cdp: CDPSession) -> list[str]:
    """Return elements whose letters are smaller than 14 pixels."""
    return list(evaluate(cdp, SMALL_LETTERS))


def small_targets(cdp: CDPSession) -> list[str]:
    """Return controls that are less than 44 pixels high."""
    return list(evaluate(cdp, SMALL_TARGETS))


def too_wide(cdp: CDPSession) -> list[str]:
    """Return the width of a page that scrolls sideways, and what makes it so wide; nothing where it does not."""
    return list(evaluate(cdp, TOO_WIDE))


def enlarge_text(cdp: CDPSession, percent: int) -> None:
    """Enlarge the text as a reader can in the browser's settings."""
    evaluate(cdp, f"document.documentElement.style.fontSize = '{percent}%'; void 0")
