"""Document rules: the scans in which papers were seen, and the photos of a visit, belong to the case."""

from workflows.code_lists import DocumentKind
from workflows.facts import RuleInput, reads
from workflows.vocabulary import Reason


@reads("documents")
def documents_on_file(case: RuleInput) -> Reason | None:
    """Each document that the step names is in force, of the family or the case (docs/domain/procedure.md §1.3 step 5)."""
    missing = [each for each in _named(case) if each not in case.facts.documents]
    return Reason.of("document_not_on_file", field="documents", documents=missing) if missing else None


@reads("documents")
def documents_of_papers_seen(case: RuleInput) -> Reason | None:
    """Each document that the step names is of a kind of paper that was seen (docs/domain/data-dictionary.md §3.8)."""
    papers = case.answers.get("papers")
    seen = {*case.facts.papers, *(map(str, papers) if isinstance(papers, list) else ())}
    kinds = {case.facts.documents[each] for each in _named(case) if each in case.facts.documents} - seen
    return Reason.of("document_of_other_paper", field="papers", missing=sorted(kinds)) if kinds else None


@reads("documents")
def photos_on_file(case: RuleInput) -> Reason | None:
    """Each photo that a visit names is a visit photo in force, of the family or the case (docs/domain/procedure.md §1.3 step 5)."""
    wrong = [each for each in _named(case, "photos") if case.facts.documents.get(each) != DocumentKind.VISIT_PHOTO]
    return Reason.of("photo_not_on_file", field="photos", documents=wrong) if wrong else None


def _named(case: RuleInput, field: str = "documents") -> list[str]:
    named = case.answers.get(field)
    return [str(each) for each in named] if isinstance(named, list) else []
