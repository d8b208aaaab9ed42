"""The facts of the decision page beside those of the rules, each queried when the page reads it."""

from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from benchmarks.check_input import Clerk
from benchmarks.django_way import page_record
from benchmarks.django_way.case_view import CaseFacts
from benchmarks.django_way.models import Case, Document, Event
from benchmarks.django_way.services import RING
from benchmarks.pages_decision import Reading, paths_of
from service.crypto.encryption import decrypt_field
from workflows.disclosure import Profile, shown

_PROPOSED = ("notice", "approval")
_PARTS = ("unit", "household", "fund", "policy_set", "beneficiary")
_LISTS = ("duties", "papers", "visits__visitors", "visits__confirmations", "household__members")


def seen_by(paths: list[str]) -> Q:
    """Return the condition for cases below these paths: a range, which the index of paths answers."""
    condition = Q(pk=None)
    for each in paths:
        # "0" follows "/" in the C collation.
        condition |= Q(unit_path__gte=each, unit_path__lt=f"{each[:-1]}0")
    return condition


class PageFacts(CaseFacts):
    """The columns of benchmarks.pages_sql.DECISION."""

    def __init__(self, case: Case, today: date) -> None:
        super().__init__(case, {}, today)
        self.file_no, self.unit_name = case.household.file_no, case.unit.name
        self.fund_code, self.fund_title = case.fund.code, case.fund.title
        self.policy_title = case.policy_set.title

    @cached_property
    def waiting(self) -> dict[str, int]:
        others = Case.objects.filter(fund=self.case.fund, state__in=_PROPOSED).exclude(pk=self.case.pk)
        return others.aggregate(number=Count("pk"), fen=Coalesce(Sum("award_fen"), 0))

    @property
    def waiting_number(self) -> int:
        return self.waiting["number"]

    @property
    def waiting_fen(self) -> int:
        return int(self.waiting["fen"])

    @property
    def scanned(self) -> list[list[str]] | None:
        """Return kind and digest of the documents in force in which the papers were seen; a signature covers them."""
        named = Document.objects.filter(paper_documents__case=self.case, ended_on=None).order_by("kind", "pk")
        digests = named.values_list("kind", "file__sha256")
        return [[kind, bytes(sha256).hex()] for kind, sha256 in digests] or None

    @cached_property
    def latest(self) -> Any:
        return self.case.approvals.select_related("account").order_by("-seq").first()

    @property
    def signature(self) -> tuple[Any, ...] | None:
        last = self.latest
        return (last.account.display_name, last.tier, last.on, last.voided_seq is not None) if last else None


def read_case(case_id: UUID, clerk: Clerk, today: date) -> Reading | None:
    """Return everything that the page of a case in approval shows; None for a case that the clerk may not see."""
    cases = Case.objects.filter(seen_by(paths_of(clerk.grants)), pk=case_id, state="approval")
    case = cases.select_related(*_PARTS).prefetch_related(*_LISTS).first()
    if case is None:
        return None
    row = PageFacts(case, today)
    events = Event.objects.filter(subject_id=case.id).select_related("actor", "principal").order_by("seq")
    steps = [_Event(each) for each in events.defer("body", "prev", "hash")]
    letters = case.notifications.select_related("account").order_by("pk")
    members = sorted((each for each in case.household.members.all() if each.active), key=lambda m: m.relation != "head")
    return Reading(
        row=row,
        events=steps,
        letters=[_Letter(each) for each in letters],
        members=[_member(each) for each in members],
        payee=_payee(case),
        signed_content=_signed_content(row.latest),
        words=page_record.words(case, clerk),
        notices=page_record.notices(case, {each.seq: each.actor for each in steps}),
        documents=page_record.documents(case),
        staff=page_record.staff(case, today),
    )


class _Event:
    """An event with the names of its actors; the body is loaded for corrections alone."""

    def __init__(self, event: Event) -> None:
        self.seq, self.action, self.to_state, self.on = event.seq, event.action, event.to_state, event.on
        self.actor = event.actor.display_name
        self.principal = event.principal.display_name if event.principal else None
        self.body = event.body if event.action == "correct_application" else None


class _Letter:
    """A notification with the name of its reader."""

    def __init__(self, letter: Any) -> None:
        self.on, self.channel, self.state = letter.on, letter.channel, letter.state
        self.staff = letter.account.display_name if letter.account else None


def masked(field: str, row_id: UUID, sealed: Any, shown_as: str) -> str:
    """Return a decrypted field as lists show it; an empty text where there is none."""
    return (shown(shown_as, decrypt_field(RING, field, row_id, sealed), Profile.LIST) or "") if sealed else ""


def _member(each: Any) -> dict[str, Any]:
    fields = {"name": "name", "id_no": "id_number", "phone": "phone"}
    values = {
        name: masked(f"person.{name}", each.id, getattr(each, f"{name}_sealed"), shown_as)
        for name, shown_as in fields.items()
    }
    return {"id": each.id, "relation": each.relation, **values}


def _payee(case: Case) -> dict[str, Any] | None:
    each = case.household.bank_accounts.filter(active=True).first()
    if each is None:
        return None
    card = masked("bank_account.card", each.id, each.card_sealed, "card")
    return {"bank": each.bank, "card": card, "person_id": each.person_id}


def _signed_content(last: Any) -> str | None:
    if last is None or last.content_sealed is None:
        return None
    return decrypt_field(RING, "approval.content", last.id, last.content_sealed)
