"""A policy set and families of a test's own division, filed and applied for over the API."""

from itertools import count
from typing import Any

from tests.api_client import ApiClient
from tests.factories import SAMPLES
from tests.identity_numbers import another_number
from tests.lives import CHECK, ILLNESS, PAPERS, Life, award

TEXT = (SAMPLES / "policy-2025.toml").read_text("utf-8")
_NUMBERS = count(10_000)
Change = tuple[str, str]
TWICE_A_YEAR: Change = ("same_item_per_year = 1", "same_item_per_year = 2")
"""Lets two cases of one item reach the approval together."""


def own_policy(*changes: Change) -> tuple[str, str]:
    """Return a new division, and the sample policy for it with changed passages."""
    division = f"9{next(_NUMBERS)}"
    text = TEXT.replace('key = "sample-weihai"', f'key = "own-{division}"').replace('"3710"', f'"{division}"')
    for old, new in changes:
        assert old in text, f"the sample no longer says {old!r}"
        text = text.replace(old, new)
    return division, text


def load_own_policy(client: ApiClient, *changes: Change) -> str:
    """Load the sample policy with changed passages for a new division, confirmed by the auditor; return the division."""
    division, text = own_policy(*changes)
    client.confirmed("admin", "/policy-sets", {"source": text, "urgent": "示例"}, by=("auditor",))
    return division


def line(side: str, kind: str, amount: str, **more: str) -> dict[str, str]:
    """Return one line of income, spending or assets, in yuan."""
    return {"side": side, "kind": kind, "amount": amount, **more}


def file_family(client: ApiClient, *lines: dict[str, str], division: str = "371083", **more: Any) -> dict[str, Any]:
    """File a household of three with these lines; return it as the API shows it."""
    names = (("head", "示例甲", 1970), ("spouse", "示例乙", 1972), ("child", "示例丙", 2008))
    body = {
        "unit_id": str(client.office.unit_id),
        "file_no": f"G{next(_NUMBERS)}-{client.office.unit_id.hex[-6:]}",
        "identity": "laid_off",
        "division": division,
        "cause": "illness",
        "filed_on": "2025-08-01",
        "members": [
            {"key": key, "relation": key, "name": name, "id_no": another_number(born)} for key, name, born in names
        ],
        "finances": {"as_of": "2025-08-01", "lines": list(lines)},
        "consent": {"signed_on": "2025-08-01", "until_on": "2027-12-31", "text_version": "2025-1", "adults_signed": 2},
        "payee": {"person": "head", "bank": "示例银行", "card": f"99990000{next(_NUMBERS):08d}"},
        **more,
    }
    made = client.post("registrar", "/households", body)
    assert made.status_code == 201, made.get_json()
    return dict(client.get("registrar", f"/households/{made.get_json()['id']}").get_json())


def member_id(household: dict[str, Any], relation: str) -> str:
    """Return the id of the member with this relation to the head."""
    return str(next(each["id"] for each in household["members"] if each["relation"] == relation))


def apply_for(
    client: ApiClient, household: dict[str, Any], item: str, requested: str, *, relation: str = "head", **answers: str
) -> tuple["ReviewedCase", list[dict[str, Any]]]:
    """Open a case; return it and the warnings of its opening."""
    programme = "tuition" if item == "EDU" else "hardship"
    ids = {"household_id": household["id"], "beneficiary_id": member_id(household, relation)}
    body = {"programme": programme, **ids, "item": item, "requested": requested, "answers": answers}
    opened = client.post("registrar", "/cases", body)
    assert opened.status_code == 201, opened.get_json()
    return ReviewedCase(client, opened.get_json()["id"]), opened.get_json()["warnings"]


class ReviewedCase(Life):
    """A case of a family that was filed over the API."""

    def __init__(self, client: ApiClient, case_id: str) -> None:
        super().__init__(client, None, case_id)  # type: ignore[arg-type]

    def reviewed(self) -> "ReviewedCase":
        """Take the case to review: submitted, surveyed by two, all papers seen, checked."""
        self.act("registrar", "submit")
        self.visit()
        self.act("registrar", "add_papers", papers=[*PAPERS, *ILLNESS, "enrolment", "fee_bill", "accident_proof"])
        if self.act("registrar", "finish_survey") == "verification":
            self.act("verifier", "record_check", **CHECK, replied_on=self.desk.today.isoformat())
        return self

    def assessed(self) -> dict[str, Any]:
        """Return the assessments of the case: today's, its limits, and those that steps stored."""
        response = self.desk.get("reviewer", f"/cases/{self.case_id}/assessment")
        assert response.status_code == 200, response.get_json()
        return dict(response.get_json())

    def refused_at_review(self, yuan: str = "1000.00", **answers: Any) -> list[str]:
        """Return the codes against passing the review with this award."""
        return self.no("reviewer", "pass_review", **award(self.desk, yuan), **answers)

    def pass_review(self, yuan: str, fund_id: object = None) -> str:
        """Pass the review with this award and return the new state."""
        return self.act("reviewer", "pass_review", **award(self.desk, yuan, fund_id))
