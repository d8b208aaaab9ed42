"""Forgeries as the owner of the database can make them: consistent events, triggers off, all keys at hand."""

# ruff: noqa: S608 - these statements contain names of our own tables and columns only
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from service.crypto.hash_chain import MerkleTree
from service.db.columns import METADATA, new_id
from service.tables.cases import case
from service.tables.events import event, job_run
from service.tables.gifts import gift
from service.tables.ledger import ledger_entry
from service.tables.notifications import notification
from service.tables.payments import payment
from service.tables.row_fingerprints import FINGERPRINTS, FIXED, recorded_rows
from tests.chaos.rewritten_history import anchor_again, rewrite_body
from tests.chaos.sample_record import LOG_KEY
from tests.forged_events import Forgery, forge
from workflows.replay import RULES

FORGED_AT = datetime(2025, 12, 31, 1, 30, tzinfo=UTC)
"""After every event of the sample record."""


def _random_row(conn: sa.Connection, chance: random.Random, rows: sa.Select[Any]) -> Any:
    found = conn.execute(rows).mappings().all()
    return dict(chance.choice(found))


def _forger(conn: sa.Connection, chance: random.Random) -> UUID:
    return UUID(str(_random_row(conn, chance, sa.select(event.c.actor_id))["actor_id"]))


def _below_one(conn: sa.Connection, chance: random.Random) -> int:
    return (conn.scalar(sa.select(sa.func.min(event.c.no))) or 0) - chance.randint(1, 50)


def early_gift(conn: sa.Connection, chance: random.Random) -> None:
    """C1: a gift of last March, with an event whose number is below 1."""
    given = _random_row(conn, chance, sa.select(gift).where(gift.c.goods.is_not(None)))
    row = {**given, "id": new_id(), "natural_key": new_id().hex, "quantity": chance.randint(1, 99)}
    row |= {"voided_on": None, "void_reason": None, "corrects_id": None}
    conn.execute(gift.insert().values(row))
    rows, at = recorded_rows({"gift": [row]}), datetime(2025, 3, chance.randint(1, 28), 1, tzinfo=UTC)
    number = min(0, _below_one(conn, chance))
    forge(conn, Forgery("gift", row["id"], "record_gift", _forger(conn, chance), at, {}, rows, number, "demo"))


def early_token(conn: sa.Connection, chance: random.Random) -> None:
    """C6: a key for an approver, with an event whose number is below 1."""
    table = METADATA.tables["token"]
    row = {**_random_row(conn, chance, sa.select(table)), "id": new_id(), "hash": chance.randbytes(32)}
    conn.execute(table.insert().values(row))
    rows, number = recorded_rows({"token": [row]}), min(0, _below_one(conn, chance))
    account = row["account_id"]
    forge(conn, Forgery("account", account, "make_token", account, FORGED_AT, {}, rows, number, "demo"))


def early_working_day(conn: sa.Connection, chance: random.Random) -> None:
    """C7: a holiday becomes a working day, with an event whose number is below 1."""
    table = METADATA.tables["calendar_day"]
    row = _random_row(conn, chance, sa.select(table).where(~table.c.working))
    conn.execute(table.update().where(table.c.on == row["on"]).values(working=True))
    named = sa.select(event.c.subject_id).where(event.c.body.contains(f'"{row["on"]}":{{'), event.c.subject == "policy")
    subject = conn.scalars(named.limit(1)).one()
    rows, number = {"calendar_day": {str(row["on"]): {"working": True}}}, min(0, _below_one(conn, chance))
    forge(conn, Forgery("policy", subject, "load_calendar", _forger(conn, chance), FORGED_AT, {}, rows, number, "demo"))


def _row_of_a_chain(conn: sa.Connection, chance: random.Random) -> tuple[str, dict[str, Any], Any]:
    """Return a random table that changes, one of its rows, and the chain that names it."""
    while True:
        name = chance.choice([each for each, of in FINGERPRINTS.items() if of.changing and each != "calendar_year"])
        fingerprint = FINGERPRINTS[name]
        row = _random_row(conn, chance, sa.select(fingerprint.table))
        named = event.c.body.contains(f'"{fingerprint.key_of(row)}":{{"')
        chain = conn.execute(sa.select(event.c.subject, event.c.subject_id).where(named).limit(1)).one_or_none()
        if chain is not None:
            return name, row, chain


def fixed_anew(conn: sa.Connection, chance: random.Random) -> None:
    """C2: a column written once changes, and a later event names the new digest."""
    name, row, chain = _row_of_a_chain(conn, chance)
    fingerprint = FINGERPRINTS[name]
    rows = {fingerprint.log_name: {fingerprint.key_of(row): {FIXED: chance.randbytes(32).hex()}}}
    forge(
        conn, Forgery(chain.subject, chain.subject_id, "edit", _forger(conn, chance), FORGED_AT, {}, rows, None, "demo")
    )


