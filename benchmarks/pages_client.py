"""A client process of the compared pages: it opens one page again and again on a persistent connection.

It uses the standard library only, so that reading an answer costs the same whoever sent it.
"""

import gc
import json
import sys
import time
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

_connections: dict[str, HTTPConnection] = {}


def open_page(server: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Send a GET and return the status and the body. Connects again once if the server has closed the connection."""
    if server not in _connections:
        address = urlsplit(server)
        _connections[server] = HTTPConnection(str(address.hostname), int(address.port or 80), timeout=60)
    connection = _connections[server]
    try:
        answer = _answer(connection, path, headers)
    except ConnectionError:
        connection.close()
        answer = _answer(connection, path, headers)
    return answer.status, answer.read()


def _answer(connection: HTTPConnection, path: str, headers: dict[str, str]) -> HTTPResponse:
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def run(server: str, path: str, headers: dict[str, str], seconds: float, text: str) -> dict[str, Any]:
    """Open a page for `seconds`; a page without 200 or without `text` is wrong. Latencies are in milliseconds."""
    latencies, wrong, size, wanted = list[float](), 0, 0, text.encode()
    gc.collect()
    began = time.perf_counter()
    while (sent := time.perf_counter()) - began < seconds:
        status, body = open_page(server, path, headers)
        latencies.append((time.perf_counter() - sent) * 1000)
        wrong, size = wrong + (status != 200 or wanted not in body), len(body)
    return {"seconds": time.perf_counter() - began, "latencies": latencies, "wrong": wrong, "bytes": size}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
