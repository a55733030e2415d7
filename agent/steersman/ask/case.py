"""What one question is answered from: the snapshot, the engine's diagnosis, and every piece of evidence that was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from steersman_tools.redact import Vault, bounded, redact
from steersman_tools.snapshot import Snapshot
from steersman_tools.types import Evidence, Observation, Ref, Tool
from steersman_tools.untrusted import defused, orders

from ..diagnose import Examination, examine
from ..diagnose.scene import Scene
from ..gather import Sources, look_around, look_closer, unseen
from ..intent import Names
from ..types import Diagnosis

MOST_ROUNDS = 3
CHARACTERS = 1_200


@dataclass
class Case:
    """One question's material. Tools add evidence to it; nothing takes any away."""

    scene: Scene
    diagnosis: Diagnosis
    sources: Sources
    question: str = ""
    vault: Vault = field(default_factory=Vault)
    found: list[Evidence] = field(default_factory=list)
    """What the tools found, beyond the diagnosis' own evidence."""

    def __post_init__(self) -> None:
        self.names = Names(r.ref for r in self.snapshot.resources if r.kind != "ReplicaSet")

    @property
    def snapshot(self) -> Snapshot:
        return self.scene.snapshot

    @property
    def evidence(self) -> dict[str, Evidence]:
        return {e.id: e for e in (*self.diagnosis.evidence, *self.found)}

    def cite(self, observation: Observation) -> Evidence:
        """The observation as evidence; the same look cited twice is one piece."""
        for known in self.evidence.values():
            if (known.call, known.text) == (observation.call, observation.text):
                return known
        number = 1 + max((int(key[1:]) for key in self.evidence), default=0)
        made = Evidence(id=f"E{number}", **observation.model_dump())
        self.found.append(made)
        return made

    def observed(self, tool: Tool, call: str, lines: Iterable[str], none: str = "none") -> Observation:
        """Lines that were read, as an observation: redacted and bounded."""
        text = "\n".join(lines)
        outcome = "data" if text else "no-data"
        return Observation(
            tool=tool,
            call=call,
            observed_at=self.scene.now,
            text=bounded(redact(text), CHARACTERS) or none,
            outcome=outcome,
        )

    def shown(self, text: str) -> str:
        """Text as a model may see it: nothing secret, nothing that looks like structure."""
        return self.vault.hide(defused(text))

    @property
    def suspects(self) -> tuple[str, ...]:
        """The evidence that holds lines which speak to a model like an instruction."""
        return tuple(key for key, e in self.evidence.items() if orders(e.text))

    @property
    def named(self) -> tuple[Ref, ...]:
        """The things that the diagnosis speaks of, in its order."""
        causes = [r for c in self.diagnosis.causes for r in (c.entity, *c.explains)]
        return tuple(dict.fromkeys((*causes, *(u.entity for u in self.diagnosis.unexplained))))


async def open_case(sources: Sources, namespace: str | None = None, question: str = "") -> Case:
    """Reads and judges the cluster. Raises Unreachable."""
    snapshot = await look_around(sources, namespace)
    examination = examine(snapshot)
    for _ in range(MOST_ROUNDS):
        looks = unseen(snapshot, examination.looks)
        if not looks:
            break
        snapshot = await look_closer(sources, snapshot, looks)
        examination = examine(snapshot)
    return case_of(examination, examination.conclude(), sources, question)


def case_of(examination: Examination, diagnosis: Diagnosis, sources: Sources, question: str) -> Case:
    """The case of an examination that was made."""
    return Case(examination.scene, diagnosis, sources, question)
