"""Visits outside cases: festival, hardship, bereavement, pairing, retired members, hospital; corrected or voided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.actions import event_log, validation
from service.actions.context import ActionContext
from service.actions.corrections import Voidable, void_record
from service.actions.documents import NewDocument, add_documents
from service.actions.natural_keys import natural_key, once_facts, repeat_columns
from service.actions.open_households import file_open_to_records
from service.actions.permissions import require_role, unit_path_of
from service.actions.write_batch import WriteBatch
from service.crypto.encryption import encrypt_field
from service.db.columns import new_id
from service.files.received import ReceivedFile
from service.files.store import FileStore
from service.queries import accounts, documents, households, policies, units
from service.tables.gifts import gift
from service.tables.pairings import pairing
from service.tables.visits import visit, visit_photo, visit_visitor
from workflows.code_lists import OTHER_VISIT_KINDS, DocumentKind, Place, VisitKind
from workflows.condolence_codes import Deceased, Occasion
from workflows.policy import CLOSE_KIN, NoPolicy
from workflows.vocabulary import Plain, Reason, Refused, Role

KINDS_WITH_HOUSEHOLD = {VisitKind.HARDSHIP, VisitKind.PAIRING}


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A visit: who went, where, when and why; `companions` counts people who came along without an account."""

    unit_id: UUID
    kind: str
    on: date
    place: str
    visitors: tuple[UUID, ...]
    household_id: UUID | None = None
    occasion: str | None = None
    with_employer: bool = False
    companions: int | None = None
    relation_of_deceased: str | None = None
    story: str | None = None
    photos: tuple[UUID, ...] = ()
    """Visit photos on file of the family that it names."""

    confirmed_repeat: bool = False
    """A person says that this is a second visit, and not the same one again."""


NOT_COLUMNS = {"visitors", "story", "photos", "confirmed_repeat"}
MOST_PHOTOS = 20
ROLES = (Role.VISITOR, Role.REGISTRAR)
VOIDABLE = Voidable("visit", visit, ROLES)


@dataclass(frozen=True, slots=True)
class NewPhotos:
    """Photos that come with a visit: they are kept on file only once the visit is known to be allowed."""

    store: FileStore
    files: Sequence[ReceivedFile]


def record_visit(
    conn: sa.Connection,
    new: NewVisit,
    context: ActionContext,
    *,
    corrects: UUID | None = None,
    brought: NewPhotos | None = None,
) -> UUID:
    """Record a visit, with the photos that it names and those that come with it.

    Raises InvalidForm, Refused (role_missing, recorded_already, visitor_not_entitled, not_paired, kin_not_covered,
    photo_not_on_file, photos_without_family), NotFound, and what adding documents raises.
    """
    unit_path = unit_path_of(conn, new.unit_id)
    right = require_role(context, ROLES, unit_path)
    validation.refuse_invalid(_problems(new, context.today))
    if new.household_id is not None:
        file_open_to_records(households.one(conn, new.household_id, context.caller))
    once = repeat_columns(conn, visit, _key(new), confirmed=new.confirmed_repeat, corrects=corrects)
    reasons = [*_unentitled_visitors(conn, new, unit_path), *_missing_pairing(conn, new), *_kin_not_covered(conn, new)]
    if reasons:
        raise Refused(*reasons)
    photos = _photos(conn, new, brought, context)
    visit_id, batch = _rows(new, unit_path, once, photos, context)
    facts = {**_visit_facts(new, photos), **once_facts(once), **right}
    event_log.append_event(conn, "visit", visit_id, "record_visit", facts, context, batch)
    return visit_id


