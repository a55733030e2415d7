"""From a snapshot to its root causes: pure functions of values, no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steersman_tools.snapshot import Snapshot
from steersman_tools.types import NotChecked

from ..types import Diagnosis, Finding, Look, LookBack, RuledOut, Symptom
from .analyzers import ANALYZERS, Analyzer
from .rank import conclude
from .scene import Scene


@dataclass(frozen=True)
class Examination:
    """What the analyzers said of a snapshot."""

    scene: Scene
    symptoms: tuple[Symptom, ...]
    findings: tuple[Finding, ...]
    ruled_out: tuple[RuledOut, ...]
    looks: tuple[Look | LookBack, ...]
    not_checked: tuple[NotChecked, ...] = ()
    """What analyzers could not judge, beside what could not be read."""

    def conclude(self) -> Diagnosis:
        """The causes, as far as is known now."""
        answer = conclude(self.scene, self.symptoms, self.findings, self.ruled_out)
        return answer.model_copy(update={"not_checked": (*answer.not_checked, *self.not_checked)})


def examine(snapshot: Snapshot, analyzers: Sequence[Analyzer] = ANALYZERS) -> Examination:
    """Runs every analyzer on the snapshot."""
    scene = Scene(snapshot)
    outputs = [output for analyzer in analyzers for output in analyzer(scene)]
    return Examination(
        scene,
        symptoms=tuple(o for o in outputs if isinstance(o, Symptom)),
        findings=tuple(o for o in outputs if isinstance(o, Finding)),
        ruled_out=tuple(dict.fromkeys(o for o in outputs if isinstance(o, RuledOut))),
        looks=tuple(dict.fromkeys(o for o in outputs if isinstance(o, Look | LookBack))),
        not_checked=tuple(dict.fromkeys(o for o in outputs if isinstance(o, NotChecked))),
    )