def removed(conn: sa.Connection, chance: random.Random) -> None:
    """C3: a row is deleted, and a later event says so."""
    name, row, chain = _row_of_a_chain(conn, chance)
    fingerprint = FINGERPRINTS[name]
    same = sa.and_(*(fingerprint.table.c[key] == row[key] for key in fingerprint.key))
    conn.execute(fingerprint.table.delete().where(same))
    rows = {fingerprint.log_name: {fingerprint.key_of(row): None}}
    forge(
        conn, Forgery(chain.subject, chain.subject_id, "edit", _forger(conn, chance), FORGED_AT, {}, rows, None, "demo")
    )


def unsigned_payment(conn: sa.Connection, chance: random.Random) -> None:
    """C4: a payment without award, notice or signature, with case, entry, pots and event agreeing."""
    open_case = _random_row(conn, chance, sa.select(case).where(case.c.phase != "ended", case.c.outstanding_fen == 0))
    paid = _random_row(conn, chance, sa.select(payment).where(payment.c.method == "bank", payment.c.state == "live"))
    fund_id, fen, actor = paid["fund_id"], chance.randint(1, 5) * 10_000, _forger(conn, chance)
    seq = open_case["version"] + 1
    entries = [
        _entry(open_case["id"], seq, fund_id, fen, *pots)
        for pots in (("available", "committed"), ("committed", "in_transit"), ("in_transit", "paid"))
    ]
    columns = {
        "state": "receipt",
        "phase": "disbursement",
        "award_fen": fen,
        "fund_id": fund_id,
        "outstanding_fen": fen,
    }
    row = paid | {"id": new_id(), "case_id": open_case["id"], "seq": seq, "fen": fen, "paid_by": actor, "state": "live"}
    row |= {
        "paid_on": FORGED_AT.date(),
        "voucher": new_id().hex[:12],
        "advice_no": new_id().hex[:12],
        "advised_on": FORGED_AT.date(),
        "recalled_fen": 0,
        "unit_path": open_case["unit_path"],
        # The database asks for two people, and so does a forger who knows it.
        "confirmed_by": paid["paid_by"] if paid["confirmed_by"] == actor else paid["confirmed_by"],
    }
    row |= dict.fromkeys(("returned_on", "returned_code", "recalled_on", "receipt_on", "receipt_evidence"))
    rows = recorded_rows({"payment": [row], "ledger_entry": entries}, [("case", {"id": open_case["id"], **columns})])
    policy = {"id": str(open_case["policy_set_id"]), "digest": _policy_digest(conn, open_case["policy_set_id"])}
    named = [{name: each[name] for name in ("id", "source_pot", "target_pot", "fen")} for each in entries]
    said = {
        "from": open_case["state"],
        "to": "receipt",
        "rules": RULES,
        "policy": policy,
        "entries": named,
        "award": fen,
    }
    said |= {"answers": {"method": "bank", "voucher": row["voucher"]}, "facts": {}}
    forge(conn, Forgery("case", open_case["id"], "pay", actor, FORGED_AT, said, rows, None, "demo"))
    conn.execute(ledger_entry.insert(), entries)
    conn.execute(sa.text("SET LOCAL session_replication_role = replica"))
    conn.execute(payment.insert().values(row))
    conn.execute(case.update().where(case.c.id == open_case["id"]).values(columns))
    pots = f"available_fen = available_fen - {fen}, paid_fen = paid_fen + {fen}"
    conn.execute(sa.text(f"UPDATE fund SET {pots} WHERE id = '{fund_id}'"))
    conn.execute(
        sa.text(f"UPDATE household SET aid_version = aid_version + 1 WHERE id = '{open_case['household_id']}'")
    )


def _entry(case_id: UUID, seq: int, fund_id: UUID, fen: int, source: str, target: str) -> dict[str, Any]:
    pots = {"source_pot": source, "target_pot": target, "fen": fen, "on": FORGED_AT.date(), "at": FORGED_AT}
    return {"id": new_id(), "fund_id": fund_id, "case_id": case_id, "subject_id": case_id, "seq": seq, **pots}


def _policy_digest(conn: sa.Connection, policy_id: UUID) -> str:
    table = METADATA.tables["policy_set"]
    return str(conn.scalars(sa.select(table.c.digest).where(table.c.id == policy_id)).one())


