"""Two families are helped from a new file to the end, by people who each work in a browser of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from service.tables.cases import case
from service.tables.persons import person as person_table
from tests.identity_numbers import another_number
from tests.lives import ILLNESS, PAPERS, number, pots
from tests.web.conftest import Union
from tests.web.page_objects import Answer, CasePage, fill_in, prove
from tests.web.people import DESKTOP, PHONE, People, Person

PICTURES = {
    ("hardship", "/households/new"): "registrar-new-file",
    ("hardship", "record_visit"): "visitor-visit",
    ("hardship", "record_check"): "verifier-check",
    ("hardship", "pass_review"): "reviewer-award",
    ("hardship", "approve"): "approver-decision",
    ("tuition", "pay"): "cashier-payment",
    ("tuition", "confirm_receipt"): "registrar-receipt",
}
"""The pictures of a day's work, by case and action or page; they are kept with --screenshots (make pictures)."""

FILED_ON, NOTICE_OVER = date(2025, 9, 1), date(2025, 9, 15)


pytestmark = pytest.mark.timeout(400)


@dataclass
class Work:
    """The work on one family: who is at a browser on which day, and the family's file and case."""

    people: People
    union: Union
    name: str
    day: date = FILED_ON
    household_id: str = ""
    case_id: str = ""
    staff: dict[str, Person] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    """The actions that were taken on the page of the case."""

    def at_browser(self, name: str) -> Person:
        """Return a member of staff at their browser on the day, signed in; visitors are at a phone."""
        if name not in self.staff:
            size = PHONE if name in {"visitor_1", "visitor_2", "follower"} else DESKTOP
            self.staff[name] = self.people(name, self.union.office, self.day, size=size).has_password().has_session()
        if self.staff[name].today != self.day:
            self.staff[name].comes_on(self.day).has_session()
        return self.staff[name]

    def sends(self, name: str, path: str, answers: Mapping[str, Answer]) -> Person:
        """Fill in the form of a page, send it, and return the person on the page that follows."""
        person = self.at_browser(name).opens(path)
        form = person.page.locator("main form.record")
        fill_in(form, answers)
        person.takes_picture(PICTURES.get((self.name, path), ""))
        form.locator(".form-end button:not([data-passkey])").click()
        assert person.page.locator(".error-summary li").all_inner_texts() == []
        assert person.page.url != f"{person.address}{path}"
        return person

    def takes(self, name: str, action: str, **answers: Answer) -> str:
        """Take an action on the page of the case, and return the state that follows."""
        page = CasePage(self.at_browser(name), self.case_id).open()
        page.fill(action, answers).scroll_into_view_if_needed()
        page.person.takes_picture(PICTURES.get((self.name, action), ""))
        page.send(action)
        page.shows_done()
        self.taken.append(action)
        return self.state()

    def state(self) -> str:
        """Return the state of the case in the database."""
        with self.union.engine.connect() as conn:
            return str(conn.scalar(sa.select(case.c.state).where(case.c.id == self.case_id)))

    def on_day(self) -> str:
        """Return the day as forms take it."""
        return self.day.isoformat()

    def advice(self, yuan: str) -> dict[str, str]:
        """Return what a bank's advice of the day says."""
        return {"advice_no": number("HD"), "advised_on": self.on_day(), "amount": yuan}


@pytest.fixture
def work(people: People, union: Union, request: pytest.FixtureRequest) -> Work:
    """Return the work on a family that has no file yet."""
    return Work(people, union, "hardship" if "hardship" in request.node.name else "tuition")


