"""A step as a single psycopg statement with its rules and hash chain in SQL.

Its notice cannot show the head's name, which is encrypted with a key that is not in the database. Its events record neither
the rows of the step nor the facts of its rules, and what a visit, a check and a notice saw is a digest of its own format.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from benchmarks.check_input import Clerk
from benchmarks.one_statement_checks import UNCONFIRMED
from benchmarks.one_statement_sql import statement
from benchmarks.psycopg_two_statements import Refused, TwoStatements
from benchmarks.steps import DUTY, FORMS, TARGET
from service.crypto.encryption import encrypt_field, fingerprint
from service.db.columns import new_id
from workflows import workdays
from workflows.policy import PolicySet, dibao_line
from workflows.state_machine import read_form

_BESIDE = {
    "record_visit": """, visited AS (INSERT INTO visit
        (id, unit_id, unit_path, case_id, household_id, seq, kind, "on", place, conclusion, seen, created_at)
        SELECT %(row)s, unit_id, unit_path, id, household_id, version + 1, %(kind)s, %(went)s, %(place)s, %(conclusion)s,
            CASE %(kind)s WHEN 'survey' THEN jsonb_set(saw, '{exclusions}', (saw -> 'exclusions') - %(gone)s::text[]) END, %(at)s
        FROM ok
    ), went AS (INSERT INTO visit_visitor (visit_id, account_id)
        SELECT %(row)s, v FROM ok, unnest(%(visitors)s::uuid[]) AS v
    ), said_so AS (INSERT INTO visit_confirmation (visit_id, account_id, "on") SELECT %(row)s, %(actor)s, %(today)s FROM ok)""",
    "confirm_visit": f""", said_so AS (INSERT INTO visit_confirmation (visit_id, account_id, "on")
        SELECT waiting.id, %(actor)s, %(today)s FROM ok, LATERAL ({UNCONFIRMED.format(case="ok")}) AS waiting)""",
    "add_papers": """, seen_papers AS (INSERT INTO paper (case_id, kind, seen_on, seen_by)
        SELECT id, kind, %(today)s, %(actor)s FROM ok, unnest(%(papers)s::text[]) AS kind ON CONFLICT DO NOTHING)""",
    "record_check": """, checked AS (INSERT INTO verification
        (id, case_id, seq, authority, request_no, replied_on, outcome, explained, people, seen)
        SELECT %(row)s, id, version + 1, %(authority)s, %(request_no)s, %(replied_on)s, %(outcome)s, FALSE, people, saw FROM ok)""",
    "pass_review": """, hung AS (INSERT INTO notice
        (id, case_id, seq, posted_on, ends_on, places, shown_sealed, shown_hash, content, award_fen, seen)
        SELECT %(row)s, id, version + 1, %(today)s, %(ends_on)s, %(places)s, %(shown)s, %(shown_hash)s, bound_after, %(award)s, saw
        FROM ok)""",
    "end_notice": """, taken_down AS (UPDATE notice AS n SET ended_on = %(today)s FROM ok
        WHERE n.case_id = ok.id AND n.ended_on IS NULL)""",
    "approve": """, signed AS (INSERT INTO approval (id, case_id, seq, tier, account_id, "on", award_fen, content)
        SELECT %(row)s, id, version + 1, 1, %(actor)s, %(today)s, award_fen, bound FROM ok)""",
    "pay": """, paid AS (INSERT INTO payment
        (id, case_id, unit_path, fund_id, seq, fen, method, bank_account_id, voucher, voucher_year,
         paid_on, paid_by, state)
        SELECT %(row)s, ok.id, ok.unit_path, fund_id, version + 1, award_fen, 'bank', b.id, %(voucher)s, %(year)s,
            %(today)s, %(actor)s, 'sent'
        FROM ok JOIN bank_account AS b ON b.household_id = ok.household_id AND b.active)""",
    "confirm_payment": """, arrived AS (UPDATE payment AS p SET state = 'live', advice_no = %(advice_no)s,
        advised_on = %(advised_on)s, confirmed_by = %(actor)s FROM ok WHERE p.case_id = ok.id AND p.state = 'sent')""",
    "confirm_receipt": """, confirmed AS (UPDATE payment AS p SET receipt_on = %(today)s, receipt_evidence = %(evidence)s
        FROM ok WHERE p.case_id = ok.id AND p.state = 'live')""",
}
_BESIDE["record_follow_up"] = _BESIDE["record_visit"]
STATEMENTS = {action: statement(action, _BESIDE.get(action, "")) for action in FORMS if action in {*TARGET, *DUTY}}


class OneStatement(TwoStatements):
    """A program that takes each step in one statement."""

    def take(
        self, case: UUID, action: str, form: Mapping[str, object], clerk: Clerk, at: datetime, today: date
    ) -> tuple[str, int]:
        """Take one step and commit. Raises Refused, InvalidForm."""
        answers: dict[str, Any] = read_form(FORMS[action], form)
        visitors = [UUID(each) for each in answers.get("visitors", ())]
        policy_id, policy = next(iter(self.policies.items()))
        actors = {"actor": clerk.account, "visitors": visitors, "people": sorted({clerk.account, *visitors})}
        dates = {
            "today": today,
            "at": at,
            "at_text": at.isoformat(),
            "year": today.year,
            **self._dates(action, policy, today),
        }
        ids = {"case": case, "action": action, "policy": policy_id, "row": new_id(), "ledger_entry": new_id()}
        parameters = {"answers": Jsonb(answers), **answers, **self._read(action, answers, ids["row"], policy)}
        with self._step():
            moved = self.db.execute(
                STATEMENTS[action], {**_limits(policy, today), **actors, **dates, **ids, **parameters}
            ).fetchone()
            if moved is None or not moved.count:
                raise Refused(action)
        return TARGET.get(action, ("",))[0], 0

    def _dates(self, action: str, policy: PolicySet, today: date) -> dict[str, object]:
        """Return the due date and the notice's end, which need no fact of the case."""
        calendar = next(iter(self.calendars.values()))
        deadline = TARGET[action][2] if action in TARGET else None
        year_ago = {"year_ago": today - timedelta(days=365)}
        if deadline is None:
            return {"due_on": None, **year_ago}
        days = policy.days(deadline)
        due = today + timedelta(days=days) if deadline == "follow_up_days" else workdays.after(today, days, calendar)
        return {"due_on": due, "ends_on": workdays.after(today, policy.notice_days, calendar), **year_ago}

    def _read(self, action: str, answers: Mapping[str, Any], row: object, policy: PolicySet) -> dict[str, object]:
        """Return the answers as parameters of the statement."""
        if action == "pass_review":
            text = json.dumps(
                {"award": answers["award"], "policy": f"{policy.title} {policy.document}"}, sort_keys=True
            )
            shown = {
                "shown": encrypt_field(self.keyring, "notice.shown", UUID(str(row)), text),
                "shown_hash": fingerprint(self.keyring, text),
            }
            return {"fund": UUID(answers["fund"]), **shown}
        if "visitors" in answers:
            kind = "survey" if action == "record_visit" else "follow_up"
            return {
                "went": date.fromisoformat(answers["on"]),
                "kind": kind,
                "visitors": sorted(map(UUID, answers["visitors"])),
                "gone": answers.get("gone") or [],
            }
        return {"replied_on": date.fromisoformat(answers["replied_on"])} if "replied_on" in answers else {}


