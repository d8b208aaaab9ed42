"""The request pipeline: the order of what happens before and after every view, for JSON and pages alike."""

from http import HTTPStatus

from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from service.http import access_log, idempotency, transaction
from service.http.context import app_state, mark_demo
from service.http.errors import database_problem
from service.http.known_names import refuse_unknown_query
from service.http.rate_limit import address_block
from service.http.request_state import has_request_state, request_state
from service.http.uploads import allow_upload


def register(app: Flask) -> None:
    """Register the pipeline with an app."""
    app.before_request(_start)
    app.after_request(_finish)
    app.teardown_request(_close)


def _start() -> None:
    g.request_state = access_log.new_request()
    allow_upload()
    app_state().rate_limiter.count("address", address_block(request.remote_addr))
    refuse_unknown_query()


def _finish(response: Response) -> Response:
    response = _end_transaction(response)
    mark_demo(response)
    access_log.write(response)
    return response


def _end_transaction(response: Response) -> Response:
    """Store the answer with its key, commit or roll back, then count the steps that were kept.

    A database that fails at this moment leaves it open whether the act was committed: the same key finds out.
    """
    try:
        idempotency.store_response(response)
        transaction.commit_or_rollback(response)
    except SQLAlchemyError as error:
        transaction.close_connection()
        response.close()  # what it holds is given back: it is not sent
        return database_problem(error)
    if response.status_code < HTTPStatus.BAD_REQUEST:
        access_log.count_steps(request_state())
    return response


def _close(_error: BaseException | None) -> None:
    transaction.close_connection()
    if has_request_state():
        access_log.end_request(g.pop("request_state"))