def test_hardship_case_goes_from_a_new_family_to_a_partial_recall(work: Work) -> None:
    open_file(work, "示例戊", another_number(2008))
    open_case(work, "hardship", "head", {"item": "LIV", "requested": "3000.00"})
    survey(work)
    check_finances(work)
    correct_and_survey_again(work)
    notice(work, "3500.00")
    objection(work)
    end_notice(work)
    assert work.takes("approver_1", "endorse", opinion="同意") == "approval"
    assert work.takes("approver_2", "approve", opinion="同意") == "payment"
    pay(work, "3500.00")
    bank_returns(work, "3500.00")
    pay(work, "3500.00", confirmer="approver_3")
    finish(work)
    recall(work, "500.00")
    left = {"available_fen": 10_000_000 - 300_000, "paid_fen": 300_000}
    zero = dict.fromkeys(("committed_fen", "in_transit_fen", "recovering_fen", "written_off_fen"), 0)
    assert pots(work.union.engine, work.union.desk) == left | zero
    auditor_reads(work)


def test_tuition_case_of_a_student_without_a_number_is_closed(work: Work) -> None:
    open_file(work, "示例丁", student_number="")
    school = {"school_year": "2025-2026", "stage": "bachelor", "institution_kind": "public"}
    answers = {"requested": "3000.00"} | {f"answers.{name}": value for name, value in school.items()}
    open_case(work, "tuition", "child", answers)
    survey(work)
    explain_number(work)
    notice(work, "1500.00")
    end_notice(work)
    assert work.takes("approver_1", "approve", opinion="同意") == "payment"
    pay(work, "1500.00")
    finish(work)
    assert pots(work.union.engine, work.union.desk)["paid_fen"] == 150_000


def open_file(work: Work, student: str, student_number: str) -> None:
    """Open a family's file in one form: two members, finances, consent and account."""
    head = {"members.1.name": "示例甲", "members.1.id_no": another_number(1970)}
    child = {"members.2.relation": "child", "members.2.name": student, "members.2.student_stage": "bachelor"}
    money = {"finances.as_of": "2025-06-30", "finances.lines.1.what": "income.wage", "finances.lines.1.amount": "20000"}
    signed = {"signed_on": "2025-09-01", "until_on": "2026-12-31", "text_version": "2025-1", "adults_signed": "1"}
    account = {"payee.person": "1", "payee.bank": "示例银行", "payee.card": f"62{number('').strip('-'):0>16}"}
    answers = {"file_no": number("困"), "identity": "laid_off", "cause": "illness"}
    answers |= head | child | {"members.2.id_no": student_number} | money | account
    answers |= {f"consent.{name}": value for name, value in signed.items()}
    person = work.sends("registrar", "/households/new", answers)
    work.household_id = person.path.rpartition("/")[2]


def open_case(work: Work, programme: str, beneficiary: str, answers: dict[str, str]) -> None:
    """Open a case for a member, and submit it."""
    path = f"/households/{work.household_id}/cases/new?programme={programme}"
    person = work.sends("registrar", path, answers | {"beneficiary_id": member(work, beneficiary)})
    work.case_id = person.path.removesuffix("/opened").rpartition("/")[2]
    assert work.takes("registrar", "submit") == "survey"


def member(work: Work, relation: str) -> str:
    """Return the id of the family's member with a relation to its head."""
    has_relation = sa.and_(person_table.c.household_id == work.household_id, person_table.c.relation == relation)
    with work.union.engine.connect() as conn:
        return str(conn.scalar(sa.select(person_table.c.id).where(has_relation)))


def survey(work: Work) -> None:
    """Two visitors see the family at home, each confirms the visit; the papers are complete."""
    ids = [str(work.union.office.people[each]) for each in ("visitor_1", "visitor_2")]
    visit: dict[str, Answer] = {"on": work.on_day(), "visitors": ids, "place": "home", "conclusion": "confirmed"}
    work.takes("visitor_1", "record_visit", **visit)
    work.takes("visitor_2", "confirm_visit")
    work.takes("registrar", "add_papers", papers=[*PAPERS, *ILLNESS])
    work.takes("registrar", "finish_survey")


def check_finances(work: Work) -> None:
    """The family's finances are checked, and nothing speaks against them."""
    reply = {"authority": "示例核对中心", "request_no": number("HD"), "replied_on": work.on_day(), "outcome": "clear"}
    assert work.takes("verifier", "record_check", **reply) == "review"


