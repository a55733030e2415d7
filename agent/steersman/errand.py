"""A change that a person asks for by name, where nothing need be wrong: planned, judged, recorded, checked and undone like a remedy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from steersman_tools.actuator_types import Receipt
from steersman_tools.clock import Clock
from steersman_tools.types import Ref, ToolFailed
from steersman_tools.writer import Writer

from .diagnose.scene import Scene
from .execute import Hands
from .experience import Experience
from .faults import Fault
from .gate import Actor, Budget, Facts, Policy, Target, judge
from .gather import Sources, look_around
from .journal import Journal
from .plan.compose import plan_of
from .plan.site import Draft, Site
from .remedy import Decision, Plan
from .types import (  # fmt: skip
    Asked,
    Cause,
    Closed,
    Decided,
    Done,
    Entry,
    Event,
    Failed,
    Judged,
    Outcome,
    Planned,
    Request,
    Started,
    Undone,
    Verified,
)
from .verify import holds

POLL_SECONDS = 1.5


@dataclass
class Errand:
    """One such change."""

    session: str
    request: Request
    sources: Sources
    writer: Writer
    policy: Policy
    actor: Actor
    clock: Clock
    journal: Journal
    budget: Callable[..., Budget] = lambda _: Budget()
    _decision: asyncio.Queue[Decision] = field(default_factory=asyncio.Queue)
    _number: int = 0

    def __post_init__(self) -> None:
        self._hands = Hands(self.writer, self.clock)

    def decide(self, digest: str, kind: Literal["approved", "rejected"]) -> None:
        """A person's word on the plan."""
        self._decision.put_nowait(Decision(kind=kind, digest=digest, by=self.actor.id, at=self.clock.now()))

    async def run(self, entity: Ref, actions: Callable[[Scene], Draft]) -> AsyncIterator[Entry]:
        """Every event until the change is made, refused, or taken back. Raises ToolFailed where it cannot even be planned."""
        scene = Scene(await look_around(self.sources, None))
        draft = actions(scene)
        cause = Cause(
            rank=1, fault=Fault.AS_ASKED, entity=entity, observed="as it is", expected="as asked", confidence=1.0, summary=draft.why
        )  # fmt: skip
        plan = plan_of(Site(cause, scene), draft, Experience())
        if plan is None or not plan.steps:
            raise ToolFailed(
                f"Nothing is changed: {entity} is so already, or is over (steersman quantum explain {entity.name})."
            )
        yield self._tell(Asked(request=self.request))
        yield self._tell(Planned(plan=plan))
        judged = Judged(digest=plan.digest, verdicts=judge(plan, self.policy, await self._facts(plan, scene)))
        yield self._tell(judged)
        if judged.effect == "deny" or self.request.act == "show only":
            why = "policy does not allow it" if judged.effect == "deny" else "shown only: nothing was changed"
            yield self._close("refused" if judged.effect == "deny" else "nothing-to-do", why)
            return
        decision = await self._decided(plan, judged)
        yield self._tell(Decided(decision=decision))
        if decision.kind == "rejected":
            yield self._close("refused", f"{decision.by} did not approve it")
            return
        async for entry in self._carry_out(plan):
            yield entry

    async def _facts(self, plan: Plan, scene: Scene) -> Facts:
        weighed, now = await self._hands.weigh(plan), self.clock.now()
        found = {s.action.target: scene.snapshot.get(s.action.target) for s in plan.steps}
        targets = {str(ref): Target(labels=r.labels if r else {}) for ref, r in found.items()}
        return Facts(
            actor=self.actor, now=now, cluster="", version="", confidence=1.0, attempt=1, targets=targets, rights=weighed.rights,
            dry_run=weighed.dry_run, untried=weighed.untried, budget=self.budget(now - timedelta(hours=1)), rehearsal="",
            source_of_truth_allowed=False,
        )  # fmt: skip

    async def _decided(self, plan: Plan, judged: Judged) -> Decision:
        if judged.effect == "allow" or self.request.approval == "given":
            return Decision(kind="approved", digest=plan.digest, by=self.actor.id, at=self.clock.now())
        return await self._decision.get()

    async def _carry_out(self, plan: Plan) -> AsyncIterator[Entry]:
        taken: list[Receipt] = []
        failure = ""
        for index, step in enumerate(plan.steps):
            try:
                prepared = await self._hands.prepare(step)
                yield self._tell(Started(digest=plan.digest, step=index, prepared=prepared))
                receipt = await self._hands.commit(prepared)
            except ToolFailed as error:
                failure = str(error)
                yield self._tell(Failed(text=failure, step=index))
                break
            taken.append(receipt)
            yield self._tell(Done(digest=plan.digest, step=index, receipt=receipt))
        failure = failure or await self._checked(plan)
        yield self._tell(Verified(digest=plan.digest, healed=not failure, text=failure or "every check holds"))
        if not failure:
            yield self._close("healed", "done as asked")
            return
        for index, receipt in reversed(list(enumerate(taken))):
            try:
                back = await self._hands.undo(receipt)
                said = Undone(digest=plan.digest, step=index, proven=back.proven, text=back.text)
            except ToolFailed as error:
                said = Undone(digest=plan.digest, step=index, proven=False, text=str(error))
            yield self._tell(said)
        yield self._close("undone", failure)

    async def _checked(self, plan: Plan) -> str:
        """What does not hold after all the time that it has; '' when everything does."""
        checks = [c for s in plan.steps for c in s.check]
        until = self.clock.now() + timedelta(seconds=min([c.within_seconds for c in checks], default=0.0))
        while True:
            snapshot = await look_around(self.sources, None)
            left = [c.words for c in checks if not holds(c, snapshot)]
            if not left or self.clock.now() >= until:
                return f"not yet: {'; '.join(left)}" if left else ""
            await self.clock.sleep(POLL_SECONDS)

    def _close(self, outcome: Outcome, text: str) -> Entry:
        return self._tell(Closed(outcome=outcome, text=text))

    def _tell(self, event: Event) -> Entry:
        self._number += 1
        return self.journal.append(Entry(session=self.session, number=self._number, at=self.clock.now(), event=event))
