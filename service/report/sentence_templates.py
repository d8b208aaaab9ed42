"""Table of the section's sentences: conditions, figures, and number styles."""

from dataclasses import dataclass

from service.report.figure_lookup import Condition, any_of, none_of
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
    """A placeholder for a list; parts that are zero are left out."""

    name: str
    items: tuple[ListItem, ...]


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
RETURNED_OR_RECALLED = ("money_returned", "money_recalled", "money_recovered", "money_written_off")
WORK = any_of(*VISITED, "aid_money", *PAIRED, *CARE, *HANDLED, *RETURNED_OR_RECALLED, "activities")
NO_WORK = none_of(*VISITED, "aid_money", *PAIRED, *CARE, *HANDLED, *RETURNED_OR_RECALLED, "activities")

FEES, LIVING, UNSPLIT = "tuition_fee_money", "tuition_living_money", "tuition_unsplit_money"
BATCH = (
    FigurePlace("households", "tuition_households"),
    FigurePlace("money", "tuition_money"),
    FigurePlace("students", "tuition_students"),
)

PAIRED_THINGS = Listing("things", (
    ListItem("goods", (FigurePlace("quantity", "paired_goods"),)),
    ListItem("funds", (FigurePlace("money", "paired_money", THOUSANDS),)),
))  # fmt: skip
CONDOLENCE_THINGS = Listing("things", (
    ListItem("condolence_money", (FigurePlace("money", "condolence_money"),)),
    ListItem("goods", (FigurePlace("quantity", "condolence_goods"),)),
))  # fmt: skip
BY_ITEM = Listing(
    "items",
    (ListItem("item", (FigurePlace("grants", "aid_grants_by_item"), FigurePlace("money", "aid_money_by_item"))),),
)
BY_SOURCE = Listing("sources", (ListItem("source", (FigurePlace("money", "aid_money_by_source"),)),))
BY_CATEGORY = Listing(
    "categories", (ListItem("category", (FigurePlace("households", "households_on_file_by_category"),)),)
)
EXIT_REASONS = Listing(
    "reasons", (ListItem("exit_reason", (FigurePlace("households", "households_exited_by_reason"),)),)
)
MOVED = ("households_moved_in", "households_moved_out")

