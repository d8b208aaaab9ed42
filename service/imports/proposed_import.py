"""An import of money, powers or rules is proposed; the people it names confirm it, then it is done."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from service.actions import confirmations, personal_data_access
from service.actions.confirmations import Proposal
from service.actions.context import ActionContext
from service.actions.errors import SecondPersonMissing
from service.actions.permissions import unit_path_of
from service.actions.proposals.registry import WRITES
from service.actions.proposals.write import Confirmer, Made, ProposedWrite
from service.imports.import_context import NO_OPTIONS, ImportOptions, Progress
from service.imports.import_files import import_files, no_progress
from service.imports.import_result import Imported
from service.imports.problems import InvalidSheets
from service.tables.accounts import account
from workflows.powers import OUTSIDE_ADMINISTRATION, SECOND_FOR_MONEY, SECOND_FOR_POWER
from workflows.vocabulary import Plain, Reason, Refused, Role

ACT = "import"
RULES, MONEY = {"policy"}, {"fund", "gift"}
"""Subjects of events: those of rules, and those of money; every other that needs a second person is about powers."""


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """One file as it was given."""

    name: str
    base64: str


@dataclass(frozen=True, slots=True)
class ImportContent:
    """The files of an import, who must sign for its money, and the roles of which a holder confirms the rest."""

    unit_id: UUID
    files: tuple[ImportedFile, ...]
    signers: tuple[UUID, ...]
    roles: tuple[Role, ...]
    options: ImportOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class ProposedImport(ProposedWrite):
    """The import: each signer confirms in person, and a holder of the roles confirms powers and rules."""

    def confirmers(self, conn: sa.Connection, content: ImportContent, proposer: UUID) -> tuple[Confirmer, ...]:  # noqa: ARG002
        """Return the people the import needs besides its importer."""
        named = tuple(Confirmer(account_id=each) for each in content.signers if each != proposer)
        return (*named, Confirmer(content.roles)) if content.roles else named


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was imported, or would be once `proposal` is confirmed."""

    imported: Imported
    proposal: Proposal | None = None
    roles: tuple[Role, ...] = ()
    """The roles of which a holder must confirm; the people who must confirm in person are `imported.signers`."""

    is_proposed: bool = False
    """Whether the import waits for other people, or would wait for them."""


def import_or_propose(
    conn: sa.Connection,
    paths: Iterable[Path],
    context: ActionContext,
    progress: Progress = no_progress,
    *,
    dry_run: bool = False,
    options: ImportOptions = NO_OPTIONS,
) -> Outcome:
    """Import files, or propose their import when something in them needs a second person. Never commits.

    Raises InvalidSheets with every problem; then the caller commits only who was disclosed to be on file. Raises Refused
    (signers_without_account) where those who must sign for money would get their accounts with the same import.
    """
    files = list(paths)
    try:
        return Outcome(import_files(conn, files, context, progress, dry_run=dry_run, options=options))
    except SecondPersonMissing:
        imported, acts, signers = _try(conn, files, context, progress, options)
    _refuse_new_signers(conn, signers)
    imported.dry_run = dry_run
    content = _content(files, imported, acts, context, options)
    proposal = None if dry_run else confirmations.keep(conn, ACT, content, context, ALL_WRITES)
    return Outcome(imported, proposal, content.roles, is_proposed=True)


class Tried(NamedTuple):
    """What was imported and taken back, the writes that need a second person, and the logins of those who must sign."""

    imported: Imported
    acts: frozenset[tuple[str, str]]
    signers: dict[UUID, str]


def _try(
    conn: sa.Connection, files: list[Path], context: ActionContext, progress: Progress, options: ImportOptions
) -> Tried:
    """Import the files and take it back."""

    def run(trial: ActionContext) -> Tried:
        imported = import_files(conn, files, trial, progress, options=options)
        logins = sa.select(account.c.id, account.c.login).where(account.c.id.in_(imported.signers))
        signers = {row.id: row.login for row in conn.execute(logins)}
        return Tried(imported, frozenset(trial.second.acts if trial.second else ()), signers)

    try:
        return confirmations.try_write(conn, context, run)
    except InvalidSheets as invalid:
        for refused in invalid.disclosures:
            personal_data_access.record_disclosed_match(conn, refused.persons, context, refused.accounts)
        raise


def _refuse_new_signers(conn: sa.Connection, signers: Mapping[UUID, str]) -> None:
    known = set(conn.scalars(sa.select(account.c.id).where(account.c.id.in_(signers))))
    if new := sorted(login for account_id, login in signers.items() if account_id not in known):
        raise Refused(Reason.of("signers_without_account", logins=[*new]))


def _content(
    files: list[Path],
    imported: Imported,
    acts: frozenset[tuple[str, str]],
    context: ActionContext,
    options: ImportOptions,
) -> ImportContent:
    stored = tuple(ImportedFile(path.name, base64.b64encode(path.read_bytes()).decode()) for path in files)
    signers = tuple(sorted(imported.signers, key=str))
    is_signed = bool(imported.signers - {context.caller.account})
    roles = _roles(acts, is_signed=is_signed)
    return ImportContent(context.caller.unit_id, stored, signers, roles, options)


def _roles(acts: frozenset[tuple[str, str]], *, is_signed: bool) -> tuple[Role, ...]:
    """Return the roles whose holder may confirm everything that no signer confirms in person; empty where all is signed."""
    subjects = {subject for subject, _ in acts}
    groups = []
    if subjects & MONEY and not is_signed:
        groups.append(SECOND_FOR_MONEY)
    if subjects & RULES:
        groups.append(OUTSIDE_ADMINISTRATION)
    if subjects - MONEY - RULES:
        groups.append(SECOND_FOR_POWER)
    return tuple(role for role in Role if groups and all(role in group for group in groups))


def _run(conn: sa.Connection, content: ImportContent, context: ActionContext) -> Made:
    """Import the kept files. Raises Refused (import_not_possible) where the record has changed since the proposal."""
    with TemporaryDirectory(prefix="songnuan-import-") as folder:
        paths = []
        for file in content.files:
            paths.append(Path(folder, Path(file.name).name))
            paths[-1].write_bytes(base64.b64decode(file.base64))
        try:
            import_files(conn, paths, context, options=content.options)
        except InvalidSheets as invalid:
            codes: list[Plain] = [*sorted({problem.code for problem in invalid.problems})]
            raise Refused(Reason.of("import_not_possible", count=len(invalid.problems), codes=codes)) from None
    return Made()


def _facts(content: ImportContent) -> dict[str, Plain]:
    digests: list[Plain] = [sha256(base64.b64decode(file.base64)).hexdigest() for file in content.files]
    said = {"urgent": content.options.urgent.strip(), "late": content.options.late.strip()}
    left_out: list[Plain] = [f"{each.sheet} {each.row}" for each in content.options.left_out]
    facts: dict[str, Plain] = {"files": digests, **{name: text for name, text in said.items() if text}}
    return facts | ({"left_out": left_out} if left_out else {})


ALL_WRITES: Mapping[str, ProposedWrite] = {
    **WRITES,
    ACT: ProposedImport(
        power=("fund", "receive"),
        content=ImportContent,
        run=_run,
        unit_path=lambda conn, content, _context: unit_path_of(conn, content.unit_id),
        facts=_facts,
    ),
}
"""Every write that can be proposed, imports among them."""
