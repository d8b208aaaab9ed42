"""Groups of rules, and money movements, that several programmes' tables share."""

from workflows.rules.approval import (
    final_tier,
    higher_tier_follows,
    makers_stay_out,
    minutes_attached,
    payers_stay_out,
    recall_tier_reaches,
    signatures_cover_this,
    write_off_tier_reaches,
)
from workflows.rules.approval import fully_signed as _fully_signed
from workflows.rules.bank_advice import (
    advice_as_stated,
    advice_day_fits,
    advice_states_the_award,
    advice_states_the_rest,
    asked_on_paper,
    never_attempted,
    second_payment_by_other_people,
    second_payment_not_in_cash,
)
from workflows.rules.documents import documents_of_papers_seen, documents_on_file, photos_on_file
from workflows.rules.evidence import survey_still_holds
from workflows.rules.means_test import beneficiary_stays
from workflows.rules.objections import (
    another_reviewer_passes,
    answered_by_another,
    objected_has_changed,
    objection_met_in_words,
)
from workflows.rules.payment import (
    fund_allows,
    fund_can_bear,
    fund_open_to_unit,
    fund_settles,
    method_as_signed,
    not_paid_yet,
    part_of_what_is_out,
    payee_known,
    within_what_is_kept,
)
from workflows.rules.public_notice import (
    an_objection_is_open,
    no_open_objection,
    no_upheld_objection,
    notice_ended,
    notice_taken_down,
    shown_is_unchanged,
    this_notice,
)
from workflows.rules.survey import (
    followers_have_no_incompatible_duty,
    papers_seen_again,
    recorder_went,
    surveyed_by_two,
    surveyors_have_no_incompatible_duty,
    visited_already,
    visitors_enough,
    visitors_entitled,
    visitors_not_family,
)
from workflows.vocabulary import Money, Pot, Role, Sum

VISITORS = (visitors_enough, recorder_went, visitors_entitled, visitors_not_family, visited_already)
SCANNED = (documents_on_file, documents_of_papers_seen)
SURVEYED = (surveyed_by_two, survey_still_holds, papers_seen_again)
REVIEWABLE = (survey_still_holds, another_reviewer_passes, objected_has_changed, objection_met_in_words)
ANSWERABLE = (this_notice, an_objection_is_open, answered_by_another)
SURVEYORS = (*VISITORS, surveyors_have_no_incompatible_duty, photos_on_file)
CALLERS = (
    *(visitors_entitled, recorder_went, visitors_not_family, visited_already, followers_have_no_incompatible_duty),
    photos_on_file,
)
NOTICE_OVER = (notice_ended, no_open_objection, no_upheld_objection)
SIGNABLE = (notice_taken_down, no_open_objection, no_upheld_objection, shown_is_unchanged, signatures_cover_this)
HIGHER = (*SIGNABLE, higher_tier_follows, minutes_attached)
FINAL = (*SIGNABLE, final_tier, minutes_attached, fund_open_to_unit, fund_allows, fund_can_bear)
PAYABLE = (
    _fully_signed,
    signatures_cover_this,
    not_paid_yet,
    fund_settles,
    beneficiary_stays,
    payee_known,
    method_as_signed,
    second_payment_not_in_cash,
)
ARRIVED = (advice_day_fits, advice_states_the_award, second_payment_by_other_people)
BANK_SAYS = (advice_day_fits, advice_states_the_award)
AS_STATED = (advice_day_fits, advice_as_stated)
PART_BACK = (advice_day_fits, part_of_what_is_out)
REST_BACK = (advice_day_fits, advice_states_the_rest)
CANCELLABLE = (asked_on_paper, payers_stay_out)
WITHDRAWABLE = (never_attempted,)
RECALL_DECIDED = (makers_stay_out, within_what_is_kept, recall_tier_reaches)
WRITE_OFF_DECIDED = (makers_stay_out, write_off_tier_reaches)

CONFIRMERS = (Role.CASHIER, Role.APPROVER)
"""Who compares the bank's advice: another cashier, or an approver who decided nothing in the case."""

commit = Money(Pot.AVAILABLE, Pot.COMMITTED)
release = Money(Pot.COMMITTED, Pot.AVAILABLE)
send = Money(Pot.COMMITTED, Pot.IN_TRANSIT)
arrive = Money(Pot.IN_TRANSIT, Pot.PAID)
bounce = Money(Pot.IN_TRANSIT, Pot.COMMITTED)
come_back = Money(Pot.PAID, Pot.IN_TRANSIT)
call_back = Money(Pot.PAID, Pot.RECOVERING, Sum.ANSWER)
recover_part = Money(Pot.RECOVERING, Pot.AVAILABLE, Sum.ANSWER)
recover_rest = Money(Pot.RECOVERING, Pot.AVAILABLE, Sum.REST)
write_off = Money(Pot.RECOVERING, Pot.WRITTEN_OFF, Sum.REST)
