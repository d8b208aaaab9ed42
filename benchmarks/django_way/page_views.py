"""The two compared pages: views with the ORM and Django's templates."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, wraps
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.decorators.csrf import csrf_protect
from uuid_utils.compat import uuid7

from benchmarks import pages_decision, pages_list
from benchmarks.check_input import Clerk
from benchmarks.django_way.models import (
    Account,
    BrowserSession,
    CalendarDay,
    Case,
    Credential,
    Passkey,
    PolicySet,
    Unit,
)
from benchmarks.django_way.page_facts import masked, read_case, seen_by
from benchmarks.django_way.services import RING
from benchmarks.django_way.views import clerk
from benchmarks.django_way.waiting import people_awaited
from workflows import policy_parser
from workflows.policy import PolicySet as Policy
from workflows.workdays import Calendar

IDLE, TOUCHED_EVERY = timedelta(minutes=30), timedelta(minutes=1)
_WAITED = ("duties", "approvals", "visits", "objections__notice", "notices", "payments", "household__members")
_ORDERS = {"newest": ("-opened_on", "-id"), "oldest": ("opened_on", "id"), "due": ("due_on", "id")}


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view be called with a live session; it receives the account, its grants of the day, and the day."""

    @wraps(view)
    def checked(request: HttpRequest, **values: Any) -> HttpResponse:
        at, cookie = datetime.now(UTC), request.COOKIES.get("songnuan", "")
        live = BrowserSession.objects.filter(ended_at=None, ends_at__gt=at, last_seen_at__gt=at - IDLE)
        live = live.filter(token_hash=sha256(cookie.encode()).digest(), account__disabled_at=None)
        session = live.select_related("account").first()
        if session is None:
            return HttpResponse(status=401)
        if at - session.last_seen_at >= TOUCHED_EVERY:
            BrowserSession.objects.filter(pk=session.pk).update(last_seen_at=at)
        today = datetime.fromisoformat(request.headers["X-Songnuan-Date"]).date()
        person = clerk(session.account, today)
        if not pages_decision.paths_of(person.grants):
            return HttpResponse(status=403)
        return view(request, session.account, person, today, **values)

    return checked


@csrf_protect
@signed_in
def show_case(request: HttpRequest, account: Account, person: Clerk, today: date, case: UUID) -> HttpResponse:
    """Show a case in approval; 404 for a case that the person may not see."""
    reading = read_case(case, person, today)
    if reading is None:
        return HttpResponse(status=404)
    policy = _policy(reading.row.policy_set_id)
    page = pages_decision.page(reading, person, today, policy, _proof(account))
    for form in page["forms"]:
        form["key"] = str(uuid7())
    return render(request, "case.html", {**page, "key": str(uuid7()), **_layout(request, account)})


@csrf_protect
@signed_in
def list_cases(request: HttpRequest, account: Account, person: Clerk, today: date) -> HttpResponse:
    """List the first page of the cases of the person's units."""
    paths, sort = pages_decision.paths_of(person.grants), request.GET.get("sort", "newest")
    sort = sort if sort in _ORDERS else "newest"
    cases = Case.objects.filter(seen_by(paths)).annotate(fen=Coalesce("award_fen", "requested_fen"))
    total = cases[: pages_list.MOST + 1].aggregate(number=Count("pk"), sum=Sum("fen"))
    shown = cases.annotate(unit_name=F("unit__name")).select_related("household", "beneficiary")
    rows = list(shown.prefetch_related(*_WAITED).order_by(*_ORDERS[sort])[: pages_list.SIZE + 1])
    for row in rows:
        row.beneficiary_name = masked("person.name", row.beneficiary_id, row.beneficiary.name_sealed, "name")
    units = Unit.objects.filter(_at_or_below(paths)).order_by("path").values_list("id", "name")
    people = people_awaited(rows[: pages_list.SIZE], today)
    counted = (total["number"], total["sum"])
    page = pages_list.page([_Listed(row) for row in rows], people, counted, units, today, _calendar(), RING.index_key)
    for export in page["exports"]:
        export["key"] = str(uuid7())
    more = {"sort": sort, "query": request.META["QUERY_STRING"]}
    return render(request, "list.html", {**page, **more, **_layout(request, account)})


class _Listed:
    """A row of the list: a case whose `beneficiary` is a masked name."""

    def __init__(self, case: Case) -> None:
        self.case, self.beneficiary = case, case.beneficiary_name

    def __getattr__(self, name: str) -> Any:
        return getattr(self.case, name)


def _at_or_below(paths: list[str]) -> Q:
    condition = Q(pk=None)
    for each in paths:
        condition |= Q(path__gte=each, path__lt=f"{each[:-1]}0")
    return condition


def _layout(request: HttpRequest, account: Account) -> dict[str, str]:
    return {"name": account.display_name, "csrf": get_token(request), "path": request.path}


def _proof(account: Account) -> str:
    if Credential.objects.filter(account=account, kind="totp", ended_at=None).exists():
        return "totp"
    return "passkey" if Passkey.objects.filter(account=account, revoked_at=None).exists() else "password"


@lru_cache(maxsize=8)
def _policy(policy_id: UUID) -> Policy:
    """Return a policy set, which never changes and is read once."""
    return policy_parser.read_policy(PolicySet.objects.get(pk=policy_id).source)


@lru_cache(maxsize=1)
def _calendar() -> Calendar:
    """Return the calendar, which is read once."""
    days = dict(CalendarDay.objects.values_list("on", "working"))
    return Calendar(days, frozenset(day.year for day in days))
