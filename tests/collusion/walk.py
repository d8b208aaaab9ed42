"""One walk: attackers try writes one after another, and follow what succeeds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from service.actions import accounts as account_actions
from service.actions.errors import NotFound
from tests.collusion import forms, sheets
from tests.collusion.forms import chance
from tests.collusion.knowledge import Knowledge
from tests.collusion.routes import ROUTES, Route
from tests.collusion.sheets import SHEETS
from tests.collusion.undoing import UNDO, try_undo
from tests.factories import instant
from workflows.powers import UNDOERS
from workflows.programme import Step
from workflows.programmes import PROGRAMMES
from workflows.vocabulary import InvalidForm, Refused, Role

ASIDE = {"confirm": 10, "case step": 22, "days": 4, "own token": 1, UNDO: 2}
"""Attempts besides the routes and the sheets, and how often each is tried while there is something to follow."""


@dataclass
class Walk(Knowledge):
    """The attackers at work."""

    def step(self) -> None:
        """Try one write."""
        kinds = self._kinds()
        name = self.rng.choices(list(kinds), list(kinds.values()))[0]
        self.acting = self.rng.choice(list(self.tokens))
        self.tried[name] += 1
        outcome = self._try(name)
        if outcome not in {"accepted", "days"}:
            self.refusals[f"{name}: {outcome}"] += 1
        if outcome == "accepted":
            self.accepted[name] += 1
            self.story.append(f"{self.today} {self.login(self.acting)} {name} {self.said}")

    def _kinds(self) -> dict[str, int]:
        kinds = {route.endpoint: route.weight for route in ROUTES} | {
            name: often for name, (_, often, _) in SHEETS.items()
        }
        kinds |= ASIDE
        held = set().union(*(self.roles[each] for each in self.tokens))
        roles_of = {route.endpoint: route.roles for route in ROUTES} | {
            name: roles for name, (_, _, roles) in SHEETS.items()
        }
        for name, roles in roles_of.items():
            if not held & set(roles) and chance(self.rng, 90):
                kinds[name] = 0
        if not self.waiting:
            kinds["confirm"] = 0
        kinds["accounts.accept_invitation"] = 20 if self.codes else chance(self.rng, 5)
        return {name: often * 30 if name in self.favours else often for name, often in kinds.items()}

    def _try(self, name: str) -> str:
        self.said = ""
        if name in SHEETS:
            self.act_as(SHEETS[name][2])
            return sheets.bring(self, name)
        if name == "confirm":
            return self._confirm()
        if name == "case step":
            return self._take_step()
        if name == "days":
            return self._let_days_pass()
        if name == "own token":
            return self._make_token()
        if name == UNDO:
            self.act_as(UNDOERS)
            return try_undo(self)
        return self._call(next(route for route in ROUTES if route.endpoint == name))

    def _call(self, route: Route) -> str:
        self.act_as(route.roles)
        path = route.path
        for pool in ("account", "household", "person", "fund", "unit", "case", *self.before.pools):
            if f"{{{pool}}}" in path:
                self.target = self.pick(pool)
                path = path.replace(f"{{{pool}}}", str(self.target))
        version = self._version(path) if route.method != "POST" else ""
        response = self.send(route.method, path, route.body(self), anonymous="acceptance" in path, version=version)
        if response.status_code >= 300:
            return self._refused(response)
        self._note(route, response.get_json(silent=True) or {}, path)
        return "accepted"

    def _version(self, path: str) -> str:
        """Return the version of what is to be changed, as a person who has read it knows it."""
        return str(self.send("GET", path.removesuffix("/finances"), {}).headers.get("ETag", ""))

    def _note(self, route: Route, said: dict[str, Any], path: str) -> None:
        pool = route.endpoint.partition(".")[2].rpartition("_")[2]
        if "confirmation" in said:
            self.waits(said["confirmation"], said["digest"], self.acting, said.get("shown_once", []), pool)
        if "token" in said:
            self.tokens[UUID(said["account_id"])] = said["token"]
            self.roles.setdefault(UUID(said["account_id"]), set(Role))
            self.codes.clear()
        if route.endpoint == "cases.open_case":
            self.cases[said["id"]] = ("hardship", "draft")
            self.own.append(said["id"])
        if route.endpoint.startswith("confirmations."):
            self.waiting = [each for each in self.waiting if each.id != str(self.target)]
        self.made.setdefault("document", []).extend(said.get("ids", ()))
        if "id" in said and "case" not in path:
            self.made.setdefault(pool, []).append(said["id"])

    def _refused(self, response: Any) -> str:
        """Return the reason codes of a refusal."""
        said = response.get_json(silent=True) or {}
        if response.status_code >= 500:
            self.faults.append(f"fault: {response.status_code} for {self.said}")
        return ",".join(reason["code"] for reason in said.get("reasons", ())) or str(
            said.get("errors", response.status_code)
        )

    def _confirm(self) -> str:
        """Confirm a proposal, the newest most often, as anybody the attackers control."""
        proposal = self.waiting[-1] if chance(self.rng, 70) else self.rng.choice(self.waiting)
        others = [each for each in self.tokens if each != proposal.by]
        self.acting = self.rng.choice(others if others and chance(self.rng, 80) else list(self.tokens))
        path = f"/confirmations/{proposal.id}/confirmation"
        response = self.send("POST", path, {"digest": proposal.digest})
        if response.status_code >= 300:
            return self._refused(response)
        said = response.get_json()
        if said["done"]:
            self.waiting.remove(proposal)
            if said["id"]:
                self.made.setdefault(proposal.pool, []).append(said["id"])
            second = said["shown_once"]
            self.codes += [f"{one}{other}" for one, other in zip(proposal.halves, second, strict=False)]
        return "accepted"

    def _take_step(self) -> str:
        """Take a step of a case: of an own one as often as of any honest one."""
        mine = self.own and chance(self.rng, 60)
        case_id = self.rng.choice(self.own if mine else self._favoured() or list(self.cases))
        programme, state = self.cases[case_id]
        steps = PROGRAMMES[programme].steps_from(state)
        if not steps:
            return "refused"
        wanted = [step for step in steps if step.action in self.favours]
        step = self.rng.choice(wanted if wanted and chance(self.rng, 90) else steps)
        self.act_as(step.roles)
        answers = forms.answers_for(self, step, case_id)
        response = self.send("POST", f"/cases/{case_id}/actions/{step.action}", {"answers": answers})
        if response.status_code >= 300:
            return self._refused(response)
        self._note_step(step, case_id, programme, response.get_json()["state"], answers)
        return "accepted"

    def _favoured(self) -> list[str]:
        """Return the cases from whose state a favoured action leads on; sometimes none."""
        if chance(self.rng, 10):
            return []
        return [
            case_id
            for case_id, (programme, state) in self.cases.items()
            if any(step.action in self.favours for step in PROGRAMMES[programme].steps_from(state))
        ]

    def _note_step(self, step: Step, case_id: str, programme: str, state: str, answers: dict[str, Any]) -> None:
        self.cases[case_id] = (programme, state)
        self.accepted[f"step {step.action}"] += 1
        if "award" in answers:
            self.awards[case_id] = answers["award"]
        if "advice_no" in answers:
            self.advice[case_id] = answers

    def _let_days_pass(self) -> str:
        """Let days pass; on the new day the clock ends the notices that are over."""
        self.today += timedelta(days=self.rng.choice((1, 1, 3, 7, 14)))
        clock = self.union.office.tokens["clock"]
        for case_id, (programme, state) in self.cases.items():
            if state == "notice":
                response = self.send("POST", f"/cases/{case_id}/actions/end_notice", {"answers": {}}, token=clock)
                if response.status_code == 200:
                    self.cases[case_id] = (programme, response.get_json()["state"])
        return "days"

    def _make_token(self) -> str:
        """Make a token, for oneself or for another, as `songnuan token create` does."""
        for_whom = self.anybody()
        with self.union.engine.connect() as conn:
            context = self.context(conn)
            if context is None:
                return "refused"
            try:
                expires_at = instant(self.today + timedelta(days=600))
                token = account_actions.create_token(conn, for_whom, "cli", expires_at, context)
            except (InvalidForm, Refused, NotFound):
                return "refused"
            conn.commit()
        self.tokens.setdefault(for_whom, token)
        self.roles.setdefault(for_whom, set(self.before.roles.get(for_whom, set(Role))))
        return "accepted"
