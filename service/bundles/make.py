"""A bundle is made from one snapshot of the record, into a file, and ends with its signed manifest."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO
from uuid import UUID

import sqlalchemy as sa

from service.actions.bundles import BundleRequest, MadeBundle
from service.actions.context import ActionContext
from service.bundles.archive_writer import ArchiveWriter, PackedFile
from service.bundles.contents import CONTENTS, BundleParts
from service.bundles.masked_columns import Masking
from service.bundles.scope import scope_of
from service.bundles.tables import BUNDLE_TABLES, described
from service.bundles.verifier.bundle_files import MANIFEST, MANIFEST_SIGNATURE
from service.bundles.verifier.verification import FORMAT, signed_manifest
from service.clock import UNION_TIME
from service.crypto.signed_notes import SigningKey
from service.db.columns import new_id
from service.i18n.catalogue import LANGUAGES, translate
from service.queries import anchors
from service.report.figures import snapshot


@dataclass(frozen=True, slots=True)
class BundleSource:
    """Where a bundle comes from: the database, the key that signs it, and checkpoints that witnesses cosigned."""

    engine: sa.Engine
    log_key: SigningKey | None
    cosigned: str = ""


def make_bundle(source: BundleSource, target: BinaryIO, request: BundleRequest, context: ActionContext) -> MadeBundle:
    """Write a bundle to an empty file that can be read and written, and return its digests. Memory is constant.

    Record it with actions.bundles.record_bundle before anybody gets it. Raises Refused (bundle_too_large).
    """
    archive = ArchiveWriter(target)
    bundle_id = new_id()
    about = {lang: _about(bundle_id, request, context, lang) for lang in LANGUAGES}
    with snapshot(source.engine) as conn:
        scope = scope_of(conn, request.unit_path, request.start, request.end)
        masking = Masking(context.keyring, context.today)
        watermark = " · ".join(translate("bundles.watermark", lang, **about[lang]) for lang in LANGUAGES)
        parts = BundleParts(
            conn, archive, request, scope, masking, watermark, about, as_of=context.at, cosigned=source.cosigned
        )
        for write in CONTENTS:
            write(parts)
        said = _said(bundle_id, parts, context, source.log_key) | {"record_clock": anchors.record_clock(conn)}
    manifest = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
    digest = sha256(manifest).hexdigest()
    archive.add(MANIFEST, manifest, is_packed=False)
    if source.log_key is not None:
        archive.add(MANIFEST_SIGNATURE, source.log_key.sign(signed_manifest(digest)).encode(), is_packed=False)
    archive.end()
    size = target.tell()
    return MadeBundle(bundle_id, digest, _digest(target), size, parts.events.events, parts.events.with_body)


def _about(bundle_id: UUID, request: BundleRequest, context: ActionContext, lang: str) -> dict[str, Any]:
    """Return the values of the watermark and of the text that explains the bundle, in one language."""
    moment = context.at.astimezone(UNION_TIME)
    return {
        "id": bundle_id,
        "unit": request.unit_name,
        "start": request.start.isoformat(),
        "end": request.end.isoformat(),
        "by": context.caller.display_name,
        "login": context.caller.login,
        "at": f"{moment:%Y-%m-%d %H:%M}",
        "document": request.document,
        "purpose": translate(f"terms.purpose.{request.purpose}", lang),
    }


def _said(bundle_id: UUID, parts: BundleParts, context: ActionContext, key: SigningKey | None) -> dict[str, Any]:
    """Return what the manifest says."""
    request, caller = parts.request, context.caller
    return {
        "format": FORMAT,
        "id": str(bundle_id),
        "unit": {"id": str(request.unit_id), "name": request.unit_name},
        "from": request.start.isoformat(),
        "until": request.end.isoformat(),
        "purpose": request.purpose.value,
        "document": request.document,
        "made_by": {"id": str(caller.account), "login": caller.login, "name": caller.display_name},
        "made_at": context.at.isoformat(),
        "watermark": parts.watermark,
        "log": {"key": str(key.verifier) if key is not None else None},
        "events": {name: getattr(parts.events, name) for name in ("events", "with_body", "subjects", "last_no")},
        "tables": {each.table.name: described(each) for each in BUNDLE_TABLES},
        "files": [_listed(each) for each in parts.archive.files],
        **parts.said,
    }


def _listed(file: PackedFile) -> dict[str, Any]:
    packed = [file.entry.packed_size, file.packed_sha256]
    return {"path": file.entry.name, "size": file.entry.size, "sha256": file.sha256, "packed": packed}


def _digest(target: BinaryIO) -> str:
    """Return the SHA-256 of the whole file, read from its beginning."""
    digest = sha256()
    target.seek(0)
    while part := target.read(2**20):
        digest.update(part)
    return digest.hexdigest()
