"""Code lists are shared by forms, CHECK constraints, policies and spreadsheets.

The order of a list is that of its CHECK constraint in the database.
"""

from enum import StrEnum


class UnitKind(StrEnum):
    """The level of a unit (组织层级)."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    INDUSTRY = "industry"
    GRASS_ROOTS = "grass_roots"


class FundSource(StrEnum):
    """The source of a fund line's money (资金来源)."""

    CENTRAL_FINANCE = "CEN"
    PROVINCE_FINANCE = "PRV"
    CITY_FINANCE = "CTY"
    COUNTY_FINANCE = "CNT"
    HIGHER_UNION = "UPS"
    OWN_FUNDS = "OWN"
    ADMINISTRATION = "ADM"
    SOCIAL_DONATION = "DON-S"
    WORKERS_DONATION = "DON-W"
    CIVIL_AFFAIRS = "CIV"
    INTEREST = "INT"
    OTHER = "OTH"


class Item(StrEnum):
    """The item of aid (救助项目)."""

    LIVING = "LIV"
    MEDICAL = "MED"
    EDUCATION = "EDU"
    ACCIDENT = "ACC"
    TEMPORARY = "TMP"
    SEND_WARMTH = "SWN"
    CONDOLENCE = "CON"
    HOUSING = "HOU"
    GOODS = "KIND"
    LEGAL_AID = "LEG"
    TRAINING = "TRN"
    JOB_PLACEMENT = "JOB"


FUND_ITEMS = tuple(item for item in Item if item is not Item.GOODS)
"""The items a fund line may pay for."""

HARDSHIP_ITEMS = (Item.LIVING, Item.MEDICAL, Item.ACCIDENT, Item.TEMPORARY)
TUITION_ITEMS = (Item.EDUCATION,)
RELIEF_ITEMS = (*HARDSHIP_ITEMS, *TUITION_ITEMS, Item.HOUSING)
"""Items that reach a worker's household only through a case: survey, notice, means test and approval."""

MONEY_GIFT_ITEMS = (Item.EDUCATION, Item.HOUSING, Item.LIVING, Item.SEND_WARMTH, Item.CONDOLENCE)
GOODS_GIFT_ITEMS = (Item.GOODS, Item.SEND_WARMTH, Item.CONDOLENCE)
GIFT_ITEMS = (*MONEY_GIFT_ITEMS, Item.GOODS)


class HouseholdKind(StrEnum):
    """The kind of household file (档案类别)."""

    WORKER = "worker"
    RURAL_PAIRED = "rural_paired"


class Identity(StrEnum):
    """The worker's employment status (身份)."""

    ON_POST = "on_post"
    LAID_OFF = "laid_off"
    UNEMPLOYED = "unemployed"
    RETIRED = "retired"
    SICK_LEAVE = "sick_leave"
    MIGRANT = "migrant"
    NEW_FORM = "new_form"
    RURAL = "rural"


class Category(StrEnum):
    """The category of need (困难类别)."""

    DEEP = "deep"
    RELATIVE = "relative"
    SUDDEN = "sudden"


class Cause(StrEnum):
    """The cause of the household's need (致困原因)."""

    ILLNESS = "illness"
    DISABILITY = "disability"
    ACCIDENT = "accident"
    DISASTER = "disaster"
    SCHOOLING = "schooling"
    UNEMPLOYED = "unemployed"
    LOW_INCOME = "low_income"
    SINGLE_PARENT = "single_parent"
    OTHER = "other"


class Observation(StrEnum):
    """An observation that may exclude a household (排除情形)."""

    TWO_HOMES = "two_homes"
    VEHICLE = "vehicle"
    SHOP = "shop"
    COMPANY = "company"
    PRIVATE_SCHOOL = "private_school"
    STUDY_ABROAD = "study_abroad"
    UNCOOPERATIVE = "uncooperative"
    FALSE_PAPERS = "false_papers"
    IDLE_REFUSAL = "idle_refusal"


class MisfortuneKind(StrEnum):
    """The event behind sudden need (意外事件)."""

    DISASTER = "disaster"
    MAJOR_ACCIDENT = "major_accident"
    EPIDEMIC = "epidemic"
    PUBLIC_SAFETY = "public_safety"
    CATASTROPHIC_ILLNESS = "catastrophic_illness"
    HOME_DESTROYED = "home_destroyed"


