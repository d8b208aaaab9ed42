"""The figures of the welfare section, a row each: key, unit, date basis, and the SELECT behind it (domain/6 §6.3)."""

from collections.abc import Mapping

from service.report import gifts, households_and_cases, payments, visits
from service.report.figure_definition import CASES, Basis, FigureDefinition
from service.report.gifts import to_paired, to_worker
from service.report.households_and_cases import came_back, ended, out_of_recovery
from service.report.payments import relief_or_tuition, tuition
from service.report.visits import kind, laid_off, paired, warm, worker
from workflows.wording import HOUSEHOLD_TIMES, HOUSEHOLDS, PERSON_TIMES, PERSONS, TIMES, YUAN

RETURNED = came_back("returned")
RECALLED = came_back("recalled")

# fmt: off
TABLE = (
    #       key                             unit             date basis         rows
    FigureDefinition("laid_off_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.households(warm, worker, laid_off)),
    FigureDefinition("laid_off_visits",              HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(warm, worker, laid_off)),
    FigureDefinition("worker_households_visited",    HOUSEHOLDS,      Basis.VISITED,     visits.households(warm, worker)),
    FigureDefinition("worker_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(warm, worker)),
    FigureDefinition("festival_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("festival"), worker)),
    FigureDefinition("festival_visits",              TIMES,           Basis.VISITED,     visits.each(kind("festival"))),
    FigureDefinition("survey_households",            HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("survey"), worker)),
    FigureDefinition("survey_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(kind("survey"), worker)),
    FigureDefinition("follow_up_households",         HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("follow_up"), worker)),
    FigureDefinition("follow_up_visits",             HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(kind("follow_up"), worker)),
    FigureDefinition("retired_visits",               TIMES,           Basis.VISITED,     visits.each(kind("retired"))),
    FigureDefinition("bereavement_visits",           TIMES,           Basis.VISITED,     visits.each(kind("bereavement"))),

    FigureDefinition("relief_and_tuition_money",     YUAN,            Basis.PAID,        payments.paid(relief_or_tuition)),
    FigureDefinition("aid_households",               HOUSEHOLDS,      Basis.PAID,        payments.households()),
    FigureDefinition("aid_grants",                   PERSON_TIMES,    Basis.PAID,        payments.paid()),
    FigureDefinition("aid_money",                    YUAN,            Basis.PAID,        payments.paid()),
    FigureDefinition("aid_households_by_item",       HOUSEHOLDS,      Basis.PAID,        payments.households_by_item, split="item"),
    FigureDefinition("aid_grants_by_item",           PERSON_TIMES,    Basis.PAID,        payments.paid_by_item, split="item"),
    FigureDefinition("aid_money_by_item",            YUAN,            Basis.PAID,        payments.paid_by_item, split="item"),
    FigureDefinition("aid_money_by_source",          YUAN,            Basis.PAID,        payments.paid_by_source, split="source"),
    FigureDefinition("tuition_households",           HOUSEHOLDS,      Basis.PAID,        payments.households(tuition)),
    FigureDefinition("tuition_students",             PERSONS,         Basis.PAID,        payments.students),
    FigureDefinition("tuition_money",                YUAN,            Basis.PAID,        payments.paid(tuition)),
    FigureDefinition("tuition_fee_money",            YUAN,            Basis.PAID,        payments.fee_part),
    FigureDefinition("tuition_living_money",         YUAN,            Basis.PAID,        payments.living_part),
    FigureDefinition("tuition_unsplit_money",        YUAN,            Basis.PAID,        payments.unsplit),

    FigureDefinition("paired_households",            HOUSEHOLDS,      Basis.VISITED,     visits.households(paired)),
    FigureDefinition("paired_visits",                TIMES,           Basis.VISITED,     visits.each(paired)),
    FigureDefinition("paired_goods",                 None,            Basis.HANDED,      gifts.goods(to_paired), split="goods"),
    FigureDefinition("paired_money",                 YUAN,            Basis.HANDED,      gifts.money(to_paired)),
    FigureDefinition("paired_education_money",       YUAN,            Basis.HANDED,      gifts.money(to_paired, gifts.item("EDU"))),
    FigureDefinition("paired_housing_money",         YUAN,            Basis.HANDED,      gifts.money(to_paired, gifts.item("HOU"))),
    FigureDefinition("condolence_goods",             None,            Basis.HANDED,      gifts.goods(to_worker), split="goods"),
    FigureDefinition("condolence_money",             YUAN,            Basis.HANDED,      gifts.money(to_worker)),
    FigureDefinition("gift_money_by_source",         YUAN,            Basis.HANDED,      gifts.money_by_source, split="source"),
    FigureDefinition("donation_passed_on_money",     YUAN,            Basis.PASSED_ON,   gifts.donations("passed_on")),
    FigureDefinition("donation_received_money",      YUAN,            Basis.RECEIVED,    gifts.donations("received")),
    FigureDefinition("activities",                   TIMES,           Basis.HELD,        gifts.activities),
    FigureDefinition("activity_money",               YUAN,            Basis.HELD,        gifts.activities),

    FigureDefinition("households_on_file",           HOUSEHOLDS,      Basis.AT_END,      households_and_cases.on_file),
    FigureDefinition("households_on_file_by_category", HOUSEHOLDS,    Basis.AT_END,      households_and_cases.on_file_by_category, split="category", small_cells=True),
    FigureDefinition("households_filed",             HOUSEHOLDS,      Basis.FILED,       households_and_cases.filed),
    FigureDefinition("households_exited",            HOUSEHOLDS,      Basis.EXITED,      households_and_cases.exited),
    FigureDefinition("cases_opened",                 CASES,           Basis.OPENED,      households_and_cases.opened),
    FigureDefinition("cases_closed",                 CASES,           Basis.ENDED,       ended("closed")),
    FigureDefinition("cases_declined",               CASES,           Basis.ENDED,       ended("declined")),
    FigureDefinition("cases_withdrawn",              CASES,           Basis.ENDED,       ended("withdrawn")),
    FigureDefinition("cases_recovered",              CASES,           Basis.ENDED,       ended("recovered")),
    FigureDefinition("cases_written_off",            CASES,           Basis.ENDED,       ended("written_off")),
    FigureDefinition("money_returned",               YUAN,            Basis.RETURNED,    RETURNED),
    FigureDefinition("money_recalled",               YUAN,            Basis.RECALLED,    RECALLED),
    FigureDefinition("money_recovered",              YUAN,            Basis.RECOVERED,   out_of_recovery("available")),
    FigureDefinition("money_written_off",            YUAN,            Basis.WRITTEN_OFF, out_of_recovery("written_off")),
)
# fmt: on

FIGURE_DEFINITIONS: Mapping[str, FigureDefinition] = {measure.key: measure for measure in TABLE}

BATCH = tuple(measure for measure in TABLE if measure.key.startswith("tuition_"))
"""What is also told of each month's tuition batch: the same rows, of that month alone."""

REACHED = FIGURE_DEFINITIONS["tuition_households"]
"""What makes a batch of a month: it reached at least FLOOR households."""
