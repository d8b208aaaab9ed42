"""The figures of the welfare section, a row each: key, unit, date basis, and the SELECT behind it (domain/6 §6.3)."""

from collections.abc import Mapping

from service.report import files, gifts, grants, visits
from service.report.files import came_back, ended, out_of_recovery
from service.report.gifts import to_paired, to_worker
from service.report.grants import relief_or_tuition, tuition
from service.report.measure import CASES, Basis, Measure
from service.report.visits import kind, laid_off, paired, warm, worker
from workflows.wording import HOUSEHOLD_TIMES, HOUSEHOLDS, PERSON_TIMES, PERSONS, TIMES, YUAN

RETURNED = came_back("returned")
RECALLED = came_back("recalled")

# fmt: off
TABLE = (
    #       key                             unit             date basis         rows
    Measure("laid_off_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.households(warm, worker, laid_off)),
    Measure("laid_off_visits",              HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(warm, worker, laid_off)),
    Measure("worker_households_visited",    HOUSEHOLDS,      Basis.VISITED,     visits.households(warm, worker)),
    Measure("worker_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(warm, worker)),
    Measure("festival_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("festival"), worker)),
    Measure("festival_visits",              TIMES,           Basis.VISITED,     visits.each(kind("festival"))),
    Measure("survey_households",            HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("survey"), worker)),
    Measure("survey_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(kind("survey"), worker)),
    Measure("follow_up_households",         HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("follow_up"), worker)),
    Measure("follow_up_visits",             HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(kind("follow_up"), worker)),
    Measure("retired_visits",               TIMES,           Basis.VISITED,     visits.each(kind("retired"))),
    Measure("bereavement_visits",           TIMES,           Basis.VISITED,     visits.each(kind("bereavement"))),

    Measure("relief_and_tuition_money",     YUAN,            Basis.PAID,        grants.paid(relief_or_tuition)),
    Measure("aid_households",               HOUSEHOLDS,      Basis.PAID,        grants.households()),
    Measure("aid_grants",                   PERSON_TIMES,    Basis.PAID,        grants.paid()),
    Measure("aid_money",                    YUAN,            Basis.PAID,        grants.paid()),
    Measure("aid_households_by_item",       HOUSEHOLDS,      Basis.PAID,        grants.households_by_item, split="item"),
    Measure("aid_grants_by_item",           PERSON_TIMES,    Basis.PAID,        grants.paid_by_item, split="item"),
    Measure("aid_money_by_item",            YUAN,            Basis.PAID,        grants.paid_by_item, split="item"),
    Measure("aid_money_by_source",          YUAN,            Basis.PAID,        grants.paid_by_source, split="source"),
    Measure("tuition_households",           HOUSEHOLDS,      Basis.PAID,        grants.households(tuition)),
    Measure("tuition_students",             PERSONS,         Basis.PAID,        grants.students),
    Measure("tuition_money",                YUAN,            Basis.PAID,        grants.paid(tuition)),
    Measure("tuition_fee_money",            YUAN,            Basis.PAID,        grants.fee_part),
    Measure("tuition_living_money",         YUAN,            Basis.PAID,        grants.living_part),
    Measure("tuition_unsplit_money",        YUAN,            Basis.PAID,        grants.unsplit),

    Measure("paired_households",            HOUSEHOLDS,      Basis.VISITED,     visits.households(paired)),
    Measure("paired_visits",                TIMES,           Basis.VISITED,     visits.each(paired)),
    Measure("paired_goods",                 None,            Basis.HANDED,      gifts.goods(to_paired), split="goods"),
    Measure("paired_money",                 YUAN,            Basis.HANDED,      gifts.money(to_paired)),
    Measure("paired_education_money",       YUAN,            Basis.HANDED,      gifts.money(to_paired, gifts.item("EDU"))),
    Measure("paired_housing_money",         YUAN,            Basis.HANDED,      gifts.money(to_paired, gifts.item("HOU"))),
    Measure("condolence_goods",             None,            Basis.HANDED,      gifts.goods(to_worker), split="goods"),
    Measure("condolence_money",             YUAN,            Basis.HANDED,      gifts.money(to_worker)),
    Measure("gift_money_by_source",         YUAN,            Basis.HANDED,      gifts.money_by_source, split="source"),
    Measure("donation_passed_on_money",     YUAN,            Basis.PASSED_ON,   gifts.donations("passed_on")),
    Measure("donation_received_money",      YUAN,            Basis.RECEIVED,    gifts.donations("received")),
    Measure("activities",                   TIMES,           Basis.HELD,        gifts.activities),
    Measure("activity_money",               YUAN,            Basis.HELD,        gifts.activities),

    Measure("households_on_file",           HOUSEHOLDS,      Basis.AT_END,      files.on_file),
    Measure("households_on_file_by_category", HOUSEHOLDS,    Basis.AT_END,      files.on_file_by_category, split="category", small_cells=True),
    Measure("households_filed",             HOUSEHOLDS,      Basis.FILED,       files.filed),
    Measure("households_exited",            HOUSEHOLDS,      Basis.EXITED,      files.exited),
    Measure("cases_opened",                 CASES,           Basis.OPENED,      files.opened),
    Measure("cases_closed",                 CASES,           Basis.ENDED,       ended("closed")),
    Measure("cases_declined",               CASES,           Basis.ENDED,       ended("declined")),
    Measure("cases_withdrawn",              CASES,           Basis.ENDED,       ended("withdrawn")),
    Measure("cases_recovered",              CASES,           Basis.ENDED,       ended("recovered")),
    Measure("cases_written_off",            CASES,           Basis.ENDED,       ended("written_off")),
    Measure("money_returned",               YUAN,            Basis.RETURNED,    RETURNED),
    Measure("money_recalled",               YUAN,            Basis.RECALLED,    RECALLED),
    Measure("money_recovered",              YUAN,            Basis.RECOVERED,   out_of_recovery("available")),
    Measure("money_written_off",            YUAN,            Basis.WRITTEN_OFF, out_of_recovery("written_off")),
)
# fmt: on

MEASURES: Mapping[str, Measure] = {measure.key: measure for measure in TABLE}

BATCH = tuple(measure for measure in TABLE if measure.key.startswith("tuition_"))
"""What is also told of each month's tuition batch: the same rows, of that month alone."""

REACHED = MEASURES["tuition_households"]
"""What makes a batch of a month: it reached at least FLOOR households."""