class Relation(StrEnum):
    """A member's relation to the head of the household (与户主关系)."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


class Kinship(StrEnum):
    """A staff member's relation to a household (亲属关系)."""

    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    OTHER = "other"


class StudentStage(StrEnum):
    """The stage of schooling (学段)."""

    PRESCHOOL = "preschool"
    COMPULSORY = "compulsory"
    SENIOR = "senior"
    VOCATIONAL = "vocational"
    JUNIOR_COLLEGE = "junior_college"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


class Institution(StrEnum):
    """The kind of school (学校类别)."""

    PUBLIC = "public"
    PRIVATE = "private"
    MILITARY = "military"
    FREE_TEACHER = "free_teacher"
    DIRECTED = "directed"
    SINO_FOREIGN = "sino_foreign"
    PRIVATE_HIGH_FEE = "private_high_fee"
    ABROAD = "abroad"


class LineSide(StrEnum):
    """The side of a household's finances to which a row belongs (收支)."""

    INCOME = "income"
    SPENDING = "spending"
    ASSET = "asset"


class VisitKind(StrEnum):
    """The kind of a visit (走访类别)."""

    SURVEY = "survey"
    FOLLOW_UP = "follow_up"
    FESTIVAL = "festival"
    HARDSHIP = "hardship"
    BEREAVEMENT = "bereavement"
    PAIRING = "pairing"
    RETIRED = "retired"
    HOSPITAL_STAY = "hospital_stay"


CASE_VISIT_KINDS = (VisitKind.SURVEY, VisitKind.FOLLOW_UP)
OTHER_VISIT_KINDS = tuple(kind for kind in VisitKind if kind not in CASE_VISIT_KINDS)
"""Kinds of visits that belong to no case."""


class Place(StrEnum):
    """The place of a visit (走访地点)."""

    HOME = "home"
    WORKPLACE = "workplace"
    HOSPITAL = "hospital"
    SCHOOL = "school"
    PHONE = "phone"
    OTHER = "other"


SURVEY_PLACES = (Place.HOME, Place.WORKPLACE, Place.HOSPITAL, Place.SCHOOL)
FOLLOW_UP_PLACES = (*SURVEY_PLACES, Place.PHONE)


class NoticePlace(StrEnum):
    """The place where a notice hangs (公示地点); a newspaper or the open web is none (docs/domain/procedure.md §1.5)."""

    UNIT_BOARD = "unit_board"
    WORKSHOP_BOARD = "workshop_board"
    SCHOOL_BOARD = "school_board"
    COMMUNITY_BOARD = "community_board"
    INTERNAL_PAGE = "internal_page"


class SurveyConclusion(StrEnum):
    """The conclusion of a survey visit (结论)."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"


class VerificationOutcome(StrEnum):
    """The outcome of the economic check (核对结果)."""

    CLEAR = "clear"
    HITS = "hits"


class ObjectionOutcome(StrEnum):
    """The outcome of an objection (处理结果)."""

    CLEARED = "cleared"
    UPHELD = "upheld"


class PaymentMethod(StrEnum):
    """The method of payment (发放方式)."""

    BANK = "bank"
    CASH = "cash"


class DonationDirection(StrEnum):
    """The direction of a donation: passed on (转捐) or received (收到)."""

    PASSED_ON = "passed_on"
    RECEIVED = "received"


class ActivityKind(StrEnum):
    """The kind of an activity (活动类别)."""

    CULTURE = "culture"
    SPORT = "sport"
    TRAINING = "training"
    FORUM = "forum"
    OUTING = "outing"
    VOLUNTEERING = "volunteering"
    EXCHANGE = "exchange"
    OTHER = "other"


class DocumentKind(StrEnum):
    """What a scan or a photo shows, where it is none of the papers that a policy names (docs/domain/procedure.md §1.3)."""

    VISIT_PHOTO = "visit_photo"
    NOTICE_PHOTO = "notice_photo"
    RECEIPT = "receipt"
    PROXY_LETTER = "proxy_letter"
    OBJECTION_PAPER = "objection_paper"
    OTHER = "other_document"


class BundlePurpose(StrEnum):
    """What an auditors' bundle is made for (经审资料包的用途)."""

    YEARLY_AUDIT = "yearly_audit"
    SPECIAL_AUDIT = "special_audit"
    COMPLAINT = "complaint"
    HANDOVER = "handover"
