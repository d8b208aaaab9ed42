"""What a household's file says now, as a visit, a check and a notice keep it."""

from hashlib import sha256
from typing import Any

from workflows.evidence import Seen, part_digest


def people(row: Any) -> str:
    """Return the digest of the family's members, in the service's format."""
    return sha256("\n".join(sorted(number or name for _, name, number in row.members or ())).encode()).hexdigest()


def seen_now(row: Any) -> Seen:
    """Return digests of the finances, members and application on file, and the exclusions, in the service's format."""
    lines = [list(line) for line in row.lines or ()]
    return Seen(
        finances=part_digest([str(row.finances_as_of), row.idle_able_members, row.event_kind, lines]),
        exclusions=tuple(sorted(row.observed)),
        members=people(row),
        application=part_digest([row.item, row.requested_fen, row.answers, row.cause, list(row.papers or ())]),
    )
