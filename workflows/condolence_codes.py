"""Code lists of condolence: the occasions of a visit, and the relation of the deceased."""

from enum import StrEnum


class Occasion(StrEnum):
    """The occasion of a festival visit (慰问时机)."""

    NEW_YEAR = "new_year"
    SPRING_FESTIVAL = "spring_festival"
    WOMENS_DAY = "womens_day"
    LABOUR_DAY = "labour_day"
    DRAGON_BOAT = "dragon_boat"
    TEACHERS_DAY = "teachers_day"
    MID_AUTUMN = "mid_autumn"
    NATIONAL_DAY = "national_day"
    DOUBLE_NINTH = "double_ninth"
    DAILY = "daily"


class Deceased(StrEnum):
    """The deceased's relation to the member; the policy set says which get condolence (docs/domain/eligibility.md §2.1)."""

    MEMBER = "member"
    SPOUSE = "spouse"
    CHILD = "child"
    MOTHER = "mother"
    FATHER = "father"
    MOTHER_IN_LAW = "mother_in_law"
    FATHER_IN_LAW = "father_in_law"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    GRANDCHILD = "grandchild"
    CHILD_IN_LAW = "child_in_law"
