"""The facts of a case of Django models, each queried when a check reads it."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, Value
from django.db.models.functions import StrIndex

from benchmarks.decided_category import NOT_FILING
from benchmarks.django_way.models import Account, Case, Event, Fund, NumberAbsence, RoleGrant

_OF_FUND = frozenset(("available_fen", "permitted_items", "categories", "opens_on", "expires_on", "settles_until"))
_OF_HOUSEHOLD = frozenset(
    ("division", "cause", "identity", "observed", "event_kind", "idle_able_members", "finances_as_of")
)


class CaseFacts:
    """The columns of benchmarks.facts_sql, each queried on access."""

    def __init__(self, case: Case, form: Mapping[str, Any], today: date) -> None:
        self.case, self.form, self.today, self.household = case, form, today, case.household

    def __getattr__(self, name: str) -> Any:
        """Return a column of the household, of the fund, or of the case."""
        if name in _OF_FUND:
            return getattr(self.fund, name)
        return getattr(self.household if name in _OF_HOUSEHOLD or name == "exited_on" else self.case, name)

    @cached_property
    def fund(self) -> Fund:
        named = self.form.get("fund")
        return Fund.objects.get(pk=named) if named else self.case.fund

    @property
    def opened(self) -> bool:
        return self.case.unit_path.startswith(self.fund.unit_path)

    @cached_property
    def duties(self) -> list[tuple[str, str]]:
        return [(each.duty, str(each.account_id)) for each in self.case.duties.all()]

    @cached_property
    def filers(self) -> list[str]:
        subjects = [self.household.id, *self.household.members.values_list("id", flat=True)]
        events = Event.objects.filter(subject_id__in=subjects).exclude(action__in=NOT_FILING)
        return [str(each) for each in events.values_list("actor_id", flat=True).distinct()]

    @cached_property
    def family_staff(self) -> list[UUID]:
        numbers = [each.id_no_index for each in self.household.members.all() if each.active and each.id_no_index]
        same = Account.objects.filter(id_no_index__in=numbers).values_list("id", flat=True)
        return [*self.household.kin.values_list("account_id", flat=True), *(same if numbers else ())]

    @cached_property
    def members(self) -> list[list[str | None]]:
        return [
            [str(each.id), bytes(each.name_index).hex(), bytes(each.id_no_index).hex() if each.id_no_index else None]
            for each in self.household.members.filter(active=True)
        ]

    @cached_property
    def lines(self) -> list[list[Any]]:
        rows = self.household.lines.order_by("side", "kind", "person_id", "fen", "id")
        return [[each.side, each.kind, str(each.person_id or ""), each.fen, each.reimbursed_fen] for each in rows]

    @property
    def consented_until(self) -> date | None:
        last = self.household.consents.order_by("-until_on").first()
        return last.until_on if last else None

    @cached_property
    def papers(self) -> list[str]:
        return list(self.case.papers.order_by("kind").values_list("kind", flat=True))

    @cached_property
    def payee(self) -> list[Any] | None:
        each = self.household.bank_accounts.filter(active=True).select_related("person").first()
        if each is None:
            return None
        in_family = each.person.household_id == self.household.id and each.person.active
        return [str(each.id), bytes(each.card_index).hex(), str(each.person_id), in_family]

    @cached_property
    def visits(self) -> list[dict[str, Any]]:
        return [_visit(each) for each in self.case.visits.prefetch_related("visitors", "confirmations")]

    @property
    def returned(self) -> None:
        """Query for a return to survey, which does not occur in this scenario."""
        Event.objects.filter(subject_id=self.case.id, action="return_to_survey").order_by("-seq").first()

    @cached_property
    def verification(self) -> list[Any] | None:
        last = self.case.verifications.order_by("-seq").first()
        return [last.replied_on.isoformat(), last.outcome, last.explained, last.people, last.seen] if last else None

    @cached_property
    def notice(self) -> list[Any] | None:
        last = self.case.notices.order_by("-seq").first()
        if last is None:
            return None
        still = self.case.objections.filter(outcome=None).count()
        upheld = last.objections.filter(outcome="upheld").count()
        ended = last.ended_on.isoformat() if last.ended_on else None
        return [last.posted_on.isoformat(), ended, last.content, still, upheld]

    @cached_property
    def approvals(self) -> list[tuple[int, str]]:
        return [(each.tier, each.content) for each in self.case.approvals.filter(voided_seq=None)]

    @property
    def payments(self) -> list[tuple[str, str, str, str, str | None]]:
        rows = self.case.payments.order_by("seq")
        return [
            (
                str(each.id),
                each.state,
                each.paid_on.isoformat(),
                str(each.paid_by_id),
                str(each.confirmed_by_id) if each.confirmed_by_id else None,
            )
            for each in rows
        ]

    @property
    def beneficiary_in_family(self) -> bool:
        return self.case.beneficiary.active and self.case.beneficiary.household_id == self.household.id

    @cached_property
    def no_number(self) -> dict[str, str | None]:
        payees = self.household.bank_accounts.filter(active=True).select_related("person")
        named = [("beneficiary", self.case.beneficiary), *(("payee", each.person) for each in payees)]
        return {who: _absent_until(each) for who, each in named if each.id_no_index is None}

    @cached_property
    def pending(self) -> list[str]:
        mine = Q(household=self.household) | Q(beneficiary_id=self.case.beneficiary_id)
        earlier = Q(opened_on__lt=self.case.opened_on) | Q(opened_on=self.case.opened_on, id__lt=self.case.id)
        items = Case.objects.filter(mine, earlier, outstanding_fen=0).exclude(phase="ended")
        return list(items.values_list("item", flat=True))

    @cached_property
    def others(self) -> list[tuple[str, int, str]]:
        cases = self.household.cases.exclude(pk=self.case.pk).filter(outstanding_fen__gt=0)
        gifts = self.household.gifts.exclude(fen=None)
        open_cases = [(each.item, each.outstanding_fen, each.entered_on.isoformat()) for each in cases]
        return [*open_cases, *((each.item, each.fen, each.on.isoformat()) for each in gifts)]

    @cached_property
    def prior_aid(self) -> list[tuple[str, int, str]]:
        cases = self.household.cases.exclude(pk=self.case.pk).prefetch_related("payments")
        paid = [(each.item, pay) for each in cases for pay in each.payments.all() if pay.state == "live"]
        gifts = [(each.item, each.fen, each.on.isoformat()) for each in self.household.gifts.exclude(fen=None)]
        return [*((item, pay.fen, pay.paid_on.isoformat()) for item, pay in paid), *gifts]

    def holding(self, role: str, tier: int = 0) -> list[RoleGrant]:
        """Return today's grants of a role for the case's unit."""
        rows = RoleGrant.objects.filter(role=role, tier=tier, revoked_on=None)
        rows = rows.filter(from_on__lte=self.today, until_on__gte=self.today).select_related("account")
        return list(rows.annotate(above=StrIndex(Value(self.case.unit_path), "unit__path")).filter(above=1))

    @property
    def eligible_visitors(self) -> list[UUID]:
        return [each.account_id for each in self.holding("visitor")]

    @property
    def reachable(self) -> UUID | None:
        each = self.household.members.filter(active=True).exclude(email_sealed=None).first()
        return each.id if each else None

    @property
    def registrars(self) -> list[tuple[str, bool]]:
        rows = self.case.duties.filter(duty="registrar").select_related("account")
        return [(str(each.account_id), each.account.email is not None) for each in rows]

    @property
    def holders(self) -> list[tuple[str, bool]]:
        rows = self.holding("approver", 1) if self.case.state == "notice" else self.holding("cashier")
        return [(str(each.account_id), each.account.email is not None) for each in rows]

    @property
    def head(self) -> tuple[str, str, str]:
        head = self.household.members.get(relation="head", active=True)
        return str(head.id), bytes(head.name_sealed).hex(), self.case.unit.name


def _absent_until(person: Any) -> str | None:
    absences = NumberAbsence.objects.filter(
        person_id__in=[each for each in (person.id, person.first_person_id) if each]
    )
    last = absences.aggregate(last=Max("until_on"))["last"]
    return last.isoformat() if last else None


def _visit(row: Any) -> dict[str, Any]:
    named = {
        "visitors": [str(each.id) for each in row.visitors.all()],
        "confirmed": [str(each.account_id) for each in row.confirmations.all()],
    }
    kept = {"kind": row.kind, "on": row.on.isoformat(), "conclusion": row.conclusion, "seq": row.seq, "seen": row.seen}
    return {"id": str(row.id), **kept, **named}
