"""What a scenario file says: what is done to the cluster, and what is then the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import BeforeValidator, Field, JsonValue, TypeAdapter, ValidationError

from steersman.types import FaultName
from steersman_tools.types import Frozen, Ref


class Patch(Frozen):
    """Changes an object that exists."""

    patch: Ref
    body: JsonValue
    form: Literal["strategic", "merge", "json"] = "strategic"
    manager: str = "kubectl-edit"


class Create(Frozen):
    """Creates an object."""

    create: dict[str, JsonValue]


class Delete(Frozen):
    """Deletes an object."""

    delete: Ref


class DeletePods(Frozen):
    """Deletes the pods that carry the labels: noise, or a way to have them made anew."""

    delete_pods: Ref
    """`namespace/Pod/<label>=<value>`."""


class Restart(Frozen):
    """Restarts a workload as `kubectl rollout restart` does."""

    restart: Ref


class WorldFault(Frozen):
    """A fault of the simulated machines, images or loads, in the lab's grammar."""

    fault: dict[str, JsonValue]


class Every(Frozen):
    """A writer that keeps on writing: its patch is sent again every so many seconds until the scenario ends."""

    every: float
    patch: Patch
    by: Ref | None = None
    """The object that stands for the writer (the lab runs no commands): it writes only while that exists and is not suspended."""


class Wait(Frozen):
    """Lets time pass."""

    wait: float


Step: TypeAlias = Patch | Create | Delete | DeletePods | Restart | WorldFault | Every | Wait


def _several(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


class Truth(Frozen):
    """One cause that must be named: any of the faults at any of the entities counts."""

    fault: Annotated[tuple[FaultName, ...], BeforeValidator(_several)]
    entity: Annotated[tuple[Ref, ...], BeforeValidator(_several)]


class Scenario(Frozen):
    """One incident, or one healthy control where there is no truth to find."""

    name: str
    story: str = ""
    steps: tuple[Step, ...] = ()
    settle: float = 10.0
    """Seconds after the last step until the cluster is looked at."""
    truth: tuple[Truth, ...] = ()
    fast: bool = False
    """Whether CI runs it."""
    hands: Literal["steersman", "a person", "nobody"] = "steersman"
    """Whose hands mend it: where the official action is a person's, or to leave it alone, the right healer does no harm, and
    touches nothing where nobody should."""
    minimum: str = ""
    """The first Kubernetes version that has what it needs, such as `1.22`."""
    group: str = Field("", description="the file's name")


_LIST = TypeAdapter(list[Scenario])


class BadScenario(Exception):
    """A scenario file cannot be used; the text says why."""


def load(path: Path) -> list[Scenario]:
    """The scenarios of a file or of all files of a folder."""
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    if not files:
        raise BadScenario(f"There are no scenario files in {path}.")
    found: list[Scenario] = []
    for file in files:
        try:
            scenarios = _LIST.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise BadScenario(f"{file}: {error}") from error
        found += [s.model_copy(update={"group": file.stem}) for s in scenarios]
    return found