def _rows(
    new: NewVisit, unit_path: str, once: dict[str, Any], photos: Sequence[Mapping[str, Any]], context: ActionContext
) -> tuple[UUID, WriteBatch]:
    """Return the id of a visit and its rows, with its visitors and its photos."""
    visit_id, batch = new_id(), WriteBatch()
    columns = once | {name: getattr(new, name) for name in NewVisit.__slots__ if name not in NOT_COLUMNS}
    story_sealed = encrypt_field(context.keyring, "visit.story", visit_id, new.story) if new.story else None
    batch.add(
        visit,
        {"id": visit_id, "unit_path": unit_path, "story_sealed": story_sealed, "created_at": context.at, **columns},
    )
    batch.add(
        visit_visitor,
        *({"visit_id": visit_id, "account_id": account_id} for account_id in sorted(set(new.visitors), key=str)),
    )
    batch.add(visit_photo, *({"visit_id": visit_id, **photo} for photo in photos))
    return visit_id, batch


def _photos(
    conn: sa.Connection, new: NewVisit, brought: NewPhotos | None, context: ActionContext
) -> list[dict[str, Any]]:
    """Return the id and the digest of each photo of a visit; those that come with it are added to the family's documents."""
    if (new.photos or brought) and new.household_id is None:
        raise Refused(Reason.of("photos_without_family", field="household_id"))
    if new.household_id is None:
        return []
    named = _named_photos(conn, new, context)
    if brought is not None:
        files = [NewDocument(new.household_id, None, DocumentKind.VISIT_PHOTO.value, each) for each in brought.files]
        ids = add_documents(conn, brought.store, files, context)
        named |= {each: file.sha256 for each, file in zip(ids, brought.files, strict=True)}
    return [{"document_id": each, "sha256": named[each]} for each in sorted(named, key=str)]


def _named_photos(conn: sa.Connection, new: NewVisit, context: ActionContext) -> dict[UUID, bytes]:
    """Return the digest of each photo that a visit names. Raises Refused (photo_not_on_file)."""
    if not new.photos or new.household_id is None:
        return {}
    on_file = {each["id"]: each["sha256"] for each in documents.photos_on_file(conn, new.household_id, context.caller)}
    missing: list[Plain] = [str(each) for each in new.photos if each not in on_file]
    if missing:
        raise Refused(Reason.of("photo_not_on_file", field="photos", documents=missing))
    return {each: on_file[each] for each in new.photos}


def void_visit(conn: sa.Connection, visit_id: UUID, reason: str, context: ActionContext) -> None:
    """Void a visit outside cases.

    Raises InvalidForm, Refused (role_missing, voided_already, visit_of_case, visit_has_gifts), NotFound.
    """
    void_record(conn, VOIDABLE, visit_id, reason, context, lambda row: _refuse_needed(conn, row))


def correct_visit(conn: sa.Connection, visit_id: UUID, new: NewVisit, reason: str, context: ActionContext) -> UUID:
    """Void a visit outside cases and record it with other values. Raises what voiding and recording raise.

    Gifts handed over on the visit stay with it as long as the household and the day stay, and its photos as long as the
    household stays: a correction names more of them, and takes none away.
    """
    void_record(conn, VOIDABLE, visit_id, reason, context, lambda row: _refuse_needed(conn, row, new))
    kept = _kept_photos(conn, visit_id, new)
    return record_visit(
        conn, replace(new, photos=tuple(dict.fromkeys((*kept, *new.photos)))), context, corrects=visit_id
    )


def _kept_photos(conn: sa.Connection, visit_id: UUID, new: NewVisit) -> list[UUID]:
    """Return the photos of a visit, where its correction is about the same family."""
    rows = sa.select(visit_photo.c.document_id).join(visit, visit.c.id == visit_photo.c.visit_id)
    return list(conn.scalars(rows.where(visit.c.id == visit_id, visit.c.household_id == new.household_id)))


def _refuse_needed(conn: sa.Connection, row: dict[str, Any], new: NewVisit | None = None) -> None:
    """Refuse to void a visit of a case, and one with gifts unless `new` keeps its household and day."""
    if row["case_id"] is not None:
        raise Refused(Reason.of("visit_of_case"))
    if new is not None and (row["household_id"], row["on"]) == (new.household_id, new.on):
        return
    live = sa.and_(gift.c.visit_id == row["id"], gift.c.voided_on.is_(None))
    count = conn.scalar(sa.select(sa.func.count()).select_from(gift).where(live))
    if count:
        raise Refused(Reason.of("visit_has_gifts", count=count))


