"""Makes one object of several texts about it: the better source is kept, and the others fill what it lacks."""

from __future__ import annotations

from ...types import Json
from .build import Object

_KEYS = {
    "containers": "name", "initContainers": "name", "containerStatuses": "name", "initContainerStatuses": "name",
    "conditions": "type", "volumes": "name", "volumeMounts": "mountPath", "ports": "containerPort",
}  # fmt: skip
"""By what the entries of a list are told apart; other lists are kept as one source has them."""

_ONE_OF = {
    "state",
    "lastState",
    "valueFrom",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "selector",
    "podSelector",
}
"""Fields that are one thing or another: half of the one and half of the other would be neither."""


def fill(better: Object, other: Object) -> None:
    """Adds to the better object what only the other tells."""
    for name, value in other.items():
        mine = better.get(name)
        if name not in better or mine is None:
            better[name] = value
        elif isinstance(mine, dict) and isinstance(value, dict) and name not in _ONE_OF:
            fill(mine, value)
        elif isinstance(mine, list) and isinstance(value, list) and name in _KEYS:
            _fill_list(mine, value, _KEYS[name], grows=name == "conditions")


def _fill_list(better: list[Json], other: list[Json], key: str, *, grows: bool) -> None:
    """Entries of one key are one entry. Only of a pod with a single container may an entry go without its name."""
    by = {str(entry.get(key, "")): entry for entry in better if isinstance(entry, dict)}
    alone = len(better) == len(other) == 1
    for entry in other:
        if not isinstance(entry, dict):
            continue
        name = str(entry.get(key, ""))
        mine = by.get(name) or (next(iter(by.values()), None) if alone and not name else None)
        if mine is not None:
            fill(mine, {k: v for k, v in entry.items() if k != key})
            if not mine.get(key) and name:
                mine[key] = name
        elif grows:
            better.append(entry)
