"""Times and rows of the events of a bundle: what a log dated by the machine's clock may not say."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from service.bundles.verifier.event_chains import SYSTEM, EventChains
from service.bundles.verifier.findings import Findings
from service.bundles.verifier.log_tree import Anchor, LogTree

SUBJECT = UUID(int=7)
NOON = datetime(2025, 3, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def anchor(no: int, up_to: int, at: datetime) -> Anchor:
    """Return an anchor whose root nobody compares here."""
    return Anchor(no, at.date().isoformat(), at, up_to, 1, bytes(32), bytes(32), None, {})


ANCHORS = [anchor(1, 1, NOON + HOUR), anchor(2, 9, NOON + 5 * HOUR)]


def found(*said: dict[str, Any], anchors: list[Anchor] | None = None) -> list[str]:
    """Follow one chain of events that say this, and return the codes of their faults."""
    findings, prev = Findings(), bytes(32)
    chains = EventChains(LogTree(anchors or [], None, [], findings), frozenset({"payment"}), SYSTEM, findings)
    for seq, more in enumerate(said, 1):
        at = NOON + seq * HOUR
        body = {"subject": "case", "id": str(SUBJECT), "seq": seq, "at": at.isoformat(), "on": "2025-03-03"}
        text = json.dumps(body | {"clock": SYSTEM} | more)
        digest = sha256(prev + text.encode()).digest()
        line = json.dumps({"no": seq, "hash": digest.hex(), "body": text})
        chains.read(line.encode(), "events/000001.jsonl.gz")
        prev = digest
    return [fault.code for fault in findings.faults if not fault.code.startswith("anchor")]


def paid(key: str, **entry: str) -> dict[str, Any]:
    """Return what an event says of the row of a payment."""
    return {"rows": {"payment": {key: entry}, "notification": {"n": "digest"}}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([{}, {}], []),
        ([{}, {"at": (NOON - HOUR).isoformat()}], ["event_back_in_time"]),
        ([{"on": "2025-03-04"}], ["event_day_differs"]),
        ([{"at": datetime(2025, 3, 3, 17, tzinfo=UTC).isoformat(), "on": "2025-03-04"}], []),
        ([{}, {"clock": "demo"}], ["event_of_another_clock"]),
        ([{"clock": None}], ["event_of_another_clock"]),
        ([{"at": "2025-03-03T12:00:00"}], ["event_unreadable"]),
        ([{"seq": 2}], ["event_missing"]),
        ([paid("a", fixed="1", state="sent"), paid("a", state="live")], []),
        ([paid("a", fixed="1"), paid("a", fixed="2")], ["row_fixed_twice"]),
        ([{"rows": {"payment": {"a": "1"}}}, {"rows": {"payment": {"a": "1"}}}], ["row_fixed_twice"]),
    ],
)
def test_event_that_may_not_be_so_is_named(said: list[dict[str, Any]], expected: list[str]) -> None:
    assert found(*said) == expected


def test_event_lies_between_the_anchors_around_it() -> None:
    assert found({}, {}, {}, anchors=ANCHORS) == []
    late = {"at": (NOON + 3 * HOUR).isoformat()}
    assert found(late, {"at": (NOON + 4 * HOUR).isoformat()}, anchors=ANCHORS) == ["event_outside_its_anchors"]
    early = {"at": (NOON - 3 * HOUR).isoformat()}
    assert found(early, {"at": (NOON - 2 * HOUR).isoformat()}, anchors=ANCHORS) == ["event_outside_its_anchors"]