def correct_and_survey_again(work: Work) -> None:
    """The reviewer returns the application; the registrar asks for another sum; what was found is found again."""
    assert work.takes("reviewer", "return_to_draft", reason="申请金额与所附票据不一致") == "draft"
    work.takes("registrar", "correct_application", requested="3600.00")
    assert work.takes("registrar", "submit") == "survey"
    survey(work)
    check_finances(work)


def notice(work: Work, yuan: str) -> None:
    """The reviewer proposes an award, and the notice is posted."""
    answers: dict[str, Answer] = {"award": yuan, "fund": str(work.union.office.fund_id), "places": "unit_board"}
    assert work.takes("reviewer", "pass_review", **answers) == "notice"


def objection(work: Work) -> None:
    """Somebody objects to the notice; another reviewer than the one who proposed finds nothing in it."""
    work.takes("registrar", "object", source="phone", objection="来电称该户有一辆汽车")
    work.takes("reviewer_2", "answer_objection", outcome="cleared", answer="经核查，车辆不属于该户")


def end_notice(work: Work) -> None:
    """The scheduler ends the notice on the first day on which it may end."""
    work.day = work.union.desk.today = NOTICE_OVER
    assert work.union.desk.act("clock", work.case_id, "end_notice").status_code == 200


def explain_number(work: Work) -> None:
    """The registrar proposes why the student has no identity number, and an approver confirms it from the inbox."""
    answers = {"reason": "not_registered", "document": "示例〔2025〕8号", "until_on": "2026-06-30"}
    work.sends("registrar", f"/persons/{member(work, 'child')}/number-absence", answers)
    approver = work.at_browser("approver_3").opens("/inbox")
    approver.page.locator("main a[href^='/confirmations/']").first.click()
    form = approver.page.locator("form[action$='/confirm']")
    prove(form)
    form.locator("button:not([data-passkey])").click()
    expect(approver.page.locator("#live")).not_to_be_empty()


def pay(work: Work, yuan: str, confirmer: str = "cashier_2") -> None:
    """A cashier pays the award; another person confirms by the bank's advice that it arrived."""
    assert work.takes("cashier", "pay", method="bank", voucher=number("V")) == "transit"
    assert work.takes(confirmer, "confirm_payment", **work.advice(yuan)) == "receipt"


def bank_returns(work: Work, yuan: str) -> None:
    """The bank returns the payment: one cashier states it, the other confirms it."""
    advice = work.advice(yuan)
    returned = {**advice, "bank_code": "other", "voucher": number("T")}
    assert work.takes("cashier", "payment_returned", **returned) == "returning"
    assert work.takes("cashier_2", "confirm_return", **advice) == "payment"


def finish(work: Work) -> None:
    """The family signs for the money, is visited, and its case is closed."""
    assert work.takes("witness", "confirm_receipt", evidence="signature") == "follow_up"
    call: dict[str, Answer] = {"on": work.on_day(), "place": "phone", "conclusion": "received"}
    work.takes("follower", "record_follow_up", visitors=str(work.union.office.people["follower"]), **call)
    assert work.takes("registrar", "close") == "closed"


def recall(work: Work, yuan: str) -> None:
    """A part of the award is called back, comes back, and is confirmed by the other cashier."""
    answers = {"amount": yuan, "ground": "paid_in_error", "reason": "多付一笔"}
    assert work.takes("approver_1", "recall", **answers) == "recalling"
    advice = work.advice(yuan)
    assert work.takes("cashier", "recover", voucher=number("S"), **advice) == "rest_stated"
    assert work.takes("cashier_2", "confirm_recovery", **advice) == "recovered"


def auditor_reads(work: Work) -> None:
    """The auditor reads every step of the case on one page, and can take none."""
    auditor = work.at_browser("auditor")
    CasePage(auditor, work.case_id).open()
    record = auditor.page.locator(".timeline li")
    expect(record).to_have_count(len(work.taken) + 2)  # the case was opened, and its notice ended by the scheduler
    expect(auditor.page.locator("form[action*='/actions/']")).to_have_count(0)
    record.first.scroll_into_view_if_needed()
    auditor.takes_picture("auditor-record")
