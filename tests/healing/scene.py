"""A session that heals a fault of the embedded world in simulated time, and what is there before and after."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

from steersman.durable import Once
from steersman.gate import Actor, Policy, load
from steersman.journal import Journal, NoJournal
from steersman.session import Equipment, Session, Sources, undo
from steersman.types import Entry, Request
from steersman_tools.images import owned
from steersman_tools.kubernetes.history import ClusterHistory
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.types import Json
from steersman_tools.world.inside import Inside, LivedTime, reader
from steersman_tools.world.stage import broken
from steersman_tools.world.troubles import Trouble, Troubled
from steersman_tools.world.world import World

OWNED = (
    "deployments.apps", "statefulsets.apps", "services", "configmaps", "networkpolicies.networking.k8s.io", "nodes",
    "resourcequotas", "secrets", "persistentvolumeclaims", "serviceaccounts", "leases.coordination.k8s.io",
)  # fmt: skip

_made: dict[str, World] = {}


def broken_world(fault: str) -> World:
    """A world of one's own with that fault; made once, then copied."""
    if fault not in _made:
        _made[fault] = broken(fault)
    return copy.deepcopy(_made[fault])


def inventory(world: World) -> dict[str, Json]:
    """Everything that people own."""
    return {
        f"{kind} {obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}": owned(obj)
        for kind in OWNED
        for obj in world.store.of(kind)
        if obj["metadata"].get("namespace") != "kube-node-lease"
    }


@dataclass
class Scene:
    """One broken world and the sessions on it."""

    world: World
    trouble: Mapping[int, Trouble] = field(default_factory=dict)
    policy: Policy = field(default_factory=load)
    journal: Journal = field(default_factory=NoJournal)
    actor: Actor = field(default_factory=lambda: Actor(id="tester"))

    def __post_init__(self) -> None:
        self.connection = Troubled(Inside(self.world), self.trouble)
        self.time = LivedTime(self.world)
        self.equipment = Equipment(ClusterWriter(self.connection), self.policy, self.actor)

    def session(self, name: str = "s", durable: Once | None = None) -> Session:
        return Session(
            Sources(reader(self.world), self.world.metrics, history=ClusterHistory(Inside(self.world))),
            self.time,
            name,
            self.journal,
            self.equipment,
            durable or Once(),
        )

    async def heal(self, name: str = "s", durable: Once | None = None) -> list[Entry]:
        request = Request(wants="healing", approval="given", by="tester")
        return [entry async for entry in self.session(name, durable).start(request)]

    async def undo(self, name: str = "s") -> list[Entry]:
        return [entry async for entry in undo(self.journal, name, self.equipment, self.time)]
