"""The cases, and what the solver may see of them: everything but `metadata.result` and `metadata.process`.

`Case.seen` is all that goes to the engine. It holds no path, no id and no truth, so that a rule could not use them by mistake; the
truth is read apart, after the answer, and only to score it. Times are used as times (what came first, what is old), never to tell
cases apart, and nothing is kept between cases: every case is judged by itself, in its own Python objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from steersman_tools.fields import Fields
from steersman_tools.types import Json

HIDDEN = ("result", "process")


@dataclass(frozen=True)
class Seen:
    """What a person would be handed: the complaint, what tools have printed, logs, alerts, metrics."""

    namespace: str
    query: str
    states: Mapping[str, str]
    """kubectl command → what it printed."""
    tools: Mapping[str, Json]
    """`Tool:{arguments}` → what it answered."""
    logs: Mapping[str, Json]
    alerts: Json
    metrics: str


@dataclass(frozen=True)
class Truth:
    """The right answer, for the scorer."""

    taxonomy: str
    entity: str
    cause: str


@dataclass(frozen=True)
class Case:
    """One folder of the benchmark."""

    path: Path
    name: str
    """`<system>/<category>/<id>`: for the table and the output, not for the solver."""

    def seen(self) -> Seen:
        meta = Fields({k: v for k, v in _object(self.path / "metadata.json").items() if k not in HIDDEN})
        raw = self.path / "raw_data"
        return Seen(
            namespace=meta.text("namespace"),
            query=meta.text("query"),
            states=_texts(_object(raw / "k8s_states.json")),
            tools=_object(self.path / "tool_cache.json"),
            logs=_object(raw / "logs.json"),
            alerts=dict(_object(raw / "alert.json")),
            metrics=_text(raw / "metrics.csv"),
        )

    def truth(self) -> Truth | None:
        """The right answer; None where it is withheld."""
        found = _object(self.path / "metadata.json").get("result")
        view = Fields(found[0] if isinstance(found, list) and found else found)
        if not view.text("root_cause"):
            return None
        return Truth(view.text("fault_taxonomy"), view.text("fault_object"), view.text("root_cause"))


def cases(root: Path) -> list[Case]:
    """Every case below the folder, in the order of their names."""
    found = sorted(path.parent for path in root.rglob("metadata.json"))
    return [Case(path, "/".join(path.parts[-3:])) for path in found]


def _object(path: Path) -> Mapping[str, Json]:
    """The JSON object in the file; empty where there is none or it cannot be read."""
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(found: Mapping[str, Json]) -> dict[str, str]:
    return dict(_pairs(found))


def _pairs(found: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        if isinstance(value, str):
            yield key, value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""