def other_schema(conn: sa.Connection, chance: random.Random) -> None:
    """C8: a guard is dropped or disabled, or a trigger of a stranger is added."""
    triggers = (
        "SELECT tgrelid::regclass::text AS of, tgname AS name FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
    )
    trigger = chance.choice(conn.execute(sa.text(triggers)).all())
    table = chance.choice(sorted(METADATA.tables))
    conn.execute(
        sa.text(
            chance.choice(
                [
                    f'DROP TRIGGER "{trigger.name}" ON {trigger.of}',
                    f'ALTER TABLE {trigger.of} DISABLE TRIGGER "{trigger.name}"',
                    f'CREATE RULE swallow AS ON INSERT TO "{table}" DO INSTEAD NOTHING',
                    f'CREATE TRIGGER quiet BEFORE INSERT ON "{table}" FOR EACH ROW EXECUTE FUNCTION notify_outbox()',
                    f'ALTER TABLE "{table}" ADD CHECK (true)',
                    f'ALTER TABLE "{table}" ADD COLUMN mark text',
                    f'GRANT UPDATE ON "{table}" TO PUBLIC',
                ]
            )
        )
    )


def letter_put_off(conn: sa.Connection, chance: random.Random) -> None:
    """C10: a letter is put off for ever."""
    letter = _random_row(conn, chance, sa.select(notification.c.id))
    waiting = {"state": "created", "delivered_at": None, "not_before": datetime(2099, 1, 1, tzinfo=UTC)}
    conn.execute(notification.update().where(notification.c.id == letter["id"]).values(waiting))


def rewritten_with_the_key(conn: sa.Connection, chance: random.Random) -> None:
    """An anchored event is rewritten, and every hash, anchor and checkpoint after it, with the key of the log."""
    covered = event.c.no <= sa.select(sa.func.max(METADATA.tables["anchor"].c.up_to)).scalar_subquery()
    row = _random_row(
        conn, chance, sa.select(event.c.subject_id, event.c.seq).where(covered, event.c.action != "anchor")
    )
    rewrite_body(conn, row["subject_id"], row["seq"], {"request": new_id().hex})
    anchor_again(conn, LOG_KEY)


def anchors_dropped(conn: sa.Connection, _chance: random.Random) -> None:
    """Every anchor is deleted and the events that record them say nothing of it: no line is left inside."""
    conn.execute(METADATA.tables["anchor"].delete())
    anchors = sa.select(event.c.subject_id, event.c.seq).where(event.c.action == "anchor")
    for row in conn.execute(anchors).all():
        rewrite_body(conn, row.subject_id, row.seq, {"rows": {}})


def number_of_another(conn: sa.Connection, chance: random.Random) -> None:
    """C1: an event takes a number inside what an anchor covers."""
    conn.execute(sa.text("ALTER TABLE event DROP CONSTRAINT IF EXISTS uq_event_no"))
    last = conn.scalar(sa.select(sa.func.max(METADATA.tables["anchor"].c.up_to))) or 1
    account = _forger(conn, chance)
    number = chance.randint(1, last)
    forge(conn, Forgery("account", account, "make_token", account, FORGED_AT, no=number, clock="demo"))


SAMPLE_KINDS: Mapping[str, Callable[[sa.Connection, random.Random], None]] = {
    "C1 gift below 1": early_gift,
    "C1 number inside an anchor": number_of_another,
    "C2 fixed anew": fixed_anew,
    "C3 removed": removed,
    "C4 payment without signature": unsigned_payment,
    "C6 token below 1": early_token,
    "C7 working day below 1": early_working_day,
    "C8 schema": other_schema,
    "C10 letter put off": letter_put_off,
    "rewritten with the key": rewritten_with_the_key,
    "anchors dropped": anchors_dropped,
}
"""Forgeries of the sample record."""


def last_march(conn: sa.Connection, chance: random.Random) -> None:
    """C5: an event of today's number says a day of last year."""
    account = _forger(conn, chance)
    at = datetime(2024, chance.randint(1, 12), chance.randint(1, 28), 1, tzinfo=UTC)
    forge(conn, Forgery("account", account, "make_token", account, at))


def another_clock(conn: sa.Connection, chance: random.Random) -> None:
    """C5: an event of an office says that the demo's clock, or none, dated it."""
    account, clock = _forger(conn, chance), chance.choice(["demo", None])
    forge(conn, Forgery("account", account, "make_token", account, FORGED_AT - timedelta(days=300), clock=clock))


def job_run_filled(conn: sa.Connection, chance: random.Random) -> None:
    """C9: rows of job_run say that everything was done, and no anchor is made any more."""
    day = FORGED_AT.date()
    for number in range(chance.randint(1, 20)):
        row = {"job": "anchor", "on": day + timedelta(days=number), "at": FORGED_AT, "done": 1, "refused": 0}
        conn.execute(job_run.insert().values(row))


OFFICE_KINDS: Mapping[str, Callable[[sa.Connection, random.Random], None]] = {
    "C5 dated back": last_march,
    "C5 another clock": another_clock,
    "C9 job_run filled": job_run_filled,
}
"""Forgeries of the record of an office, where times are compared."""


def root_of_all(conn: sa.Connection) -> bytes:
    """Return the root over all events, to see that a forgery changed something."""
    tree = MerkleTree()
    for digest in conn.scalars(sa.select(event.c.hash).order_by(event.c.no)):
        tree.add(digest)
    return tree.root()
