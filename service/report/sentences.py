"""The sentences of the welfare section, a row each: what must hold, which figures it says, and in which form."""

from dataclasses import dataclass

from service.report.spoken import EXACT, MANY, OVER, THOUSANDS, Style
from service.report.told import Condition, none, some

CHAPTERS = ("visits", "aid", "paired", "care", "files", "apart")


@dataclass(frozen=True, slots=True)
class Place:
    """A figure's place in the words of a sentence, and the form it is said in."""

    name: str
    measure: str
    style: Style = EXACT


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of entry in a list: its words, and the figures it says of each part (褥子2床; 生活救助3人次、9,000元)."""

    words: str
    places: tuple[Place, ...]


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
    places: tuple[Place, ...] = ()
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
    Place("households", "tuition_households"),
    Place("money", "tuition_money"),
    Place("students", "tuition_students"),
)

PAIRED_THINGS = Listing("things", (
    Item("goods", (Place("quantity", "paired_goods"),)),
    Item("funds", (Place("money", "paired_money", THOUSANDS),)),
))  # fmt: skip
CONDOLENCE_THINGS = Listing("things", (
    Item("condolence_money", (Place("money", "condolence_money"),)),
    Item("goods", (Place("quantity", "condolence_goods"),)),
))  # fmt: skip
BY_ITEM = Listing(
    "items", (Item("item", (Place("grants", "aid_grants_by_item"), Place("money", "aid_money_by_item"))),)
)
BY_SOURCE = Listing("sources", (Item("source", (Place("money", "aid_money_by_source"),)),))
BY_CATEGORY = Listing("categories", (Item("category", (Place("households", "households_on_file_by_category"),)),))

# fmt: off
SENTENCES = (
    #        words               chapter   when                                              figures and the form each is said in
    Sentence("nothing",          "visits", (NO_WORK,)),
    Sentence("visited_laid_off", "visits", (some("laid_off_visits"),),                       (Place("households", "laid_off_households_visited", MANY),)),
    Sentence("visited_workers",  "visits", (some("worker_visits"),),                         (Place("households", "worker_households_visited"), Place("visits", "worker_visits"))),
    Sentence("no_visits",        "visits", (WORK, none("worker_visits"))),
    Sentence("festival",         "visits", (some("festival_visits"),),                       (Place("visits", "festival_visits"),)),
    Sentence("surveys",          "visits", (some("survey_visits", "follow_up_visits"),),     (Place("surveys", "survey_visits"), Place("calls", "follow_up_visits"))),

    Sentence("aid_paid",         "aid",    (some("relief_and_tuition_money"),),              (Place("money", "relief_and_tuition_money", MANY),)),
    Sentence("tuition_both",     "aid",    (some(FEES), some(LIVING), none(UNSPLIT)),        BATCH, monthly=True),
    Sentence("tuition_fee",      "aid",    (some(FEES), none(LIVING, UNSPLIT)),              BATCH, monthly=True),
    Sentence("tuition_living",   "aid",    (some(LIVING), none(FEES, UNSPLIT)),              BATCH, monthly=True),
    Sentence("tuition_plain",    "aid",    (some(UNSPLIT),),                                 BATCH, monthly=True),
    Sentence("aid_by_item",      "aid",    (some("aid_money"),),                             (Place("households", "aid_households"), Place("grants", "aid_grants"), Place("money", "aid_money")), (BY_ITEM,)),
    Sentence("sources",          "aid",    (some("aid_money"),),                             (), (BY_SOURCE,)),
    Sentence("no_aid",           "aid",    (WORK, none("aid_money"))),

    Sentence("paired_both",      "paired", (some("paired_visits"), some(*PAIRED_GIFTS)),     (Place("visits", "paired_visits"),), (PAIRED_THINGS,)),
    Sentence("paired_visits",    "paired", (some("paired_visits"), none(*PAIRED_GIFTS)),     (Place("visits", "paired_visits"),)),
    Sentence("paired_gifts",     "paired", (none("paired_visits"), some(*PAIRED_GIFTS)),     (), (PAIRED_THINGS,)),
    Sentence("paired_apart",     "paired", (some(*PAIRED),)),

    Sentence("bereavement",      "care",   (some("bereavement_visits"),),                    (Place("visits", "bereavement_visits"),)),
    Sentence("retired",          "care",   (some("retired_visits"),),                        (Place("visits", "retired_visits"),)),
    Sentence("condolence",       "care",   (some(*CONDOLENCE),),                             (), (CONDOLENCE_THINGS,)),
    Sentence("passed_on",        "care",   (some("donation_passed_on_money"),),              (Place("money", "donation_passed_on_money"),)),
    Sentence("received",         "care",   (some("donation_received_money"),),               (Place("money", "donation_received_money"),)),

    Sentence("on_file",          "files",  (some("households_on_file"),),                    (Place("households", "households_on_file"), Place("filed", "households_filed"), Place("exited", "households_exited")), (BY_CATEGORY,)),
    Sentence("none_on_file",     "files",  (WORK, none("households_on_file"))),
    Sentence("handled",          "files",  (some(*HANDLED),),                                (Place("opened", "cases_opened"), Place("closed", "cases_closed"), Place("declined", "cases_declined"), Place("withdrawn", "cases_withdrawn"))),
    Sentence("recovered",        "files",  (some("cases_recovered"),),                         (Place("cases", "cases_recovered"),)),
    Sentence("came_back",        "files",  (some(*CAME_BACK),),                              (Place("returned", "money_returned"), Place("recalled", "money_recalled"), Place("recovered", "money_recovered"), Place("written_off", "money_written_off"))),

    Sentence("activities",       "apart",  (some("activities"),),                            (Place("times", "activities"), Place("money", "activity_money", OVER))),
)
# fmt: on