# fmt: off
SENTENCES = (
    #        words               chapter   when                                               figures and their number styles
    Sentence("nothing",          "visits", (NO_WORK,)),
    Sentence("visited_laid_off", "visits", (any_of("laid_off_visits"),),                      (FigurePlace("households", "laid_off_households_visited", MANY),)),
    Sentence("visited_workers",  "visits", (any_of("worker_visits"),),                        (FigurePlace("households", "worker_households_visited"), FigurePlace("visits", "worker_visits"))),
    Sentence("no_visits",        "visits", (WORK, none_of("worker_visits"))),
    Sentence("festival",         "visits", (any_of("festival_visits"),),                      (FigurePlace("visits", "festival_visits"),)),
    Sentence("surveys",          "visits", (any_of("survey_visits", "follow_up_visits"),),    (FigurePlace("surveys", "survey_visits"), FigurePlace("calls", "follow_up_visits"))),

    Sentence("aid_paid",         "aid",    (any_of("relief_and_tuition_money"),),             (FigurePlace("money", "relief_and_tuition_money", MANY),)),
    Sentence("tuition_both",     "aid",    (any_of(FEES), any_of(LIVING), none_of(UNSPLIT)),  BATCH, monthly=True),
    Sentence("tuition_fee",      "aid",    (any_of(FEES), none_of(LIVING, UNSPLIT)),          BATCH, monthly=True),
    Sentence("tuition_living",   "aid",    (any_of(LIVING), none_of(FEES, UNSPLIT)),          BATCH, monthly=True),
    Sentence("tuition_plain",    "aid",    (any_of(UNSPLIT),),                                BATCH, monthly=True),
    Sentence("aid_by_item",      "aid",    (any_of("aid_money"),),                            (FigurePlace("households", "aid_households"), FigurePlace("grants", "aid_grants"), FigurePlace("money", "aid_money")), (BY_ITEM,)),
    Sentence("sources",          "aid",    (any_of("aid_money"),),                            (), (BY_SOURCE,)),
    Sentence("no_aid",           "aid",    (WORK, none_of("aid_money"))),

    Sentence("paired_both",      "paired", (any_of("paired_visits"), any_of(*PAIRED_GIFTS)),  (FigurePlace("visits", "paired_visits"),), (PAIRED_THINGS,)),
    Sentence("paired_visits",    "paired", (any_of("paired_visits"), none_of(*PAIRED_GIFTS)), (FigurePlace("visits", "paired_visits"),)),
    Sentence("paired_gifts",     "paired", (none_of("paired_visits"), any_of(*PAIRED_GIFTS)), (), (PAIRED_THINGS,)),
    Sentence("paired_apart",     "paired", (any_of(*PAIRED),)),

    Sentence("bereavement",      "care",   (any_of("bereavement_visits"),),                   (FigurePlace("visits", "bereavement_visits"),)),
    Sentence("hospital",         "care",   (any_of("hospital_visits"),),                      (FigurePlace("visits", "hospital_visits"),)),
    Sentence("retired",          "care",   (any_of("retired_visits"),),                       (FigurePlace("visits", "retired_visits"),)),
    Sentence("condolence",       "care",   (any_of(*CONDOLENCE),),                            (), (CONDOLENCE_THINGS,)),
    Sentence("passed_on",        "care",   (any_of("donation_passed_on_money"),),             (FigurePlace("money", "donation_passed_on_money"),)),
    Sentence("received",         "care",   (any_of("donation_received_money"),),              (FigurePlace("money", "donation_received_money"),)),

    Sentence("on_file",          "files",  (any_of("households_on_file"),),                   (FigurePlace("households", "households_on_file"), FigurePlace("filed", "households_filed"), FigurePlace("exited", "households_exited")), (BY_CATEGORY,)),
    Sentence("exits",            "files",  (any_of("households_exited"),),                    (FigurePlace("exited", "households_exited"),), (EXIT_REASONS,)),
    Sentence("filed_again",      "files",  (any_of("households_filed_again"),),               (FigurePlace("households", "households_filed_again"),)),
    Sentence("new_heads",        "files",  (any_of("households_with_new_head"),),             (FigurePlace("households", "households_with_new_head"),)),
    Sentence("moved",            "files",  (any_of(*MOVED),),                                 (FigurePlace("moved_in", "households_moved_in"), FigurePlace("moved_out", "households_moved_out"))),
    Sentence("none_on_file",     "files",  (WORK, none_of("households_on_file"))),
    Sentence("handled",          "files",  (any_of(*HANDLED),),                               (FigurePlace("opened", "cases_opened"), FigurePlace("closed", "cases_closed"), FigurePlace("declined", "cases_declined"), FigurePlace("withdrawn", "cases_withdrawn"))),
    Sentence("recovered",        "files",  (any_of("cases_recovered"),),                      (FigurePlace("cases", "cases_recovered"),)),
    Sentence("partly_recalled",  "files",  (any_of("cases_partly_recalled"),),                (FigurePlace("cases", "cases_partly_recalled"),)),
    Sentence("case_written_off", "files",  (any_of("cases_written_off"),),                    (FigurePlace("cases", "cases_written_off"),)),
    Sentence("came_back",        "files",  (any_of(*RETURNED_OR_RECALLED),),                  (FigurePlace("returned", "money_returned"), FigurePlace("recalled", "money_recalled"), FigurePlace("recovered", "money_recovered"), FigurePlace("written_off", "money_written_off"))),

    Sentence("activities",       "apart",  (any_of("activities"),),                           (FigurePlace("times", "activities"), FigurePlace("money", "activity_money", OVER))),
)
# fmt: on
