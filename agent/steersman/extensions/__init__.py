"""What a platform team adds to the diagnosis: analyzers of its own, beside the product's.

    from steersman.extensions import Fault, Finding, Scene, analyzer, cite

    @analyzer
    def unpinned(scene: Scene):
        for workload in scene.workloads.values():
            ...
            yield Finding(fault="x-unpinned-image", entity=workload.ref, ...)

A package announces it as an entry point of the group `steersman.analyzers`; docs/diagnosis.md has the whole of it. What goes
wrong inside such a function is a line under "not checked", and never the end of a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from steersman_tools.types import NotChecked, Ref

from ..diagnose import cite
from ..diagnose.scene import Scene
from ..diagnose.workloads import Workload
from ..faults import Fault
from ..types import Finding, Look, Output, RuledOut, Symptom

__all__ = [
    "Fault", "Finding", "Look", "NotChecked", "Own", "Ref", "RuledOut", "Scene", "Symptom", "Workload", "analyzer", "cite",
]  # fmt: skip

Function: TypeAlias = Callable[[Scene], Iterable[Output]]


@dataclass(frozen=True)
class Own:
    """Somebody's own analyzer, run so that its mistakes stay its own."""

    name: str
    function: Function

    def __call__(self, scene: Scene) -> Iterator[Output]:
        try:
            yield from list(self.function(scene))
        except Exception as error:  # a stranger's code: whatever it raises must not end the session
            why = f"it failed with {type(error).__name__}: {error}"[:300]
            yield NotChecked(what=f"analyzer {self.name}", why=why)


def analyzer(function: Function) -> Own:
    """Makes a function from a scene to findings into an analyzer. Its faults bear names that begin with `x-`."""
    return Own(f"{function.__module__}.{function.__qualname__}", function)
