"""Heals scenarios on the lab and judges by the lab's own eyes: served again, and nothing lost that was there before.

The oracle knows nothing of steersman: it asks the simulated world whether pods run and callers are served, and compares
the inventory of what people own. Doing nothing, restarting, deleting and scaling to zero all fail it where they should.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from steersman.app import journal, tools
from steersman.session import Session
from steersman.types import Closed, Diagnosed, Diagnosis, Done, Entry, Planned, Request
from steersman_tools.fields import Fields
from steersman_tools.types import Frozen, Ref

from .bench import Bench, Cluster
from .restore import Inventory, healthy, inventory, restore
from .run import injected, score, supported
from .scenario import Scenario

COUNTED = (
    "Service", "Deployment", "StatefulSet", "DaemonSet", "CronJob", "PersistentVolumeClaim", "ResourceQuota", "LimitRange",
    "NetworkPolicy", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration", "ConfigMap", "Secret", "ServiceAccount", "Namespace",
)  # fmt: skip


class Healed(Frozen):
    """How one scenario went, from the start of the session to its end."""

    scenario: str
    healer: str = ""
    right: bool
    """The first diagnosis was right, as the lab suite scores it."""
    healed: bool
    """The lab's own world is well again."""
    kept: bool
    """The inventory of workloads, Services, policies, quotas, webhooks and replicas is as before."""
    lost: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    changes: int = 0
    """How many steps were really taken."""
    outcome: str
    text: str = ""
    seconds: float
    control: bool = False
    hands: Literal["steersman", "a person", "nobody"] = "steersman"
    note: str = ""

    @property
    def end_to_end(self) -> bool:
        """Right cause, fault gone, nothing else changed; a control: nothing done. Left to others: said so, and no harm done."""
        if self.control:
            return not self.harmed
        untouched = not self.changes or self.hands != "nobody"
        return self.kept and self.right and (self.healed if self.hands == "steersman" else untouched)

    @property
    def harmed(self) -> bool:
        """Whether a healthy cluster was touched."""
        return self.control and (not self.kept or bool(self.changes))


@dataclass
class Act:
    """What somebody did about it."""

    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    plans: tuple[str, ...] = ()
    changes: int = 0
    outcome: str = ""
    text: str = ""


Healer = Callable[[Bench], Awaitable[Act]]


async def run(
    bench: Bench, scenarios: Sequence[Scenario], healer: Healer, patience: float = 90
) -> AsyncIterator[Healed]:
    """Runs each scenario on a lab that is put back in between; a lab has so many seconds to be well again after the healer."""
    with closing(bench.connect()) as transport:
        cluster = Cluster(transport)
        before = await inventory(cluster)
        version = Fields((await transport.get("/version")).json()).text("gitVersion")
        for scenario in scenarios:
            if supported(scenario, version):
                yield await _one(bench, cluster, before, scenario, healer, patience)


async def _one(
    bench: Bench, cluster: Cluster, before: Inventory, scenario: Scenario, healer: Healer, patience: float
) -> Healed:
    try:
        async with injected(bench, cluster, scenario):
            broken = await inventory(cluster)
            began = time.perf_counter()
            act = await healer(bench)
            seconds = time.perf_counter() - began
            well = await healthy(bench, patience) if act.outcome != "nothing-to-do" or not scenario.truth else False
            missing = frozenset(ref for truth in scenario.truth for ref in truth.entity)
            lost = losses(before, broken, await inventory(cluster), missing)
    finally:
        back = await restore(bench, cluster, before)
    first = score(scenario, act.diagnosis, seconds)
    return Healed(
        scenario=scenario.name, right=first.right, healed=well, kept=not lost, lost=tuple(lost), causes=first.causes,
        plans=act.plans, changes=act.changes, outcome=act.outcome, text=act.text, seconds=round(seconds, 1), control=not scenario.truth,
        hands=scenario.hands, note="" if back else "the lab did not come back",
    )  # fmt: skip


