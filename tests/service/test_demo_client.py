"""The demo's client waits when the service says that a request is one too many."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

from service.cli.demo.client import DemoClients
from tests.api_client import ApiClient, serving


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """Serve the application on a free port, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_demo_client_waits_and_sends_again_when_it_was_too_fast(
    desk: ApiClient, database_url: str, tmp_path: Path
) -> None:
    """Regression: a demo with one registrar and 263 cases ended in a traceback on 429."""
    with (
        serving(database_url, tmp_path, SONGNUAN_RATE_TOKEN="2/second") as app,
        listening(app) as address,
        DemoClients(address, desk.office.tokens) as clients,
    ):
        started = time.monotonic()
        logins = [clients.get("auditor", date(2025, 9, 1), "/me")["login"] for _ in range(5)]
        assert logins == [desk.office.login("auditor")] * 5
        assert time.monotonic() - started >= 1
        body = {"programme": "hardship"}
        for _ in range(3):
            assert clients.post("auditor", date(2025, 9, 1), "/cases", body, refused="role_missing")["status"] == 403
