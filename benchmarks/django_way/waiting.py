"""Whom cases wait for, by the awaited steps of their states: a few queries for a page, compared in Python."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from benchmarks.decided_category import NOT_FILING
from benchmarks.django_way.models import Account, Case, Event, Kinship, RoleGrant
from benchmarks.pages_words import known

DENIES = ("not_received", "handed_back")
Step = Mapping[str, Any]


class Page:
    """What is read once for all cases of a page; the cases come with their lists prefetched."""

    def __init__(self, cases: list[Case], today: date) -> None:
        self.today = today
        runs = Q(revoked_on=None) | Q(revoked_on__gt=today)
        grants = RoleGrant.objects.filter(runs, from_on__lte=today, until_on__gte=today, account__disabled_at=None)
        held = list(grants.select_related("account", "unit").order_by("account__display_name", "account_id"))
        own = {(each.account_id, each.role, each.tier) for each in held if each.for_account_id is None}
        self.grants = [
            each for each in held if each.for_account_id is None or (each.for_account_id, each.role, each.tier) in own
        ]
        self.posted = self._events(cases)
        families = [each.household_id for each in cases]
        self.kin = {(each.household_id, each.account_id) for each in Kinship.objects.filter(household__in=families)}
        numbers = [bytes(m.id_no_index) for case in cases for m in case.household.members.all() if m.id_no_index]
        same = Account.objects.filter(id_no_index__in=numbers).values_list("id_no_index", "id")
        self.staff = {bytes(number): account for number, account in same}

    def _events(self, cases: list[Case]) -> dict[UUID, set[UUID]]:
        """Return who wrote in the file of each household, and keep who posted each notice and returned each case."""
        owners = {case.household_id: case.household_id for case in cases}
        owners |= {each.id: case.household_id for case in cases for each in case.household.members.all()}
        filed = Event.objects.filter(subject_id__in=list(owners)).exclude(action__in=NOT_FILING)
        self.filers: dict[UUID, set[UUID]] = {}
        for subject, actor in filed.values_list("subject_id", "actor_id").distinct():
            self.filers.setdefault(owners[subject], set()).add(actor)
        steps = Event.objects.filter(subject_id__in=[case.id for case in cases])
        steps = steps.filter(action__in=("pass_review", "return_to_survey"))
        posted: dict[UUID, set[UUID]] = {}
        self.returned: dict[UUID, int] = {}
        for each in steps.only("subject_id", "seq", "action", "actor_id", "principal_id").order_by("seq"):
            if each.action == "return_to_survey":
                self.returned[each.subject_id] = each.seq
            posted.setdefault(each.subject_id, set()).update({each.actor_id, each.principal_id} - {None})
        return posted


def people_awaited(cases: list[Case], today: date) -> dict[UUID, list[tuple[str, str]]]:
    """Return name and role of those whom each case waits for, in the order of names."""
    page, steps = Page(cases, today), known()["steps"]
    by_state: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        by_state.setdefault((step["programme"], step["state"]), []).append(step)
    return {case.id: list(_people(page, case, by_state.get((case.programme, case.state), ()))) for case in cases}


def _people(page: Page, case: Case, steps: Iterable[Step]) -> Iterator[tuple[str, str]]:
    wanted = [step for step in steps if _is_awaited(page, case, step)]
    for grant in page.grants if wanted else ():
        people = {grant.account_id, grant.for_account_id} - {None}
        if not case.unit_path.startswith(grant.unit.path) or _is_family(page, case, people):
            continue
        if any(_fits(page, case, step, grant, people) for step in wanted):
            yield grant.account.display_name, grant.role


def _is_awaited(page: Page, case: Case, step: Step) -> bool:
    if case.held_until is not None and not step["while_held"]:
        return False
    signed = sum(each.voided_seq is None for each in case.approvals.all())
    if step["signatures"] is not None and step["signatures"] != signed:
        return False
    kind = step["awaited"]
    if kind == "hold_over":
        return case.held_until is not None and case.held_until < page.today
    if kind == "visited":
        since = page.returned.get(case.id, -1)
        return any(each.kind == "survey" and (each.seq or 0) > since for each in case.visits.all())
    if kind in {"followed_up", "not_followed_up"}:
        calls = [each for each in case.visits.all() if each.kind == "follow_up"]
        return bool(calls and calls[-1].conclusion not in DENIES) == (kind == "followed_up")
    return kind == "always" or _is_objected(case, kind)


def _is_objected(case: Case, kind: str) -> bool:
    if kind == "objection_open":
        return any(each.outcome is None for each in case.objections.all())
    last = max(case.notices.all(), key=lambda notice: notice.seq, default=None)
    return any(each.outcome == "upheld" and last and each.notice_id == last.id for each in case.objections.all())


def _is_family(page: Page, case: Case, people: set[UUID]) -> bool:
    numbers = (bytes(each.id_no_index) for each in case.household.members.all() if each.active and each.id_no_index)
    members = {page.staff.get(number) for number in numbers}
    return bool(people & members) or any((case.household_id, each) in page.kin for each in people)


def _fits(page: Page, case: Case, step: Step, grant: RoleGrant, people: set[UUID]) -> bool:
    """Return whether the people of a grant may take a step: role and tier, no other duty, nothing of their own."""
    if grant.role != step["role"] or (step["signatures"] is not None and grant.tier <= step["signatures"]):
        return False
    barred = set(step["barred_by"])
    if any(each.duty in barred and each.account_id in people for each in case.duties.all()):
        return False
    if "filer" in barred and people & page.filers.get(case.household_id, set()):
        return False
    objected = bool(case.objections.all())
    own = objected and bool(people & page.posted.get(case.id, set()))
    if own and {"answers_own_award", "passes_own_award"} & set(step["asks"]):
        return False
    return not ("same_people_again" in step["asks"] and _same_people(case, people))


def _same_people(case: Case, people: set[UUID]) -> bool:
    *earlier, last = sorted(case.payments.all(), key=lambda payment: payment.seq) or (None,)
    return any(each.paid_by_id == last.paid_by_id and each.confirmed_by_id in people for each in earlier)
