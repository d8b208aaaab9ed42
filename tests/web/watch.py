"""Collects what no page may do: break the content security policy, log an error, ask another server, answer 5xx."""

from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

NOTE_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
  (violation) => console.error("CSP", violation.violatedDirective, violation.blockedURI, violation.sample));"""

REPEATED = "Failed to load resource: the server responded with a status of"
"""Chromium's own line for an answer of 400 and above, which the answer itself already tells."""


@dataclass
class Watch:
    """Watches every page of a browser context. `expected` are the error statuses that a test causes on purpose."""

    context: BrowserContext
    address: str
    expected: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def start(self) -> "Watch":
        """Watch the context from now on."""
        self.context.add_init_script(NOTE_VIOLATIONS)
        self.context.on("console", self._console)
        self.context.on("weberror", self._error)
        self.context.on("request", self._request)
        self.context.on("response", self._response)
        return self

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(REPEATED):
            self.faults.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.faults.append(f"request elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status} {response.request.method} {response.url}")
