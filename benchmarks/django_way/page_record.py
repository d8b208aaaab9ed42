"""The record of a case for the decision page: written words, notices, documents, and the staff over its unit."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from benchmarks.check_input import Clerk
from benchmarks.django_way.models import Case, Document, Objection, RoleGrant, SealedRemark
from benchmarks.django_way.services import RING
from benchmarks.pages_record import ShownNotice, Words, hidden_fields
from benchmarks.pages_sql import above
from service.crypto.encryption import decrypt_field


def words(case: Case, clerk: Clerk) -> Words:
    """Return what people wrote about a case, by event and field, as far as the clerk may read it."""
    hidden, written = hidden_fields(clerk, case.unit_path), dict[int, dict[str, str]]()
    if hidden is None:
        return written
    for each in SealedRemark.objects.filter(subject_id=case.id).exclude(field__in=hidden).order_by("pk"):
        text = decrypt_field(RING, "sealed_remark.text", each.id, each.text_sealed)
        written.setdefault(each.seq, {})[each.field] = text
    return written


def notices(case: Case, actors: Mapping[int, str]) -> list[ShownNotice]:
    """Return the notices of a case, the newest first; `actors` are the names of the actors of its events."""
    objections = Prefetch("objections", Objection.objects.order_by("pk"))
    rows = case.notices.prefetch_related(objections).order_by("-pk")
    return [
        ShownNotice(
            *(each.id, each.posted_on, each.ends_on, each.ended_on, each.places, actors[each.seq]),
            decrypt_field(RING, "notice.shown", each.id, each.shown_sealed),
            [_objection(one) for one in each.objections.all()],
        )
        for each in rows
    ]


def _objection(each: Objection) -> dict[str, Any]:
    return {name: getattr(each, name) for name in ("id", "source", "raised_on", "outcome", "answered_on")}


def documents(case: Case) -> list[Document]:
    """Return the documents of a case and those of its family, by kind."""
    rows = Document.objects.filter(Q(case=None) | Q(case=case), household=case.household_id)
    named = Exists(case.paper_documents.filter(document=OuterRef("pk")))
    rows = rows.annotate(pages=F("file__pages"), recorder=F("recorded_by__display_name"), is_named=named)
    return list(rows.defer("name_sealed").order_by("kind", "pk"))


def staff(case: Case, today: date) -> list[tuple[str, Clerk]]:
    """Return everybody who holds a role over the unit of a case, with their grants, in the order of names."""
    same = {name: OuterRef(name) for name in ("role", "tier")}
    own = _in_force(today).filter(account=OuterRef("for_account"), for_account=None, **same)
    rows = _in_force(today).filter(Q(for_account=None) | Exists(own), unit__path__in=above(case.unit_path))
    rows = rows.filter(account__disabled_at=None).select_related("account", "unit")
    people = dict[UUID, tuple[str, list[Any]]]()
    for each in rows.order_by("account__display_name", "account_id"):
        grant = (each.role, each.tier, each.unit.path, each.for_account_id)
        people.setdefault(each.account_id, (each.account.display_name, []))[1].append(grant)
    return [(name, Clerk(account, tuple(grants), [])) for account, (name, grants) in people.items()]


def _in_force(today: date) -> QuerySet[RoleGrant]:
    runs = Q(revoked_on=None) | Q(revoked_on__gt=today)
    return RoleGrant.objects.filter(runs, from_on__lte=today, until_on__gte=today)
