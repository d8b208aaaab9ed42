"""The figures of the welfare section, a row each: key, unit, date basis, and the SELECT behind it (domain/6 §6.3)."""

from collections.abc import Mapping

from service.report import files, gifts, grants, visits
from service.report.files import came_back, ended, out_of_recovery
from service.report.gifts import TO_PAIRED, TO_WORKER
from service.report.grants import RELIEF_OR_TUITION, TUITION
from service.report.measure import CASES, Basis, Measure
from service.report.visits import LAID_OFF, PAIRED, WARM, WORKER, kind
from service.tables.funds import payment
from workflows.wording import HOUSEHOLD_TIMES, HOUSEHOLDS, PERSON_TIMES, PERSONS, TIMES, YUAN

RETURNED = came_back("returned", payment.c.returned_on)
RECALLED = came_back("recalled", payment.c.recalled_on)

# fmt: off
TABLE = (
    #       key                             unit             date basis         rows
    Measure("laid_off_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.households(WARM, WORKER, LAID_OFF)),
    Measure("laid_off_visits",              HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(WARM, WORKER, LAID_OFF)),
    Measure("worker_households_visited",    HOUSEHOLDS,      Basis.VISITED,     visits.households(WARM, WORKER)),
    Measure("worker_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(WARM, WORKER)),
    Measure("festival_households_visited",  HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("festival"), WORKER)),
    Measure("festival_visits",              TIMES,           Basis.VISITED,     visits.each(kind("festival"))),
    Measure("survey_households",            HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("survey"), WORKER)),
    Measure("survey_visits",                HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(kind("survey"), WORKER)),
    Measure("follow_up_households",         HOUSEHOLDS,      Basis.VISITED,     visits.households(kind("follow_up"), WORKER)),
    Measure("follow_up_visits",             HOUSEHOLD_TIMES, Basis.VISITED,     visits.each(kind("follow_up"), WORKER)),
    Measure("retired_visits",               TIMES,           Basis.VISITED,     visits.each(kind("retired"))),
    Measure("bereavement_visits",           TIMES,           Basis.VISITED,     visits.each(kind("bereavement"))),

    Measure("relief_and_tuition_money",     YUAN,            Basis.PAID,        grants.paid(RELIEF_OR_TUITION)),
    Measure("aid_households",               HOUSEHOLDS,      Basis.PAID,        grants.households()),
    Measure("aid_grants",                   PERSON_TIMES,    Basis.PAID,        grants.paid()),
    Measure("aid_money",                    YUAN,            Basis.PAID,        grants.paid()),
    Measure("aid_households_by_item",       HOUSEHOLDS,      Basis.PAID,        grants.households_by_item, split="item"),
    Measure("aid_grants_by_item",           PERSON_TIMES,    Basis.PAID,        grants.paid_by_item, split="item"),
    Measure("aid_money_by_item",            YUAN,            Basis.PAID,        grants.paid_by_item, split="item"),
    Measure("aid_money_by_source",          YUAN,            Basis.PAID,        grants.paid_by_source, split="source"),
    Measure("tuition_households",           HOUSEHOLDS,      Basis.PAID,        grants.households(TUITION)),
    Measure("tuition_students",             PERSONS,         Basis.PAID,        grants.students),
    Measure("tuition_money",                YUAN,            Basis.PAID,        grants.paid(TUITION)),
    Measure("tuition_fee_money",            YUAN,            Basis.PAID,        grants.fee_part),
    Measure("tuition_living_money",         YUAN,            Basis.PAID,        grants.living_part),
    Measure("tuition_unsplit_money",        YUAN,            Basis.PAID,        grants.unsplit),

    Measure("paired_households",            HOUSEHOLDS,      Basis.VISITED,     visits.households(PAIRED)),
    Measure("paired_visits",                TIMES,           Basis.VISITED,     visits.each(PAIRED)),
    Measure("paired_goods",                 None,            Basis.HANDED,      gifts.goods(TO_PAIRED), split="goods"),
    Measure("paired_money",                 YUAN,            Basis.HANDED,      gifts.money(TO_PAIRED)),
    Measure("paired_education_money",       YUAN,            Basis.HANDED,      gifts.money(TO_PAIRED, gifts.item("EDU"))),
    Measure("paired_housing_money",         YUAN,            Basis.HANDED,      gifts.money(TO_PAIRED, gifts.item("HOU"))),
    Measure("condolence_goods",             None,            Basis.HANDED,      gifts.goods(TO_WORKER), split="goods"),
    Measure("condolence_money",             YUAN,            Basis.HANDED,      gifts.money(TO_WORKER)),
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
"""What is also told of each month's tuition batch: the same SELECTs over that month alone."""
