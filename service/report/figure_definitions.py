"""Table of all figures of the welfare section (docs/domain/report.md §6.3)."""

from collections.abc import Mapping

from service.report import gifts, household_files, households_and_cases, payments, visits, voided_records
from service.report.figure_definition import CASES, RECORDS, Basis, FigureDefinition
from service.report.gifts import to_paired, to_worker
from service.report.households_and_cases import cases_ended_as, recall_entries_to
from service.report.payments import is_relief_or_tuition, is_tuition
from service.report.visits import hardship_or_festival, laid_off_family, of_kind, paired_family, worker_family
from workflows.household_change_codes import HouseholdChangeKind
from workflows.wording import HOUSEHOLD_TIMES, HOUSEHOLDS, PERSON_TIMES, PERSONS, TIMES, YUAN

# fmt: off
TABLE = (
    #       key                             unit             date basis         rows
    FigureDefinition("laid_off_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.visited_households(hardship_or_festival, worker_family, laid_off_family)),
    FigureDefinition("laid_off_visits",              HOUSEHOLD_TIMES, Basis.VISITED,     visits.visit_rows(hardship_or_festival, worker_family, laid_off_family)),
    FigureDefinition("worker_households_visited",    HOUSEHOLDS,      Basis.VISITED,     visits.visited_households(hardship_or_festival, worker_family)),
    FigureDefinition("worker_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.visit_rows(hardship_or_festival, worker_family)),
    FigureDefinition("festival_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.visited_households(of_kind("festival"), worker_family)),
    FigureDefinition("festival_visits",              TIMES,           Basis.VISITED,     visits.visit_rows(of_kind("festival"))),
    FigureDefinition("survey_households",            HOUSEHOLDS,      Basis.VISITED,     visits.visited_households(of_kind("survey"), worker_family)),
    FigureDefinition("survey_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.visit_rows(of_kind("survey"), worker_family)),
    FigureDefinition("follow_up_households",         HOUSEHOLDS,      Basis.VISITED,     visits.visited_households(of_kind("follow_up"), worker_family)),
    FigureDefinition("follow_up_visits",             HOUSEHOLD_TIMES, Basis.VISITED,     visits.visit_rows(of_kind("follow_up"), worker_family)),
    FigureDefinition("retired_visits",               TIMES,           Basis.VISITED,     visits.visit_rows(of_kind("retired"))),
    FigureDefinition("bereavement_visits",           TIMES,           Basis.VISITED,     visits.visit_rows(of_kind("bereavement"))),
    FigureDefinition("hospital_visits",              TIMES,           Basis.VISITED,     visits.visit_rows(of_kind("hospital_stay"))),

    FigureDefinition("relief_and_tuition_money",     YUAN,            Basis.PAID,        payments.payment_rows(is_relief_or_tuition)),
    FigureDefinition("aid_households",               HOUSEHOLDS,      Basis.PAID,        payments.paid_households()),
    FigureDefinition("aid_grants",                   PERSON_TIMES,    Basis.PAID,        payments.payment_rows()),
    FigureDefinition("aid_money",                    YUAN,            Basis.PAID,        payments.payment_rows()),
    FigureDefinition("aid_households_by_item",       HOUSEHOLDS,      Basis.PAID,        payments.paid_households_by_item, split="item"),
    FigureDefinition("aid_grants_by_item",           PERSON_TIMES,    Basis.PAID,        payments.payment_rows_by_item, split="item"),
    FigureDefinition("aid_money_by_item",            YUAN,            Basis.PAID,        payments.payment_rows_by_item, split="item"),
    FigureDefinition("aid_money_by_source",          YUAN,            Basis.PAID,        payments.payment_rows_by_source, split="source"),
    FigureDefinition("tuition_households",           HOUSEHOLDS,      Basis.PAID,        payments.paid_households(is_tuition)),
    FigureDefinition("tuition_students",             PERSONS,         Basis.PAID,        payments.tuition_students),
    FigureDefinition("tuition_money",                YUAN,            Basis.PAID,        payments.payment_rows(is_tuition)),
    FigureDefinition("tuition_fee_money",            YUAN,            Basis.PAID,        payments.fee_part),
    FigureDefinition("tuition_living_money",         YUAN,            Basis.PAID,        payments.living_part),
    FigureDefinition("tuition_unsplit_money",        YUAN,            Basis.PAID,        payments.unsplit_tuition),

    FigureDefinition("paired_households",            HOUSEHOLDS,      Basis.VISITED,     visits.visited_households(paired_family)),
    FigureDefinition("paired_visits",                TIMES,           Basis.VISITED,     visits.visit_rows(paired_family)),
    FigureDefinition("paired_goods",                 None,            Basis.HANDED,      gifts.goods(to_paired), split="goods"),
    FigureDefinition("paired_money",                 YUAN,            Basis.HANDED,      gifts.money(to_paired)),
    FigureDefinition("paired_education_money",       YUAN,            Basis.HANDED,      gifts.money(to_paired, gifts.of_item("EDU"))),
    FigureDefinition("paired_housing_money",         YUAN,            Basis.HANDED,      gifts.money(to_paired, gifts.of_item("HOU"))),
    FigureDefinition("condolence_money_households",  HOUSEHOLDS,      Basis.HANDED,      gifts.given_households(to_worker, gifts.is_money)),
    FigureDefinition("condolence_goods_households",  HOUSEHOLDS,      Basis.HANDED,      gifts.given_households(to_worker, gifts.is_goods)),
    FigureDefinition("condolence_without_visit",     TIMES,           Basis.HANDED,      gifts.without_visit(to_worker)),
    FigureDefinition("condolence_goods",             None,            Basis.HANDED,      gifts.goods(to_worker), split="goods"),
    FigureDefinition("condolence_money",             YUAN,            Basis.HANDED,      gifts.money(to_worker)),
    FigureDefinition("gift_money_by_source",         YUAN,            Basis.HANDED,      gifts.money_by_source, split="source"),
    FigureDefinition("donation_passed_on_money",     YUAN,            Basis.PASSED_ON,   gifts.donations("passed_on")),
    FigureDefinition("donation_received_money",      YUAN,            Basis.RECEIVED,    gifts.donations("received")),
    FigureDefinition("activities",                   TIMES,           Basis.HELD,        gifts.activities),
    FigureDefinition("activity_money",               YUAN,            Basis.HELD,        gifts.activities),

    FigureDefinition("households_on_file",           HOUSEHOLDS,      Basis.AT_END,      household_files.files_at_end),
    FigureDefinition("households_on_file_by_category", HOUSEHOLDS,    Basis.AT_END,      household_files.files_at_end_by_category, split="category"),
    FigureDefinition("households_filed",             HOUSEHOLDS,      Basis.FILED,       household_files.files_opened),
    FigureDefinition("households_exited",            HOUSEHOLDS,      Basis.EXITED,      household_files.files_closed),
    FigureDefinition("households_exited_by_reason",  HOUSEHOLDS,      Basis.EXITED,      household_files.files_closed_by_reason, split="exit_reason"),
    FigureDefinition("households_filed_again",       HOUSEHOLDS,      Basis.FILED_AGAIN, household_files.changed_files(HouseholdChangeKind.FILED_AGAIN)),
    FigureDefinition("households_with_new_head",     HOUSEHOLDS,      Basis.CHANGED,     household_files.changed_files(HouseholdChangeKind.HEAD)),
    FigureDefinition("households_moved_in",          HOUSEHOLDS,      Basis.MOVED,       household_files.changed_files(HouseholdChangeKind.MOVED, household_files.into_scope)),
    FigureDefinition("households_moved_out",         HOUSEHOLDS,      Basis.MOVED,       household_files.changed_files(HouseholdChangeKind.MOVED, household_files.out_of_scope)),
    FigureDefinition("cases_opened",                 CASES,           Basis.OPENED,      households_and_cases.cases_opened),
    FigureDefinition("cases_closed",                 CASES,           Basis.ENDED,       cases_ended_as("closed")),
    FigureDefinition("cases_declined",               CASES,           Basis.ENDED,       cases_ended_as("declined")),
    FigureDefinition("cases_withdrawn",              CASES,           Basis.ENDED,       cases_ended_as("withdrawn")),
    FigureDefinition("cases_recovered",              CASES,           Basis.ENDED,       households_and_cases.cases_recovered),
    FigureDefinition("cases_partly_recalled",        CASES,           Basis.ENDED,       households_and_cases.cases_partly_recalled),
    FigureDefinition("cases_written_off",            CASES,           Basis.ENDED,       households_and_cases.cases_written_off),
    FigureDefinition("money_returned",               YUAN,            Basis.RETURNED,    households_and_cases.returned_payments),
    FigureDefinition("money_recalled",               YUAN,            Basis.RECALLED,    recall_entries_to("recovering")),
    FigureDefinition("money_recovered",              YUAN,            Basis.RECOVERED,   recall_entries_to("available")),
    FigureDefinition("money_written_off",            YUAN,            Basis.WRITTEN_OFF, recall_entries_to("written_off")),
    FigureDefinition("records_voided",               RECORDS,         Basis.VOIDED,      voided_records.voided_records),
)
# fmt: on

FIGURE_DEFINITIONS: Mapping[str, FigureDefinition] = {measure.key: measure for measure in TABLE}

BATCH_FIGURES = tuple(measure for measure in TABLE if measure.key.startswith("tuition_"))
"""Figures that are also counted for the tuition batch of each month."""

BATCH_HOUSEHOLDS = FIGURE_DEFINITIONS["tuition_households"]
"""A month has a tuition batch when this figure reaches SMALL_CELL_THRESHOLD."""
