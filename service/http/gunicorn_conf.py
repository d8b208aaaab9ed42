"""The settings of gunicorn, for `songnuan serve` and the image: `gunicorn -c python:service.http.gunicorn_conf`."""

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from flask import json
from gunicorn import glogging, util
from gunicorn.http import errors as wrong
from gunicorn.workers.gthread import ThreadWorker

from service.config import read_settings
from service.i18n.catalogue import LANGUAGES
from service.i18n.reason_messages import problem_document
from service.observability import logs
from service.private_files import UMASK, close_folder
from workflows.vocabulary import Reason

_BOUNDS = read_settings(os.environ).limits

wsgi_app = "service.app:create_app()"
# One process imports the service; the web processes are forked from it, share its memory and start at once.
preload_app = True
bind = os.environ.get("SONGNUAN_BIND") or "127.0.0.1:8000"
worker_class = "service.http.gunicorn_conf.Worker"
logger_class = "service.http.gunicorn_conf.Log"
workers, threads = _BOUNDS.web_workers, _BOUNDS.web_threads
timeout, graceful_timeout, keepalive = _BOUNDS.web_timeout, _BOUNDS.web_grace, _BOUNDS.web_keepalive
limit_request_line, limit_request_field_size, limit_request_fields = _BOUNDS.max_request_line, _BOUNDS.max_header, 64
# The heartbeat file is in memory: a slow disk must not make a serving process look dead.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# service/http/access_log.py writes the line of each request, without what was typed.
accesslog = None
umask = UMASK
control_socket_disable = True

# Each web process counts in a file of this folder; /metrics sums them.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="songnuan-metrics-"))
_COUNTS = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
close_folder(_COUNTS)

REFUSED: Mapping[type[Exception], tuple[int, str]] = {
    wrong.LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, "address_too_long"),
    wrong.LimitRequestHeaders: (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
    wrong.ParseException: (HTTPStatus.BAD_REQUEST, "request_unreadable"),
}
"""Input that is refused before it is a request, the narrowest kind first."""


def on_starting(_server: object) -> None:
    """Delete the counts of an earlier run; this process has begun to count already."""
    for counts in _COUNTS.iterdir():
        if not counts.name.endswith(f"_{os.getpid()}.db"):
            counts.unlink(missing_ok=True)


def when_ready(_server: object) -> None:
    """Leave what was imported out of collections: its memory stays shared with the forked processes."""
    gc.freeze()


def post_fork(_server: object, worker: ThreadWorker) -> None:
    """Forget the connections of the process that imported the service: two processes may not speak on one."""
    worker.app.wsgi().extensions["songnuan"].engine.dispose(close=False)


def child_exit(_server: object, worker: ThreadWorker) -> None:
    """Drop the gauges of a process that has ended; its counts stay."""
    for live in _COUNTS.glob(f"gauge_live*_{worker.pid}.db"):
        live.unlink(missing_ok=True)


def on_exit(_server: object) -> None:
    """Delete the files of the counts."""
    shutil.rmtree(_COUNTS, ignore_errors=True)


class Worker(ThreadWorker):  # type: ignore[misc]
    """A gunicorn worker that answers malformed HTTP with a problem document and never echoes the input."""

    def handle_error(self, req: object, client: socket.socket, addr: tuple[str, int], exc: Exception) -> None:
        """Answer with problem details; log the kind of fault and no word of the request."""
        del req, addr
        status, code = next((told for kind, told in REFUSED.items() if isinstance(exc, kind)), (500, ""))
        logs.log_event("unread_request", "warning", status=int(status), fault=logs.describe_exception(exc))
        try:
            util.write_nonblock(client, _problem(HTTPStatus(status), code or "internal_server_error"))
        except OSError:
            return  # whoever sent it has gone


def _problem(status: HTTPStatus, code: str) -> bytes:
    # Nothing was read of the request: it has no id, and its language is unknown.
    document = problem_document(status, [Reason(code)], LANGUAGES[0], request_id=None)
    body = json.dumps(document, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


class Log(glogging.Logger):  # type: ignore[misc]
    """The logger of gunicorn in the JSON format of the service."""

    def setup(self, cfg: object) -> None:
        """Give its handlers the JSON formatter."""
        super().setup(cfg)
        logs.configure()
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.Lines())
