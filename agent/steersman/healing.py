"""The order in which an incident is healed: diagnose, plan, ask, act, verify; on failure take back, then the next hypothesis.

A run may be interrupted anywhere and begun again from the top: everything that touches the world goes through `once`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from steersman_tools.actuator_types import Prepared, Receipt
from steersman_tools.actuator_types import Undone as Restored
from steersman_tools.clock import Clock
from steersman_tools.types import Frozen, Ref, ToolFailed

from .assess import Assessment, assess
from .diagnose import Examination
from .durable import Durable
from .execute import Hands, Taken, Weighed
from .experience import Experience
from .faults import Fault
from .gate import Actor, Budget, Facts, Policy, judge
from .memory import signature
from .remedy import Decision, Plan
from .seams import Handbook, Memory
from .types import (
    Closed,
    Decided,
    Diagnosed,
    Done,
    Event,
    Failed,
    Judged,
    Outcome,
    Planned,
    Progress,
    Rehearsed,
    Remembered,
    Request,
    Started,
    Undone,
    Verified,
)  # fmt: skip
from .verify import judge as judge_effect

POLL_SECONDS, LONGEST_POLL_SECONDS = 1.5, 6.0
"""Looks come close together at first, then less often: what is not well after a while needs longer."""


@dataclass(frozen=True)
class Choice:
    """What is to be tried: the plan, how sure it is that it is the right one, and who must be well afterwards."""

    plan: Plan
    confidence: float
    harmed: tuple[Ref, ...]


class Effect(Frozen):
    """What became of a plan."""

    healed: bool
    text: str


class Said(Frozen):
    """A word that came back from a step."""

    text: str = ""


class Look(Protocol):
    """Looks at the cluster and judges it."""

    async def __call__(self, namespace: str | None) -> tuple[Diagnosed, Examination]:
        """The diagnosis with the examination that it was drawn from."""


class Rehearse(Protocol):
    """Plays a plan where it can do no harm."""

    async def __call__(self, plan: Plan, namespace: str | None) -> Rehearsed:
        """What it did there."""


@dataclass
class Healer:
    """One session's attempt to put things right."""

    request: Request
    session: str
    look: Look
    hands: Hands
    durable: Durable
    clock: Clock
    policy: Policy
    actor: Actor
    tell: Callable[[Event], None]
    budget: Callable[[datetime], Budget] = lambda _: Budget()
    memory: Memory | None = None
    handbook: Handbook | None = None
    rehearse: Rehearse | None = None
    source_of_truth_allowed: bool = False
    _tried: set[tuple[str, str, str]] = field(default_factory=set)
    _healed: int = 0
    _undone: int = 0
    _refused: int = 0
    _round: int = 0

    async def run(self) -> None:
        """Goes on until nothing is left to be done, and says how it ended."""
        while (ended := await self._attempt()) is None:
            self._round += 1
        self.tell(ended)

    async def _attempt(self) -> Closed | None:
        """One cause: None when there may be more to do."""
        number = self._round
        assessment = await self.durable.once(f"look-{number}", self._assess, Assessment)
        self.tell(assessment.diagnosed)
        if self.memory and not number:
            recalled = await self.durable.once("recall", lambda: self._recalled(assessment.diagnosed), Remembered)
            if recalled.recalls:
                self.tell(recalled)
        chosen = self._choose(assessment)
        if chosen is None:
            return self._ended(assessment)
        plan = chosen.plan
        self._tried.add((plan.fault, str(plan.entity), plan.name))
        self.tell(Planned(plan=plan))
        rehearsed = await self._rehearsed(number, plan)
        if self.request.rehearse == "must-hold" and (rehearsed is None or rehearsed.verdict == "breaks"):
            seen = rehearsed.text if rehearsed else "it cannot be rehearsed here"
            return Closed(outcome="refused", text=f"it was to be done only if it breaks nothing: {seen}")
        facts = await self.durable.once(f"facts-{number}", lambda: self._facts(chosen, assessment, rehearsed), Facts)
        judged = await self.durable.once(f"judge-{number}", lambda: self._judged(plan, facts), Judged)
        self.tell(judged)
        if judged.effect == "deny":
            self._refused += 1
            return None
        if self.request.act == "show only":
            return Closed(outcome="nothing-to-do", text="shown only: nothing was changed")
        decision = await self._decision(plan, judged)
        self.tell(Decided(decision=decision))
        if decision.kind == "rejected":
            return Closed(
                outcome="refused", text=f"{decision.by} rejected the plan{f': {decision.why}' if decision.why else ''}"
            )
        if decision.by != "policy" and self.request.approval != "given":
            why = await self.durable.once(f"again-{number}", lambda: self._no_longer(plan, facts), Said)
            if why.text:
                return Closed(outcome="refused", text=f"approved, but meanwhile policy denies it: {why.text}")
        return await self._carry_out(number, chosen, assessment)

    async def _judged(self, plan: Plan, facts: Facts) -> Judged:
        return Judged(digest=plan.digest, verdicts=judge(plan, self.policy, facts))

    async def _no_longer(self, plan: Plan, before: Facts) -> Said:
        """Why the gate would not let a plan through any more that a person has thought about for a while; '' while it would."""
        weighed: Weighed = await self.hands.weigh(plan)
        now = self.clock.now()
        facts = before.model_copy(update={
            "now": now, "rights": weighed.rights, "dry_run": weighed.dry_run, "untried": weighed.untried,
            "budget": self.budget(now - timedelta(hours=1)),
        })  # fmt: skip
        denied = [v for v in judge(plan, self.policy, facts) if v.effect == "deny"]
        return Said(text=denied[0].reason if denied else "")

    def _choose(self, assessment: Assessment) -> Choice | None:
        """The change that was asked for, once; else the first cause with a plan that acts and was not tried yet: who writes
        faults again and again comes before them."""
        if self.request.wants == "change":
            wish = assessment.wish
            return Choice(wish, 1.0, ()) if wish and not self._tried else None
        if self._undone >= self.request.max_attempts:
            return None
        pairs = zip(assessment.diagnosed.diagnosis.causes, assessment.plans, strict=True)
        for cause, options in sorted(pairs, key=lambda pair: pair[0].fault != Fault.EXTERNAL_WRITER):
            for plan in options:
                if plan.steps and (plan.fault, str(plan.entity), plan.name) not in self._tried:
                    return Choice(plan, cause.confidence, (plan.entity, *cause.explains))
        return None

    def _ended(self, assessment: Assessment) -> Closed:
        """Nothing more can be done: how it stands."""
        if self.request.wants == "change":
            return self._granted(assessment)
        diagnosis = assessment.diagnosed.diagnosis
        outcome: Outcome = "nothing-to-do"
        if self._undone:
            outcome = "undone"
        elif self._healed and (diagnosis.healthy or not self._refused):
            outcome = "healed"
        elif self._refused:
            outcome = "refused"
        left = "; ".join(f"{c.fault} {c.entity}" for c in diagnosis.causes)
        advice = [c for options in assessment.plans for plan in options for c in plan.choices]
        text = f"left: {left}" if left else "nothing is wrong any more" if self._healed else "nothing to put right"
        return Closed(
            outcome=outcome, text=text + (f". You may: {' '.join(dict.fromkeys(advice))}" if left and advice else "")
        )

    def _granted(self, assessment: Assessment) -> Closed:
        """What became of a wish."""
        if self._healed:
            return Closed(outcome="done", text="as asked, and verified")
        if self._undone:
            return Closed(outcome="undone", text="it did not hold, and was taken back")
        if self._refused:
            return Closed(outcome="refused", text="policy denies it; nothing was changed")
        return Closed(outcome="nothing-to-do", text=assessment.no_wish)

    async def _assess(self) -> Assessment:
        diagnosed, examination = await self.look(self.request.namespace)
        return assess(self.request, diagnosed, examination, self._experience, self.handbook)

    def _experience(self, fault: str) -> Experience:
        return self.memory.experience(fault) if self.memory else Experience()

    async def _recalled(self, diagnosed: Diagnosed) -> Remembered:
        if self.memory is None or diagnosed.diagnosis.healthy:
            return Remembered()
        return Remembered(recalls=self.memory.like(signature(diagnosed.diagnosis), self.session))

    async def _rehearsed(self, number: int, plan: Plan) -> Rehearsed | None:
        """What the plan does on a copy, where that was asked for."""
        play = self.rehearse
        if play is None or self.request.rehearse == "no":
            return None
        rehearsed = await self.durable.once(f"rehearse-{number}", lambda: play(plan, self.request.namespace), Rehearsed)
        self.tell(rehearsed)
        return rehearsed

    async def _facts(self, chosen: Choice, assessment: Assessment, rehearsed: Rehearsed | None) -> Facts:
        weighed: Weighed = await self.hands.weigh(chosen.plan)
        now = self.clock.now()
        return Facts(
            actor=self.actor,
            now=now,
            cluster=assessment.context,
            version=assessment.version,
            confidence=chosen.confidence,
            attempt=self._round + 1,
            targets=assessment.targets,
            rights=weighed.rights,
            dry_run=weighed.dry_run,
            untried=weighed.untried,
            budget=self.budget(now - timedelta(hours=1)),
            rehearsal=rehearsed.verdict if rehearsed else "",
            source_of_truth_allowed=self.source_of_truth_allowed,
        )

    async def _decision(self, plan: Plan, judged: Judged) -> Decision:
        if judged.effect == "allow" or self.request.approval == "given":
            by = "policy" if judged.effect == "allow" else self.actor.id
            return await self.durable.once(f"approval-{self._round}", lambda: self._given(plan.digest, by), Decision)
        return await self.durable.decision(plan.digest)

    async def _given(self, digest: str, by: str) -> Decision:
        return Decision(kind="approved", digest=digest, by=by, at=self.clock.now())

    async def _carry_out(self, number: int, chosen: Choice, assessment: Assessment) -> Closed | None:
        plan = chosen.plan
        try:
            note = await self.durable.once(f"lease-{number}", lambda: self._hold(plan.entity), Said)
        except Taken as error:
            return Closed(outcome="refused", text=str(error))
        if note.text:
            self.tell(Progress(text=note.text))
        taken: list[Receipt] = []
        failure = await self._steps(number, plan, taken)
        if not failure:
            effect = await self.durable.once(
                f"verify-{number}", lambda: self._verify(chosen, assessment.severity), Effect
            )
            self.tell(Verified(digest=plan.digest, healed=effect.healed, text=effect.text))
            failure = "" if effect.healed else effect.text
        if failure:
            await self._take_back(number, plan, taken)
            self._undone += 1
        else:
            self._healed += 1
        await self.durable.once(f"release-{number}", lambda: self._release(plan.entity), Said)
        return None

    async def _steps(self, number: int, plan: Plan, taken: list[Receipt]) -> str:
        """Takes the steps; what was taken is added to the list. Returns why it stopped, or ''."""
        for index, step in enumerate(plan.steps):
            try:
                prepared = await self.durable.once(
                    f"prepare-{number}-{index}", partial(self.hands.prepare, step), Prepared
                )
                self.tell(Started(digest=plan.digest, step=index, prepared=prepared))
                receipt = await self.durable.once(
                    f"commit-{number}-{index}", partial(self.hands.commit, prepared), Receipt
                )
            except ToolFailed as error:
                self.tell(Failed(text=str(error), step=index))
                return str(error)
            taken.append(receipt)
            self.tell(Done(digest=plan.digest, step=index, receipt=receipt))
        return ""

    async def _take_back(self, number: int, plan: Plan, taken: list[Receipt]) -> None:
        for index, receipt in reversed(list(enumerate(taken))):
            try:
                undone = await self.durable.once(f"undo-{number}-{index}", partial(self.hands.undo, receipt), Restored)
            except ToolFailed as error:
                undone = Restored(proven=False, text=f"{receipt.prepared.target} could not be taken back: {error}")
            self.tell(Undone(digest=plan.digest, step=index, proven=undone.proven, text=undone.text))

    async def _verify(self, chosen: Choice, before: float) -> Effect:
        """Looks until everything holds and has held for its time, or the time is up."""
        plan = chosen.plan
        checks = [c for s in plan.steps for c in s.check]
        within = max([c.within_seconds for c in checks], default=120.0)
        sustained = max([c.for_seconds for c in checks], default=4.0)
        began, good_since, pause = self.clock.now(), None, POLL_SECONDS
        while True:
            _, examination = await self.look(self.request.namespace)
            seen = judge_effect(plan, chosen.harmed, before, examination)
            now = self.clock.now()
            good_since = (good_since or now) if seen.holds else None
            if good_since and (now - good_since).total_seconds() >= sustained:
                return Effect(
                    healed=True,
                    text=f"all checks have held for {sustained:.0f} s; severity {before:.1f} → {seen.severity:.1f}",
                )
            if (now - began).total_seconds() > within:
                return Effect(
                    healed=False, text=f"after {within:.0f} s {'; '.join(seen.open[:4]) or 'it does not last'}"
                )
            pause = POLL_SECONDS if good_since else min(pause * 1.3, LONGEST_POLL_SECONDS)
            await self.clock.sleep(pause)

    async def _hold(self, entity: Ref) -> Said:
        return Said(text=await self.hands.hold(entity, self.session))

    async def _release(self, entity: Ref) -> Said:
        await self.hands.release(entity, self.session)
        return Said()