def _key(new: NewVisit) -> str:
    """Return what the visit is: unit, household, day, kind, and the people who went."""
    return natural_key("visit", new.unit_id, new.household_id, new.on, new.kind, sorted(map(str, set(new.visitors))))


def _problems(new: NewVisit, today: date) -> Iterator[Reason]:
    yield from validation.choice("kind", new.kind, OTHER_VISIT_KINDS)
    yield from validation.choice("place", new.place, Place)
    yield from validation.choice("occasion", new.occasion, Occasion, required=new.kind == VisitKind.FESTIVAL)
    yield from validation.not_in_future("on", new.on, today)
    yield from validation.whole_number("companions", new.companions, 0, 10_000)
    yield from validation.text("story", new.story, longest=validation.MAX_STORY, required=False, sealed=True)
    if not new.visitors:
        yield Reason.of("answer_missing", field="visitors")
    if len(new.photos) > MOST_PHOTOS:
        yield Reason.of("too_many_files", field="photos", given=len(new.photos), limit=MOST_PHOTOS)
    if new.kind in KINDS_WITH_HOUSEHOLD and new.household_id is None:
        yield Reason.of("answer_missing", field="household_id")
    if new.kind == VisitKind.BEREAVEMENT:
        yield from validation.choice("relation_of_deceased", new.relation_of_deceased, Deceased)
    elif new.relation_of_deceased is not None:
        yield Reason.of("only_of_bereavement", field="relation_of_deceased")


def _unentitled_visitors(conn: sa.Connection, new: NewVisit, unit_path: str) -> list[Reason]:
    visitors = frozenset(new.visitors)
    unentitled = visitors - accounts.eligible_visitors(conn, visitors, Role.VISITOR, unit_path, new.on)
    account_ids: list[Plain] = [str(account_id) for account_id in sorted(unentitled, key=str)]
    return [Reason.of("visitor_not_entitled", accounts=account_ids)] if unentitled else []


def _missing_pairing(conn: sa.Connection, new: NewVisit) -> list[Reason]:
    """Refuse a pairing visit to a household that is not paired with the unit on that day."""
    if new.kind != "pairing":
        return []
    in_force = sa.and_(pairing.c.from_on <= new.on, sa.func.coalesce(pairing.c.until_on, date.max) >= new.on)
    live = pairing.c.voided_on.is_(None)
    same_pair = sa.and_(pairing.c.household_id == new.household_id, pairing.c.unit_id == new.unit_id, live)
    pairing_id = conn.scalar(sa.select(pairing.c.id).where(same_pair, in_force).limit(1))
    return [] if pairing_id is not None else [Reason.of("not_paired", on=new.on.isoformat())]


def _kin_not_covered(conn: sa.Connection, new: NewVisit) -> list[Reason]:
    """Refuse condolence for a relation that the policy of the unit's division on the day does not list."""
    if new.relation_of_deceased is None:
        return []
    try:
        covered = policies.in_force_on(conn, units.division_of(conn, new.unit_id), new.on)[1].condolence_kin
    except NoPolicy:
        covered = CLOSE_KIN
    if new.relation_of_deceased in covered:
        return []
    return [Reason.of("kin_not_covered", kin=new.relation_of_deceased, covered=list(covered), param="condolence.kin")]


def _visit_facts(new: NewVisit, photos: Sequence[Mapping[str, Any]]) -> dict[str, Plain]:
    facts: dict[str, Plain] = {"kind": new.kind, "on": new.on.isoformat(), "unit": str(new.unit_id)}
    facts |= {"visitors": ",".join(sorted(map(str, set(new.visitors)))), "with_employer": new.with_employer}
    facts |= {"household": str(new.household_id)} if new.household_id else {}
    return facts | ({"photos": ",".join(each["sha256"].hex() for each in photos)} if photos else {})