def losses(before: Inventory, broken: Inventory, now: Inventory, missing: frozenset[Ref] = frozenset()) -> list[str]:
    """What is not as it was: gone, added, or with other replicas. Pure.

    `missing` are the objects that the scenario's truth names: where their absence is the fault, to make them is the remedy.
    """
    found = []
    for ref in sorted((before.keys() | broken.keys() | now.keys()), key=str):
        if ref.kind not in COUNTED:
            continue
        if ref not in now and ref in broken and not Fields(broken[ref]).get("metadata.deletionTimestamp"):
            found.append(f"{ref} is gone")
        elif ref in now and ref not in before and ref not in broken and ref not in missing and not _followed(ref, now):
            found.append(f"{ref} was added")
        elif ref in now and ref.kind in ("Deployment", "StatefulSet") and ref in before:
            old, new = (Fields(i[ref]).get("spec.replicas") for i in (before, now))
            if old != new and not _scaled(broken, ref, new):
                found.append(f"{ref} has {new} replicas, not {old}")
    return found


def _followed(ref: Ref, now: Inventory) -> bool:
    """What control planes make by themselves: the Secret of a ServiceAccount, and the claims of a StatefulSet's pods once these can be."""
    if ref.kind == "PersistentVolumeClaim":
        return any(
            s.kind == "StatefulSet"
            and s.namespace == ref.namespace
            and re.fullmatch(rf".+-{re.escape(s.name)}-\d+", ref.name)
            for s in now
        )
    return Fields(now[ref]).text("type") == "kubernetes.io/service-account-token"


def _scaled(broken: Inventory, ref: Ref, new: object) -> bool:
    """Whether it is the scenario itself that has set the replicas so, to something."""
    return ref in broken and Fields(broken[ref]).get("spec.replicas") == new != 0


async def steersman(bench: Bench) -> Act:
    """The product, all that policy asks about approved beforehand."""
    with tempfile.TemporaryDirectory() as folder:
        settings = bench.settings.model_copy(update={"data": Path(folder)})
        with journal(settings) as record, tools(settings, record) as opened:
            session = Session(opened.sources, journal=record, equipment=opened.equipment)
            entries = [e async for e in session.start(Request(wants="healing", approval="given", by="eval"))]
    return _act(entries)


def _act(entries: Sequence[Entry]) -> Act:
    first = next((e.event.diagnosis for e in entries if isinstance(e.event, Diagnosed)), Diagnosis())
    plans = tuple(f"{e.event.plan.name}" for e in entries if isinstance(e.event, Planned))
    closed = next((e.event for e in entries if isinstance(e.event, Closed)), Closed(outcome="failed"))
    return Act(first, plans, sum(isinstance(e.event, Done) for e in entries), closed.outcome, closed.text)


async def restart_everything(bench: Bench) -> Act:
    """The baseline that people fall back to: restart whatever is not ready, or all where everything looks ready; then wait."""
    with closing(bench.connect()) as transport:
        cluster = Cluster(transport)
        found = [
            (ref, Fields(obj))
            for ref, obj in (await inventory(cluster)).items()
            if ref.kind in ("Deployment", "StatefulSet")
        ]
        shop = [(r, o) for r, o in found if r.namespace != "kube-system"]
        sick = [r for r, o in shop if o.count("status.readyReplicas") < o.count("spec.replicas", 1)]
        for ref in sick or [r for r, _ in shop]:
            await cluster.restart(ref)
    await asyncio.sleep(20)
    return Act(changes=len(sick or shop), outcome="restarted")


async def nothing(bench: Bench) -> Act:
    """The null baseline: what the oracle says of those who only wait."""
    await asyncio.sleep(10)
    return Act(outcome="waited")


HEALERS: Mapping[str, Healer] = {"steersman": steersman, "restart": restart_everything, "nothing": nothing}
