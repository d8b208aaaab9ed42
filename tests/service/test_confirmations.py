"""A write that moves money, gives power or changes rules is proposed by one person and confirmed by another."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from service.actions import account_ends, accounts, bootstrap, confirmations, invitations, kinship, policies
from service.actions.accounts import NewGrant
from service.actions.errors import NotFound, SecondPersonMissing
from service.actions.fund_receipts import NewReceipt, record_receipt
from service.actions.proposals.money import ReceiptContent
from service.actions.proposals.powers import FoundingContent, InvitationContent, Invited, KinshipEnd
from service.actions.proposals.registry import WRITES
from service.actions.proposals.rules import PolicyContent
from service.actions.proposals.write import Confirmer, ProposedWrite
from service.queries.policy_changes import changes
from service.tables.accounts import account, role_grant, token
from service.tables.confirmations import confirmation, second_person_act
from service.tables.events import event
from service.tables.funds import fund
from service.tables.notifications import notification
from tests.api_client import ApiClient, refusal
from tests.factories import (
    RING,
    SAMPLES,
    Organisation,
    create_account,
    create_family,
    create_organisation,
    grant,
    instant,
)
from tests.lives import start
from tests.second_person import confirmed, seconded
from workflows.powers import POWERS
from workflows.vocabulary import Fen, InvalidForm, Refused, Role

DAY = date(2025, 9, 1)


@pytest.fixture
def union(conn: sa.Connection) -> Organisation:
    """Return a new organisation in a transaction that is rolled back."""
    return create_organisation(conn)


def codes(write: Any) -> list[str]:
    """Return the reason codes of a refused write; none if it succeeds."""
    try:
        write()
    except Refused as refused:
        return refused.codes
    except InvalidForm as invalid:
        return [problem.code for problem in invalid.problems]
    return []


def receipt(union: Organisation, document: str = "银收1", fen: int = 100_000) -> ReceiptContent:
    return ReceiptContent(union.fund_id, NewReceipt(Fen(fen), document, DAY))


def available(conn: sa.Connection, fund_id: UUID) -> int:
    return int(conn.scalars(sa.select(fund.c.available_fen).where(fund.c.id == fund_id)).one())


# ---- the mechanism


def test_receipt_counts_only_when_another_person_has_confirmed_it(conn: sa.Connection, union: Organisation) -> None:
    cashier, approver = union.context(conn, "cashier", DAY), union.context(conn, "approver_1", DAY)
    before = available(conn, union.fund_id)
    proposal = confirmations.propose(conn, "receipt", receipt(union), cashier)
    assert available(conn, union.fund_id) == before
    made = confirmations.confirm(conn, proposal.id, proposal.digest, approver)
    assert made is not None
    assert available(conn, union.fund_id) == before + 100_000
    query = sa.select(event).where(event.c.confirmation_id == proposal.id, event.c.subject == "fund")
    written = conn.execute(query).one()
    assert (written.actor_id, written.action) == (union.people["cashier"], "receive")
    assert f'"confirmed_by":["{union.people["approver_1"]}"]' in written.body


def test_proposer_does_not_confirm_their_own_proposal(conn: sa.Connection, union: Organisation) -> None:
    grant(conn, union, "cashier", "approver", 3)
    cashier = union.context(conn, "cashier", DAY)
    proposal = confirmations.propose(conn, "receipt", receipt(union), cashier)
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, cashier)) == ["confirmer_proposed"]


def test_stand_in_of_the_proposer_does_not_confirm(conn: sa.Connection, union: Organisation) -> None:
    grant(conn, union, "witness", "cashier", for_whom="cashier")
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier", DAY))
    stand_in = union.context(conn, "witness", DAY)
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, stand_in)) == ["confirmer_proposed"]


def test_person_without_the_role_does_not_confirm(conn: sa.Connection, union: Organisation) -> None:
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier", DAY))
    for who in ("registrar", "admin", "auditor"):
        context = union.context(conn, who, DAY)
        assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, context)) == [  # noqa: B023
            "confirmer_not_asked"
        ]


def test_confirmation_of_another_unit_is_not_found(conn: sa.Connection, union: Organisation) -> None:
    other = create_organisation(conn).context(conn, "approver_3", DAY)
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier", DAY))
    with pytest.raises(NotFound):
        confirmations.confirm(conn, proposal.id, proposal.digest, other)


def test_confirmer_repeats_the_digest_of_what_they_read(conn: sa.Connection, union: Organisation) -> None:
    cashier, approver = union.context(conn, "cashier", DAY), union.context(conn, "approver_1", DAY)
    first = confirmations.propose(conn, "receipt", receipt(union), cashier)
    second = confirmations.propose(conn, "receipt", receipt(union, "银收2"), cashier)
    assert codes(lambda: confirmations.confirm(conn, first.id, second.digest, approver)) == ["content_differs"]


def test_ended_proposal_is_not_confirmed_again(conn: sa.Connection, union: Organisation) -> None:
    cashier, approver = union.context(conn, "cashier", DAY), union.context(conn, "approver_1", DAY)
    proposal = confirmations.propose(conn, "receipt", receipt(union), cashier)
    assert codes(lambda: confirmations.withdraw(conn, proposal.id, approver)) == ["not_your_proposal"]
    confirmations.refuse(conn, proposal.id, "没有这笔钱", approver)
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, approver)) == ["confirmation_over"]
    told = sa.select(notification.c.kind).where(notification.c.account_id == union.people["cashier"])
    assert "confirmation_ended" in set(conn.scalars(told))
    again = confirmations.propose(conn, "receipt", receipt(union), cashier)
    confirmations.withdraw(conn, again.id, cashier)
    assert codes(lambda: confirmations.confirm(conn, again.id, again.digest, approver)) == ["confirmation_over"]


def test_proposal_lapses_after_its_last_day(conn: sa.Connection, union: Organisation) -> None:
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier", DAY))
    late = union.context(conn, "approver_1", proposal.until_on + timedelta(days=1))
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, late)) == ["confirmation_over"]
    assert confirmations.lapse_due(conn, union.context(conn, "clock", proposal.until_on)) == 0
    assert confirmations.lapse_due(conn, union.context(conn, "clock", late.today)) >= 1
    assert conn.scalars(sa.select(confirmation.c.state).where(confirmation.c.id == proposal.id)).one() == "lapsed"


def test_same_content_waits_once(conn: sa.Connection, union: Organisation) -> None:
    cashier = union.context(conn, "cashier", DAY)
    confirmations.propose(conn, "receipt", receipt(union), cashier)
    assert codes(lambda: confirmations.propose(conn, "receipt", receipt(union), cashier)) == ["proposed_already"]


def test_what_is_wrong_with_a_write_is_said_to_its_proposer(conn: sa.Connection, union: Organisation) -> None:
    cashier = union.context(conn, "cashier", DAY)
    wrong = ReceiptContent(union.fund_id, NewReceipt(Fen(0), "银收3", DAY + timedelta(days=1)))
    assert codes(lambda: confirmations.propose(conn, "receipt", wrong, cashier)) == ["not_money", "in_the_future"]


def test_proposal_that_nobody_else_can_confirm_is_refused(conn: sa.Connection, union: Organisation) -> None:
    rest = role_grant.c.account_id.not_in([union.people[name] for name in ("cashier", "admin")])
    conn.execute(role_grant.update().where(role_grant.c.unit_id == union.unit_id, rest).values(revoked_on=DAY))
    cashier = union.context(conn, "cashier", DAY)
    assert codes(lambda: confirmations.propose(conn, "receipt", receipt(union), cashier)) == ["nobody_can_confirm"]


def test_confirmed_write_is_refused_when_its_proposer_has_lost_the_role(
    conn: sa.Connection, union: Organisation
) -> None:
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier", DAY))
    own = role_grant.c.account_id == union.people["cashier"]
    conn.execute(role_grant.update().where(own).values(revoked_on=DAY))

    def refused() -> list[str]:
        approver = union.context(conn, "approver_1", DAY)
        with conn.begin_nested() as savepoint:
            found = codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, approver))
            savepoint.rollback()
        return found

    assert refused() == ["proposer_without_role"], "without any role"
    grant(conn, union, "cashier", "registrar")
    assert refused() == ["proposer_without_role"], "with another role over the unit"
    conn.execute(account.update().where(account.c.id == union.people["cashier"]).values(disabled_at=sa.func.now()))
    assert refused() == ["proposer_without_role"], "without an account"


def test_program_and_database_refuse_the_write_without_a_confirmation(conn: sa.Connection, union: Organisation) -> None:
    cashier = union.context(conn, "cashier", DAY)
    new = NewReceipt(Fen(100), "银收4", DAY)
    with pytest.raises(SecondPersonMissing):
        record_receipt(conn, union.fund_id, new, cashier)
    proposal = confirmations.propose(conn, "receipt", receipt(union), cashier)
    waiting = seconded(conn, cashier, union.people["approver_1"])
    assert waiting.second is not None
    forged = replace(waiting, second=replace(waiting.second, confirmation_id=proposal.id))
    with pytest.raises(sa.exc.IntegrityError, match="needs a second person"):
        record_receipt(conn, union.fund_id, new, forged)


def test_database_refuses_the_same_writes_as_the_program(conn: sa.Connection) -> None:
    stored = {(row.subject, row.action): row.only_money for row in conn.execute(sa.select(second_person_act))}
    assert stored == {act: power.only_money for act, power in POWERS.items() if power.confirms}


def test_confirmation_is_not_confirmed_by_its_proposer_in_the_database(
    conn: sa.Connection, union: Organisation
) -> None:
    cashier = union.context(conn, "cashier", DAY)
    with pytest.raises(sa.exc.IntegrityError, match="another_person"):
        seconded(conn, cashier, union.people["cashier"])


def test_two_named_people_confirm_each_for_themselves(conn: sa.Connection, union: Organisation) -> None:
    """Why: an import may name several people, and the first of them must not confirm for the second."""
    two = (union.people["approver_1"], union.people["approver_2"])
    write = replace(WRITES["receipt"], named=lambda _conn, _content: two)
    writes, cashier = {"receipt": write}, union.context(conn, "cashier", DAY)
    proposal = confirmations.propose(conn, "receipt", receipt(union), cashier, writes)
    first = union.context(conn, "approver_1", DAY)
    assert confirmations.confirm(conn, proposal.id, proposal.digest, first, writes) is None
    again = codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, first, writes))
    assert again == ["confirmer_not_asked"]
    second = union.context(conn, "approver_2", DAY)
    assert confirmations.confirm(conn, proposal.id, proposal.digest, second, writes) is not None


def test_principal_does_not_confirm_what_their_stand_in_proposed(conn: sa.Connection, union: Organisation) -> None:
    """A stand-in counts as both persons, whoever of the two proposes; another stand-in of theirs is nobody else."""
    for stand_in in ("witness", "follower"):
        grant(conn, union, stand_in, "cashier", for_whom="cashier")
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "witness", DAY))

    def refused(login: str) -> list[str]:
        context = union.context(conn, login, DAY)
        return codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, context))

    assert (refused("cashier"), refused("follower")) == (["confirmer_proposed"], ["confirmer_proposed"])
    assert refused("cashier_2") == []


def test_person_with_a_role_of_their_own_proposes_for_themselves(conn: sa.Connection, union: Organisation) -> None:
    grant(conn, union, "cashier_2", "cashier", for_whom="cashier")
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier_2", DAY))
    principal = union.context(conn, "cashier", DAY)
    assert confirmations.confirm(conn, proposal.id, proposal.digest, principal) is not None


def test_two_roles_are_two_people(conn: sa.Connection, union: Organisation) -> None:
    grant(conn, union, "witness", "cashier")
    write = WRITES["receipt"]

    @dataclass(frozen=True, slots=True)
    class Twice(ProposedWrite):
        def confirmers(self, conn: sa.Connection, content: Any, proposer: UUID) -> tuple[Confirmer, ...]:  # noqa: ARG002
            return (Confirmer((Role.CASHIER, Role.APPROVER)), Confirmer((Role.CASHIER, Role.APPROVER)))

    writes = {"receipt": Twice(write.power, write.content, write.run, write.unit_path)}
    proposal = confirmations.propose(conn, "receipt", receipt(union), union.context(conn, "cashier", DAY), writes)
    witness = union.context(conn, "witness", DAY)
    assert confirmations.confirm(conn, proposal.id, proposal.digest, witness, writes) is None
    again = codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, witness, writes))
    assert again == ["confirmed_by_you"]


def test_nothing_is_proposed_before_the_founding_is_closed(conn: sa.Connection, union: Organisation) -> None:
    admin = union.context(conn, "admin", DAY)
    founding = FoundingContent(union.unit_id, union.people["admin"], union.people["approver_3"])
    proposal = confirmations.propose(conn, "founding", founding, admin)
    cashier = union.context(conn, "cashier", DAY)
    assert codes(lambda: confirmations.propose(conn, "receipt", receipt(union), cashier)) == ["founding_open"]
    confirmations.confirm(conn, proposal.id, proposal.digest, union.context(conn, "approver_3", DAY))
    assert codes(lambda: confirmations.propose(conn, "receipt", receipt(union), cashier)) == []


def test_union_is_founded_by_two_different_people(conn: sa.Connection) -> None:
    one = bootstrap.Founder("one", "一人")
    setup = bootstrap.FirstSetup("某县总工会", "county", "371083", one, one)
    assert codes(lambda: bootstrap.set_up_union(conn, setup, instant(DAY), DAY, RING)) == ["founders_are_one"]


# ---- powers (insiders A2, A3, A12, A13, A21)


def new_grant(union: Organisation, who: str, role: Role, **more: Any) -> NewGrant:
    period = {"from_on": DAY, "until_on": date(2025, 12, 31)}
    return NewGrant(union.people[who], union.unit_id, role, **period | more)


def test_grantee_does_not_confirm_their_own_role(conn: sa.Connection, union: Organisation) -> None:
    admin = union.context(conn, "admin", DAY)
    proposal = confirmations.propose(conn, "grant", new_grant(union, "approver_1", Role.CASHIER), admin)
    grantee = union.context(conn, "approver_1", DAY)
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, grantee)) == ["confirmer_gains"]
    confirmations.confirm(conn, proposal.id, proposal.digest, union.context(conn, "approver_2", DAY))
    told = sa.select(notification.c.kind).where(notification.c.account_id == union.people["approver_1"])
    assert "account_changed" in set(conn.scalars(told))


def test_role_is_not_granted_to_oneself_nor_dated_back_without_a_reason(
    conn: sa.Connection, union: Organisation
) -> None:
    admin = union.context(conn, "admin", DAY)
    own = new_grant(union, "admin", Role.ADMIN)
    assert "grant_to_oneself" in codes(lambda: confirmations.propose(conn, "grant", own, admin))
    back = new_grant(union, "verifier", Role.VISITOR, from_on=date(2025, 1, 1))
    assert codes(lambda: confirmations.propose(conn, "grant", back, admin)) == ["grant_dated_back"]
    with_reason = replace(back, reason="补录全年走访")
    made = confirmed(conn, "grant", with_reason, admin, union.context(conn, "approver_1", DAY))
    assert made.id is not None


def test_stand_in_is_named_by_the_principal_or_confirmed_by_them(conn: sa.Connection, union: Organisation) -> None:
    new = new_grant(union, "approver_2", Role.APPROVER, tier=1, for_account_id=union.people["approver_1"])
    by_admin = confirmations.propose(conn, "grant", new, union.context(conn, "admin", DAY))
    other = union.context(conn, "approver_3", DAY)
    assert codes(lambda: confirmations.confirm(conn, by_admin.id, by_admin.digest, other)) == ["confirmer_not_asked"]
    principal = union.context(conn, "approver_1", DAY)
    assert confirmations.confirm(conn, by_admin.id, by_admin.digest, principal) is not None
    later = replace(new, from_on=date(2026, 1, 1), until_on=date(2026, 2, 1))
    assert confirmed(conn, "grant", later, principal, union.context(conn, "admin", DAY)).id is not None


def test_stand_in_of_another_unit_is_refused(conn: sa.Connection, union: Organisation) -> None:
    below = create_organisation(conn, above=union)
    new = new_grant(union, "approver_2", Role.APPROVER, tier=1, for_account_id=union.people["approver_1"])
    new = replace(new, account_id=below.people["approver_2"])
    admin = union.context(conn, "admin", DAY)
    assert codes(lambda: confirmations.propose(conn, "grant", new, admin)) == ["stand_in_of_other_unit"]


def test_administrator_makes_no_token_for_another_and_nobody_signs_in_as_the_scheduler(
    conn: sa.Connection, union: Organisation
) -> None:
    admin = union.context(conn, "admin", DAY)
    ends = admin.at + timedelta(days=1)
    make = accounts.create_token
    assert codes(lambda: make(conn, union.people["cashier"], "x", ends, admin)) == ["token_of_another"]
    clock = InvitationContent(union.unit_id, (Invited(union.people["clock"], invitations.half_hash("A" * 10)),))
    assert codes(lambda: confirmations.propose(conn, "invitation", clock, admin)) == ["invitation_of_clock"]


def test_credential_is_made_with_both_halves_of_an_invitation_and_once(desk: ApiClient, engine: sa.Engine) -> None:
    body = {"login": f"new.{desk.office.unit_id.hex[-6:]}", "display_name": "新来", "unit_id": str(desk.office.unit_id)}
    proposed = desk.post("admin", "/accounts", body).get_json()
    [first] = proposed["shown_once"]
    path = f"/confirmations/{proposed['confirmation']}/confirmation"
    done = desk.post("approver_1", path, {"digest": proposed["digest"]}).get_json()
    [second] = done["shown_once"]

    def accept(code: str) -> Any:
        headers = {"X-Songnuan-Date": f"{desk.today.isoformat()}T09:30:00+08:00"}
        return desk.http.post("/api/v1/invitations/acceptance", json={"code": code, "label": "办公室"}, headers=headers)

    assert refusal(accept(f"{first}-{'A' * 10}")) == (409, ["invitation_unknown"])
    accepted = accept(f"{first}-{second}".lower())
    assert accepted.status_code == 201
    assert accepted.get_json()["account_id"] == done["id"]
    assert refusal(accept(f"{first}-{second}")) == (409, ["invitation_unknown"])
    desk.office.people["new"], desk.office.tokens["new"] = UUID(done["id"]), accepted.get_json()["token"]
    assert desk.get("new", "/me").status_code == 403, "an account without a role can do nothing"
    with engine.begin() as conn:
        grant(conn, desk.office, "new", "visitor")
    [own] = desk.get("new", "/me/tokens").get_json()["items"]
    assert desk.post("new", f"/tokens/{own['id']}/revocation", {}).status_code == 200
    assert desk.get("new", "/me").status_code == 401


def test_end_of_an_account_ends_its_roles_tokens_and_stand_ins(conn: sa.Connection, union: Organisation) -> None:
    grant(conn, union, "witness", "approver", 1, for_whom="approver_1")
    gone, admin = union.people["approver_1"], union.context(conn, "admin", DAY)
    end = account_ends.end_account
    assert codes(lambda: end(conn, union.people["clock"], "不用", admin)) == ["account_of_clock"]
    assert codes(lambda: end(conn, union.people["admin"], "离职", admin)) == ["end_of_oneself"]
    end(conn, gone, "离职", admin)
    live = sa.or_(role_grant.c.account_id == gone, role_grant.c.for_account_id == gone)
    assert conn.scalars(sa.select(role_grant.c.id).where(live, role_grant.c.revoked_on.is_(None))).all() == []
    assert (
        conn.scalars(sa.select(token.c.id).where(token.c.account_id == gone, token.c.revoked_at.is_(None))).all() == []
    )
    assert codes(lambda: confirmations.propose(conn, "grant", new_grant(union, "approver_1", Role.VISITOR), admin)) == [
        "account_ended"
    ]


# ---- kinship (insiders A14)


def test_kinship_is_ended_by_two_people_and_open_cases_keep_its_bar(conn: sa.Connection, union: Organisation) -> None:
    family = create_family(conn, union)
    registrar, admin = union.context(conn, "registrar", DAY), union.context(conn, "admin", DAY)
    declared = kinship.declare_kinship(conn, family.household_id, union.people["reviewer"], "sibling", registrar)
    kinship.confirm_kinship(conn, declared, admin)
    end = KinshipEnd(declared, "同名，并非亲属")
    proposal = confirmations.propose(conn, "kinship_end", end, admin)
    kin = union.context(conn, "reviewer", DAY)
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, kin)) == ["confirmer_gains"]
    confirmations.confirm(conn, proposal.id, proposal.digest, union.context(conn, "auditor", DAY))


# ---- rules (insiders A5, A6, A22)

TEXT = (SAMPLES / "policy-2025.toml").read_text()


def load(conn: sa.Connection, union: Organisation, text: str, **more: str) -> list[str]:
    context = seconded(conn, union.context(conn, "admin", DAY), union.people["approver_1"])
    return codes(lambda: policies.load_policy(conn, text, context, **more))


def region_of(text: str) -> str:
    return text.split('region = "')[1].split('"', maxsplit=1)[0]


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def other_set(*pairs: tuple[str, str], region: str = "371083991", begins: str = "2026-01-01") -> str:
    key, first = TEXT.split('key = "')[1].split('"')[0], TEXT.split("effective_from = ")[1].split("\n")[0].split("#")[0]
    return changed(
        TEXT,
        (f'key = "{key}"', f'key = "{key}-{region}"'),
        (f'region = "{region_of(TEXT)}"', f'region = "{region}"'),
        (f"effective_from = {first}", f"effective_from = {begins} "),
        *pairs,
    )


def test_policy_set_below_the_floors_needs_a_document(conn: sa.Connection, union: Organisation) -> None:
    low = (("notice_days = 5", "notice_days = 1"), ("min_visitors = 2", "min_visitors = 1"))
    assert load(conn, union, other_set(*low)) == ["policy_below_floor", "policy_below_floor"]
    cited = ("notice_days = 5", 'below_floor_document = "示例〔2025〕1号"\nnotice_days = 1')
    assert load(conn, union, other_set(cited)) == []


def test_policy_set_takes_effect_from_tomorrow_or_for_a_reason(conn: sa.Connection, union: Organisation) -> None:
    text = other_set(begins="2025-01-01")
    assert load(conn, union, text) == ["policy_takes_effect_too_soon"]
    assert load(conn, union, text, urgent="上级文件自当日执行") == []


def test_second_set_for_one_region_and_day_is_refused_and_an_uncited_one_is_withdrawn(
    conn: sa.Connection, union: Organisation
) -> None:
    text = other_set()
    assert load(conn, union, text) == []
    rival = text.replace('key = "', 'key = "rival-', 1)
    assert load(conn, union, rival) == ["policies_overlap"]
    loaded = conn.scalars(sa.text("SELECT id FROM policy_set WHERE region = '371083991'")).one()
    context = seconded(conn, union.context(conn, "admin", DAY), union.people["approver_1"])
    policies.withdraw_policy(conn, loaded, "装错了", context)
    assert codes(lambda: policies.withdraw_policy(conn, loaded, "装错了", context)) == ["voided_already"]
    assert load(conn, union, rival) == []


def test_cited_policy_set_is_not_withdrawn(desk: ApiClient, engine: sa.Engine) -> None:
    start(desk, engine, "hardship", "LIV", {}).to("notice")
    with engine.connect() as conn:
        cited = conn.scalars(
            sa.text('SELECT DISTINCT policy_set_id FROM "case" WHERE policy_set_id IS NOT NULL')
        ).first()
        context = seconded(conn, desk.office.context(conn, "admin", DAY), desk.office.people["approver_1"])
        assert codes(lambda: policies.withdraw_policy(conn, UUID(str(cited)), "试试", context)) == ["policy_cited"]
        calendar = (SAMPLES / "calendar-2025.csv").read_text() + "2025-09-04,休,示例\n"
        refused = codes(lambda: policies.load_calendar(conn, calendar, 2025, context))
        assert refused == ["calendar_of_running_notice"], "a day of a notice that hangs is not made a holiday"
        conn.rollback()


def test_policy_set_is_confirmed_outside_administration_with_its_difference_shown(
    conn: sa.Connection, union: Organisation
) -> None:
    create_account(conn, union, "second_admin", "admin")
    admin = union.context(conn, "admin", DAY)
    text = other_set(("min_visitors = 2", "min_visitors = 3"), region="371083992")
    proposal = confirmations.propose(conn, "policy_set", PolicyContent(text), admin)
    second_admin = union.context(conn, "second_admin", DAY)
    assert codes(lambda: confirmations.confirm(conn, proposal.id, proposal.digest, second_admin)) == [
        "confirmer_not_asked"
    ]
    shown = {row["parameter"]: row for row in changes(conn, text) if "parameter" in row}
    assert (shown["min_visitors"]["before"], shown["min_visitors"]["after"]) == (2, 3)
    assert {row["affected"] for row in changes(conn, text) if "affected" in row} == {"households", "open_cases"}