def _limits(policy: PolicySet, today: date) -> dict[str, object]:
    """Return the policy's numbers as parameters, computed once for a policy and a day."""
    key = (policy.digest, today)
    if key not in _LIMITS:
        line = dibao_line(policy, policy.region, today)
        papers = {cause: policy.papers_for(cause) for cause in policy.papers}
        _LIMITS[key] = {
            "digest": policy.digest,
            "line": line,
            "wage": policy.minimum_wage_fen_month,
            "uncounted": list(policy.uncounted_income),
            "rigid": list(policy.rigid_kinds),
            "misfortune": list(policy.misfortune_kinds),
            "gifts": list(policy.gift_items),
            "small": policy.small_gift_threshold_fen,
            "events": list(policy.events),
            "exclusions": list(policy.exclusions),
            "papers_of": Jsonb(papers),
            "items_per_year": Jsonb(dict(policy.items_per_year)),
            "cap_deep": 12 * line,
            "cap_else": 10 * line,
            "tier_1": policy.tiers[0],
            "collective": policy.collective_from_fen,
            "min_visitors": policy.min_visitors,
            "valid_days": policy.verification_valid_days,
            "valid_months": policy.finances_valid_months,
        }
    return _LIMITS[key]


_LIMITS: dict[tuple[str, date], dict[str, object]] = {}
