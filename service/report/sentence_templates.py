"""The sentences of the welfare section, a row each: what must hold, which figures it says, and in which form."""

from dataclasses import dataclass

from service.report.figure_lookup import Condition, none, some
from service.report.figure_wording import EXACT, MANY, OVER, THOUSANDS, NumberStyle

CHAPTERS = ("visits", "aid", "paired", "care", "files", "apart")


@dataclass(frozen=True, slots=True)
class FigurePlace:
    """A figure's place in the words of a sentence, and the form it is said in."""

    name: str
    measure: str
    style: NumberStyle = EXACT


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of entry in a list: its words, and the figures it says of each part (褥子2床; 生活救助3人次、9,000元)."""

    words: str
    places: tuple[FigurePlace, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list's place in a sentence; what there is nothing of is left out."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Said when all of `when` holds; a monthly one once for each month with a tuition batch."""

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
CARE = ("bereavement_visits", "retired_visits", *CONDOLENCE, *DONATED)
HANDLED = ("cases_opened", "cases_closed", "cases_declined", "cases_withdrawn")
CAME_BACK = ("money_returned", "money_recalled", "money_recovered", "money_written_off")
WORK = some(*VISITED, "aid_money", *PAIRED, *CARE, *HANDLED, *CAME_BACK, "activities")
NO_WORK = none(*VISITED, "aid_money", *PAIRED, *CARE, *HANDLED, *CAME_BACK, "activities")

FEES, LIVING, UNSPLIT = "tuition_fee_money", "tuition_living_money", "tuition_unsplit_money"
BATCH = (
    FigurePlace("households", "tuition_households"),
    FigurePlace("money", "tuition_money"),
    FigurePlace("students", "tuition_students"),
)

PAIRED_THINGS = Listing("things", (
    Item("goods", (FigurePlace("quantity", "paired_goods"),)),
    Item("funds", (FigurePlace("money", "paired_money", THOUSANDS),)),
))  # fmt: skip
CONDOLENCE_THINGS = Listing("things", (
    Item("condolence_money", (FigurePlace("money", "condolence_money"),)),
    Item("goods", (FigurePlace("quantity", "condolence_goods"),)),
))  # fmt: skip
BY_ITEM = Listing(
    "items", (Item("item", (FigurePlace("grants", "aid_grants_by_item"), FigurePlace("money", "aid_money_by_item"))),)
)
BY_SOURCE = Listing("sources", (Item("source", (FigurePlace("money", "aid_money_by_source"),)),))
BY_CATEGORY = Listing("categories", (Item("category", (FigurePlace("households", "households_on_file_by_category"),)),))

# fmt: off
SENTENCES = (
    #        words               chapter   when                                              figures and the form each is said in
    Sentence("nothing",          "visits", (NO_WORK,)),
    Sentence("visited_laid_off", "visits", (some("laid_off_visits"),),                       (FigurePlace("households", "laid_off_households_visited", MANY),)),
    Sentence("visited_workers",  "visits", (some("worker_visits"),),                         (FigurePlace("households", "worker_households_visited"), FigurePlace("visits", "worker_visits"))),
    Sentence("no_visits",        "visits", (WORK, none("worker_visits"))),
    Sentence("festival",         "visits", (some("festival_visits"),),                       (FigurePlace("visits", "festival_visits"),)),
    Sentence("surveys",          "visits", (some("survey_visits", "follow_up_visits"),),     (FigurePlace("surveys", "survey_visits"), FigurePlace("calls", "follow_up_visits"))),

    Sentence("aid_paid",         "aid",    (some("relief_and_tuition_money"),),              (FigurePlace("money", "relief_and_tuition_money", MANY),)),
    Sentence("tuition_both",     "aid",    (some(FEES), some(LIVING), none(UNSPLIT)),        BATCH, monthly=True),
    Sentence("tuition_fee",      "aid",    (some(FEES), none(LIVING, UNSPLIT)),              BATCH, monthly=True),
    Sentence("tuition_living",   "aid",    (some(LIVING), none(FEES, UNSPLIT)),              BATCH, monthly=True),
    Sentence("tuition_plain",    "aid",    (some(UNSPLIT),),                                 BATCH, monthly=True),
    Sentence("aid_by_item",      "aid",    (some("aid_money"),),                             (FigurePlace("households", "aid_households"), FigurePlace("grants", "aid_grants"), FigurePlace("money", "aid_money")), (BY_ITEM,)),
    Sentence("sources",          "aid",    (some("aid_money"),),                             (), (BY_SOURCE,)),
    Sentence("no_aid",           "aid",    (WORK, none("aid_money"))),

    Sentence("paired_both",      "paired", (some("paired_visits"), some(*PAIRED_GIFTS)),     (FigurePlace("visits", "paired_visits"),), (PAIRED_THINGS,)),
    Sentence("paired_visits",    "paired", (some("paired_visits"), none(*PAIRED_GIFTS)),     (FigurePlace("visits", "paired_visits"),)),
    Sentence("paired_gifts",     "paired", (none("paired_visits"), some(*PAIRED_GIFTS)),     (), (PAIRED_THINGS,)),
    Sentence("paired_apart",     "paired", (some(*PAIRED),)),

    Sentence("bereavement",      "care",   (some("bereavement_visits"),),                    (FigurePlace("visits", "bereavement_visits"),)),
    Sentence("retired",          "care",   (some("retired_visits"),),                        (FigurePlace("visits", "retired_visits"),)),
    Sentence("condolence",       "care",   (some(*CONDOLENCE),),                             (), (CONDOLENCE_THINGS,)),
    Sentence("passed_on",        "care",   (some("donation_passed_on_money"),),              (FigurePlace("money", "donation_passed_on_money"),)),
    Sentence("received",         "care",   (some("donation_received_money"),),               (FigurePlace("money", "donation_received_money"),)),

    Sentence("on_file",          "files",  (some("households_on_file"),),                    (FigurePlace("households", "households_on_file"), FigurePlace("filed", "households_filed"), FigurePlace("exited", "households_exited")), (BY_CATEGORY,)),
    Sentence("none_on_file",     "files",  (WORK, none("households_on_file"))),
    Sentence("handled",          "files",  (some(*HANDLED),),                                (FigurePlace("opened", "cases_opened"), FigurePlace("closed", "cases_closed"), FigurePlace("declined", "cases_declined"), FigurePlace("withdrawn", "cases_withdrawn"))),
    Sentence("recovered",        "files",  (some("cases_recovered"),),                         (FigurePlace("cases", "cases_recovered"),)),
    Sentence("came_back",        "files",  (some(*CAME_BACK),),                              (FigurePlace("returned", "money_returned"), FigurePlace("recalled", "money_recalled"), FigurePlace("recovered", "money_recovered"), FigurePlace("written_off", "money_written_off"))),

    Sentence("activities",       "apart",  (some("activities"),),                            (FigurePlace("times", "activities"), FigurePlace("money", "activity_money", OVER))),
)
# fmt: on
