"""/payments: the list of payments by state, source and day."""

from flask import Blueprint, render_template

from service.http.auth import READERS, requires_role
from service.http.context import caller
from service.http.known_names import takes_query
from service.http.transaction import connection
from service.queries import payment_list
from service.web import lists
from service.web.case_filters import unit_names
from service.web.past_lists import past_list
from service.web.payment_filters import FILTERS, payment_filters, payment_labels
from workflows.code_lists import FundSource, PaymentMethod
from workflows.payment_states import PaymentState

blueprint = Blueprint("payments", __name__)


@blueprint.get("/payments")
@requires_role(*READERS)
@past_list
@takes_query("after", *FILTERS)
def list_payments() -> str:
    """List the payments of the caller's units, the one made last first, with their count and sum."""
    filters, names = payment_filters(), unit_names(caller())
    page, total = payment_list.page(connection(), caller(), filters, lists.cursor_key(filters), lists.PAGE_SIZE)
    return render_template(
        "payments/list.html",
        rows=page.rows,
        total=total,
        next_url=lists.next_url(page.last, filters),
        chosen=lists.chosen_filters(payment_labels(filters, names)),
        filters=filters,
        units=names,
        states=tuple(PaymentState),
        methods=tuple(PaymentMethod),
        sources=tuple(FundSource),
    )
