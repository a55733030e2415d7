"""What a person may want, as types: reads, which are answered at once, and changes, which become plans that the gate judges."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from steersman_tools.types import Frozen, Ref


class _Intent(Frozen):
    unread: tuple[str, ...] = ()
    """Words of the request that made no difference: said to the person, for they may have been meant."""


class Diagnose(_Intent):
    """What is wrong, and why?"""

    intent: Literal["diagnose"] = "diagnose"
    entity: Ref | None = None
    namespace: str | None = None


class ListThings(_Intent):
    """Which are there?"""

    intent: Literal["list"] = "list"
    kind: str
    namespace: str | None = None
    only_troubled: bool = False


class Describe(_Intent):
    """What is this, and how does it fare?"""

    intent: Literal["describe"] = "describe"
    entity: Ref


class ReadLogs(_Intent):
    """What does it say?"""

    intent: Literal["logs"] = "logs"
    entity: Ref
    previous: bool = False


Resource: TypeAlias = Literal["memory", "cpu", "disk", "gpu", "any"]


class Forecast(_Intent):
    """What will run out, and when?"""

    intent: Literal["forecast"] = "forecast"
    what: Resource = "any"
    entity: Ref | None = None
    gpu_nodes: bool = False
    hours: float = 24.0


class AskGpus(_Intent):
    """How are the GPUs?"""

    intent: Literal["gpu"] = "gpu"
    about: Literal["free", "users", "idle", "health", "all"] = "all"


class AskQuantum(_Intent):
    """How are the quantum backends and jobs?"""

    intent: Literal["quantum"] = "quantum"
    about: Literal["queue", "health", "jobs", "all"] = "all"


class FindRunbook(_Intent):
    """What do our runbooks say?"""

    intent: Literal["runbook"] = "runbook"
    words: str


class Help(_Intent):
    """What can be asked?"""

    intent: Literal["help"] = "help"


class _Changing(_Intent):
    target: Ref
    if_safe: bool = False
    """The person wants it only if it breaks nothing: it is rehearsed, and left undone if that shows harm."""
    read_by: str = ""
    """The model that read the request; empty: it was understood without one. What a model read is never approved beforehand."""

    @property
    def words(self) -> str:
        """It in the words that are understood without a model."""
        return f"{self.intent} {self.target.name}"  # type: ignore[attr-defined]


class ScaleTo(_Changing):
    """More or fewer of it. Exactly one of `to`, `by` and `factor` is given."""

    intent: Literal["scale"] = "scale"
    to: int | None = None
    by: int | None = None
    factor: float | None = None
    unit: Literal["replicas", "gpus"] = "replicas"

    @property
    def words(self) -> str:
        return f"scale {self.target.name} to {self.to}"


class RollBackTo(_Changing):
    """Back to an earlier revision; the one before when none is named."""

    intent: Literal["rollback"] = "rollback"
    revision: int | None = None


class RestartIt(_Changing):
    """All its pods anew, at the pace of its update strategy."""

    intent: Literal["restart"] = "restart"


class CordonNode(_Changing):
    """No new pods there."""

    intent: Literal["cordon"] = "cordon"


class UncordonNode(_Changing):
    """New pods are welcome there again."""

    intent: Literal["uncordon"] = "uncordon"


class DrainNode(_Changing):
    """All pods elsewhere."""

    intent: Literal["drain"] = "drain"


class HealIt(_Intent):
    """Find what is wrong and mend it: the whole loop of `steersman heal`."""

    intent: Literal["heal"] = "heal"
    read_by: str = ""
    entity: Ref | None = None
    namespace: str | None = None


class MoveJob(_Intent):
    """A quantum job to another queue."""

    intent: Literal["move-job"] = "move-job"
    job: str
    to: str = ""
    """The backend; empty: the one with the shortest queue."""


Change: TypeAlias = Annotated[
    ScaleTo | RollBackTo | RestartIt | CordonNode | UncordonNode | DrainNode, Field(discriminator="intent")
]
"""What becomes an action of the closed instruction set, and goes through the gate."""

Intent: TypeAlias = Annotated[
    Diagnose
    | ListThings
    | Describe
    | ReadLogs
    | Forecast
    | AskGpus
    | AskQuantum
    | FindRunbook
    | Help
    | ScaleTo
    | RollBackTo
    | RestartIt
    | CordonNode
    | UncordonNode
    | DrainNode
    | HealIt
    | MoveJob,
    Field(discriminator="intent"),
]


class NotUnderstood(Frozen):
    """What could not be understood, and what could be said instead. Nothing is done on a guess."""

    intent: Literal["not-understood"] = "not-understood"
    text: str
    why: str
    """One sentence: what was not understood, or what is not clear."""
    nearest: tuple[str, ...] = ()
    """Requests that would be understood."""
    choices: tuple[Ref, ...] = ()
    """The things that a name may mean, where it means several."""
