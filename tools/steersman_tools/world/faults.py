"""The catalogue of faults for the example world: each breaks it in one way, and says what the truth is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from ..types import Json, Ref

if TYPE_CHECKING:
    from .world import World


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break the example world."""

    name: str
    title: str
    story: str
    """One sentence: what happened."""
    fault: str
    """The name of the fault, as steersman's list of faults has it."""
    entity: Ref
    silent: bool
    """Whether everything looks well while calls fail."""
    changes: tuple[Mapping[str, Any], ...]

    def inject(self, world: World) -> None:
        """Breaks the world, as the people of the story did. Raises ValueError when the world is not the example."""
        for change in self.changes:
            _change(world, change)
        world.wake()


@cache
def catalogue() -> tuple[Fault, ...]:
    """All faults, in the order of the file."""
    entries = yaml.safe_load((files(__package__) / "faults.yaml").read_text())
    return tuple(
        Fault(
            e["name"],
            e["title"],
            e["story"],
            e["truth"]["fault"],
            Ref.parse(e["truth"]["entity"]),
            bool(e.get("silent")),
            tuple(e["changes"]),
        )
        for e in entries
    )


def named(name: str) -> Fault:
    """The fault of that name. Raises KeyError."""
    return {f.name: f for f in catalogue()}[name]


def _path(world: World, ref: Ref) -> str:
    kind = world.types.named(ref.kind)
    if kind is None:
        raise ValueError(f"this world serves no {ref.kind}")
    return kind.path(ref.namespace, ref.name)


def _change(world: World, change: Mapping[str, Any]) -> None:
    match dict(change):
        case {"world": fault}:
            world.inject(fault)
        case {"create": obj}:
            kind = world.types.named(obj["kind"])
            assert kind is not None
            _send(world, "POST", kind.path(obj["metadata"].get("namespace", ""), "").rstrip("/"), obj)
        case {"delete": name}:
            for ref in _matching(world, Ref.parse(name)):
                _send(world, "DELETE", _path(world, ref), None)
        case {"patch": patch, "of": name}:
            _send(world, "PATCH", _path(world, Ref.parse(name)), patch, "application/merge-patch+json")
        case {"json": patch, "of": name}:
            _send(world, "PATCH", _path(world, Ref.parse(name)), patch, "application/json-patch+json")
        case _:
            raise ValueError(f"the catalogue holds a change of no known form: {change}")
    world.settle()


def _matching(world: World, ref: Ref) -> list[Ref]:
    """The things that a name means: with a star at its end, all that begin so."""
    kind = world.types.named(ref.kind)
    if kind is None or not ref.name.endswith("*"):
        return [ref]
    found = [o["metadata"]["name"] for o in world.store.of(kind.id, ref.namespace)]
    return [Ref(ref.namespace, ref.kind, name) for name in found if name.startswith(ref.name[:-1])]


def _send(world: World, method: str, path: str, body: Json, content_type: str = "application/json") -> None:
    status, answer = world.request(method, path, body, content_type, fieldManager="kubectl-edit")
    if status >= 300:
        raise ValueError(f"{method} {path}: {answer.get('message') if isinstance(answer, dict) else answer}")
