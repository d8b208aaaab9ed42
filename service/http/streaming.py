"""An answer that is sent while it is made, with the caller and the language of its request."""

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Response, g, stream_with_context

from service.http.request_state import RequestState, request_state
from service.observability import logs


def streamed(parts: Iterator[bytes], content_type: str, held: ExitStack) -> Response:
    """Return an answer of these parts. The transaction of the request is committed before the first of them is made.

    `held` is closed after the last part, and when the reader has gone or the answer is not sent at all.
    """
    request_id = logs.REQUEST.get()
    answer = Response(stream_with_context(_in_request(parts, request_state(), request_id, held)))
    answer.content_type = content_type
    answer.call_on_close(held.close)
    return answer


def _in_request(
    parts: Iterator[bytes], state: RequestState, request_id: str | None, held: ExitStack
) -> Iterator[bytes]:
    # The state of a request ends before its answer is sent (pipeline._close), which is right for every other answer.
    # Flask ends it once more after the last part.
    state.log_token = logs.REQUEST.set(request_id)
    g.request_state = state
    with held:
        yield from parts
