"""Table of the section's sentences: conditions, figures, and number styles."""

from dataclasses import dataclass

from service.report.figure_lookup import (
    Condition,
    all_named,
    any_of,
    any_shown,
    merged,
    none_of,
    one_part,
    several_parts,
    shown,
    withheld,
)
from service.report.figure_wording import EXACT, MANY, OVER, THOUSANDS, NumberStyle

CHAPTERS = ("visits", "aid", "paired", "care", "files", "apart")


@dataclass(frozen=True, slots=True)
class FigurePlace:
    """A placeholder of a sentence: its name, its figure, and the number style."""

    name: str
    measure: str
    style: NumberStyle = EXACT


@dataclass(frozen=True, slots=True)
class ListItem:
    """One kind of list entry: its catalogue key and its figures per part (褥子2床; 生活救助3人次、9,000元)."""

    words: str
    places: tuple[FigurePlace, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A placeholder for a list; figures and parts that are zero are left out, and so are withheld ones.

    `separator` is 、 or ，. Where parts are withheld, `rest` is the key of the words that end the list.
    """

    name: str
    items: tuple[ListItem, ...]
    separator: str = "comma"
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Printed when all of `when` hold; a `monthly` sentence once per month with a tuition batch."""

    key: str
    chapter: str
    when: tuple[Condition, ...]
    places: tuple[FigurePlace, ...] = ()
    listings: tuple[Listing, ...] = ()
    monthly: bool = False


VISITED = ("worker_visits", "festival_visits", "survey_visits", "follow_up_visits")
PAIRED_GIFTS = ("paired_goods", "paired_money")
PAIRED = ("paired_visits", *PAIRED_GIFTS)
CONDOLENCE = ("condolence_goods", "condolence_money")
DONATED = ("donation_passed_on_money", "donation_received_money")
CARE = ("bereavement_visits", "hospital_visits", "retired_visits", *CONDOLENCE, *DONATED)
HANDLED = ("cases_opened", "cases_closed", "cases_declined", "cases_withdrawn")
APART = any_of("condolence_without_visit")
"""Some gifts were handed over without a recorded visit, so that no visit may be claimed for them."""
ON_VISITS = none_of("condolence_without_visit")
NOT_PAID = ("money_returned", "money_recalled")
SETTLED = ("money_recovered", "money_written_off")
RETURNED_OR_RECALLED = (*NOT_PAID, *SETTLED)
WORK = any_of(*VISITED, "aid_money", *PAIRED, *CARE, *HANDLED, *RETURNED_OR_RECALLED, "activities")
NO_WORK = none_of(*VISITED, "aid_money", *PAIRED, *CARE, *HANDLED, *RETURNED_OR_RECALLED, "activities")

FEES, LIVING, UNSPLIT = "tuition_fee_money", "tuition_living_money", "tuition_unsplit_money"
BATCH = (
    FigurePlace("households", "tuition_households"),
    FigurePlace("money", "tuition_money"),
    FigurePlace("students", "tuition_students"),
)

AIDED = (
    FigurePlace("households", "aid_households"),
    FigurePlace("grants", "aid_grants"),
    FigurePlace("money", "aid_money"),
)

PAIRED_THINGS = Listing("things", (
    ListItem("goods", (FigurePlace("quantity", "paired_goods"),)),
    ListItem("funds", (FigurePlace("money", "paired_money", THOUSANDS),)),
))  # fmt: skip
CONDOLENCE_THINGS = Listing("things", (
    ListItem("condolence_money", (FigurePlace("money", "condolence_money"),)),
    ListItem("goods", (FigurePlace("quantity", "condolence_goods"),)),
))  # fmt: skip
CONDOLENCE_GOODS = Listing("goods", (ListItem("goods", (FigurePlace("quantity", "condolence_goods"),)),))
BY_ITEM = Listing(
    "items",
    (ListItem("item", (FigurePlace("grants", "aid_grants_by_item"), FigurePlace("money", "aid_money_by_item"))),),
    separator="wide_comma",
)
ONLY_ITEM = Listing("item", (ListItem("only_item", (FigurePlace("money", "aid_money_by_item"),)),))
BY_SOURCE = Listing("sources", (ListItem("source", (FigurePlace("money", "aid_money_by_source"),)),), rest="sources")
BY_CATEGORY = Listing(
    "categories",
    (ListItem("category", (FigurePlace("households", "households_on_file_by_category"),)),),
    rest="categories",
)
EXIT_REASONS = Listing(
    "reasons", (ListItem("exit_reason", (FigurePlace("households", "households_exited_by_reason"),)),)
)
MOVED = ("households_moved_in", "households_moved_out")


def each_of(name: str, *measures: str) -> Listing:
    """Return a list with one entry for each figure, worded by its own key; zeros are not spelled out."""
    return Listing(name, tuple(ListItem(key, (FigurePlace("n", key),)) for key in measures), separator="wide_comma")


# fmt: off
SENTENCES = (
    #        words               chapter   when                                               figures and their number styles
    Sentence("nothing",          "visits", (NO_WORK,)),
    Sentence("visited_laid_off", "visits", (any_of("laid_off_visits"),),                      (FigurePlace("households", "laid_off_households_visited", MANY),)),
    Sentence("visited_workers",  "visits", (any_of("worker_visits"),),                        (FigurePlace("households", "worker_households_visited"), FigurePlace("visits", "worker_visits"))),
    Sentence("no_visits",        "visits", (WORK, none_of(*VISITED, *CONDOLENCE))),
    Sentence("festival",         "visits", (any_of("festival_visits"),),                      (FigurePlace("visits", "festival_visits"),)),
    Sentence("surveys",          "visits", (any_of("survey_visits", "follow_up_visits"),),    (), (each_of("visits", "survey_visits", "follow_up_visits"),)),

    Sentence("aid_paid",         "aid",    (shown("relief_and_tuition_money"),),              (FigurePlace("money", "relief_and_tuition_money", MANY),)),
    Sentence("tuition_both",     "aid",    (shown(FEES), shown(LIVING), none_of(UNSPLIT)),    BATCH, monthly=True),
    Sentence("tuition_fee",      "aid",    (shown(FEES), none_of(LIVING, UNSPLIT)),           BATCH, monthly=True),
    Sentence("tuition_living",   "aid",    (shown(LIVING), none_of(FEES, UNSPLIT)),           BATCH, monthly=True),
    Sentence("tuition_plain",    "aid",    (any_of(UNSPLIT),),                                BATCH, monthly=True),
    Sentence("aid_by_item",      "aid",    (several_parts("aid_money_by_item"),),             AIDED, (BY_ITEM,)),
    Sentence("aid_of_one_item",  "aid",    (one_part("aid_money_by_item"), all_named("aid_money_by_item")), AIDED, (ONLY_ITEM,)),
    Sentence("aid_undivided",    "aid",    (one_part("aid_money_by_item"), merged("aid_money_by_item")), AIDED),
    Sentence("aid_small",        "aid",    (withheld("aid_money"),),                          AIDED[:2]),
    Sentence("sources",          "aid",    (shown("aid_money_by_source"),),                   (), (BY_SOURCE,)),
    Sentence("no_aid",           "aid",    (WORK, none_of("aid_money"))),

    Sentence("paired_both",      "paired", (any_of("paired_visits"), any_of(*PAIRED_GIFTS)),  (FigurePlace("visits", "paired_visits"),), (PAIRED_THINGS,)),
    Sentence("paired_visits",    "paired", (any_of("paired_visits"), none_of(*PAIRED_GIFTS)), (FigurePlace("visits", "paired_visits"),)),
    Sentence("paired_gifts",     "paired", (none_of("paired_visits"), any_of(*PAIRED_GIFTS)), (), (PAIRED_THINGS,)),
    Sentence("paired_apart",     "paired", (any_of(*PAIRED),)),

    Sentence("bereavement",      "care",   (any_of("bereavement_visits"),),                   (FigurePlace("visits", "bereavement_visits"),)),
    Sentence("hospital",         "care",   (any_of("hospital_visits"),),                      (FigurePlace("visits", "hospital_visits"),)),
    Sentence("retired",          "care",   (any_of("retired_visits"),),                       (FigurePlace("visits", "retired_visits"),)),
    Sentence("condolence",       "care",   (any_shown(*CONDOLENCE), ON_VISITS),                (), (CONDOLENCE_THINGS,)),
    Sentence("condolence_money", "care",   (shown("condolence_money"), APART),                (FigurePlace("households", "condolence_money_households"), FigurePlace("money", "condolence_money"))),
    Sentence("condolence_small", "care",   (withheld("condolence_money"),),                   (FigurePlace("households", "condolence_money_households"),)),
    Sentence("condolence_goods", "care",   (any_of("condolence_goods"), APART),               (FigurePlace("households", "condolence_goods_households"),), (CONDOLENCE_GOODS,)),
    Sentence("passed_on",        "care",   (any_of("donation_passed_on_money"),),             (FigurePlace("money", "donation_passed_on_money"),)),
    Sentence("received",         "care",   (any_of("donation_received_money"),),              (FigurePlace("money", "donation_received_money"),)),

    Sentence("on_file",          "files",  (any_of("households_on_file"),),                   (FigurePlace("households", "households_on_file"),), (BY_CATEGORY,)),
    Sentence("none_on_file",     "files",  (WORK, none_of("households_on_file"))),
    Sentence("filings",          "files",  (any_of("households_filed", "households_exited"),), (), (each_of("files", "households_filed", "households_exited"),)),
    Sentence("exits",            "files",  (any_of("households_exited"),),                    (FigurePlace("exited", "households_exited"),), (EXIT_REASONS,)),
    Sentence("filed_again",      "files",  (any_of("households_filed_again"),),               (FigurePlace("households", "households_filed_again"),)),
    Sentence("new_heads",        "files",  (any_of("households_with_new_head"),),             (FigurePlace("households", "households_with_new_head"),)),
    Sentence("moved",            "files",  (any_of(*MOVED),),                                 (), (each_of("moves", *MOVED),)),
    Sentence("handled",          "files",  (any_of(*HANDLED),),                               (), (each_of("cases", *HANDLED),)),
    Sentence("recovered",        "files",  (any_of("cases_recovered"),),                      (FigurePlace("cases", "cases_recovered"),)),
    Sentence("partly_recalled",  "files",  (any_of("cases_partly_recalled"),),                (FigurePlace("cases", "cases_partly_recalled"),)),
    Sentence("case_written_off", "files",  (any_of("cases_written_off"),),                    (FigurePlace("cases", "cases_written_off"),)),
    Sentence("came_back",        "files",  (any_of(*NOT_PAID),),                              (), (each_of("sums", *NOT_PAID),)),
    Sentence("settled",          "files",  (any_of(*SETTLED),),                               (), (each_of("sums", *SETTLED),)),

    Sentence("voided",           "files",  (any_of("records_voided"),),                       (FigurePlace("records", "records_voided"),)),

    Sentence("activities",       "apart",  (any_of("activity_money"),),                       (FigurePlace("times", "activities"), FigurePlace("money", "activity_money", OVER))),
    Sentence("activities_only",  "apart",  (any_of("activities"), none_of("activity_money")), (FigurePlace("times", "activities"),)),
)
# fmt: on
