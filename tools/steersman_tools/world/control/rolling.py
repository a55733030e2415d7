"""The arithmetic of a rolling update: pure functions of the counts. Source: pkg/controller/deployment/{rolling,util}."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """A ReplicaSet as the arithmetic sees it."""

    name: str
    replicas: int
    available: int


def share(value: int | str | None, total: int, *, up: bool) -> int:
    """A number or percentage of a total."""
    if isinstance(value, str) and value.endswith("%"):
        exact = int(value[:-1]) * total / 100
        return math.ceil(exact) if up else math.floor(exact)
    return int(value or 0)


def bounds(surge: int | str | None, unavailable: int | str | None, replicas: int) -> tuple[int, int]:
    """maxSurge and maxUnavailable as numbers; both cannot be zero."""
    more, fewer = share(surge, replicas, up=True), share(unavailable, replicas, up=False)
    return (more, 1) if more == 0 and fewer == 0 else (more, min(fewer, replicas) if replicas else fewer)


def grown(new: Counts, old: Sequence[Counts], replicas: int, surge: int) -> int:
    """The size that the new ReplicaSet may have now."""
    if new.replicas >= replicas:
        return replicas
    current = new.replicas + sum(r.replicas for r in old)
    if current >= replicas + surge:
        return new.replicas
    return new.replicas + min(replicas + surge - current, replicas - new.replicas)


def shrunk(new: Counts, old: Sequence[Counts], replicas: int, unavailable: int) -> dict[str, int]:
    """The sizes that old ReplicaSets get now, oldest first; only those that change."""
    sizes = {r.name: r.replicas for r in old}
    total = new.replicas + sum(sizes.values())
    least = replicas - unavailable
    room = total - least - (new.replicas - new.available)
    if not any(sizes.values()) or room <= 0:
        return {}
    cleaned = 0
    for entry in old:  # pods that are not available go first: they are missed by nobody
        if cleaned >= room:
            break
        broken = min(room - cleaned, entry.replicas - min(entry.available, entry.replicas))
        sizes[entry.name] -= broken
        cleaned += broken
    serving = new.available + sum(r.available for r in old)
    spare = max(0, serving - least)
    for entry in old:
        taken = min(sizes[entry.name], spare)
        sizes[entry.name] -= taken
        spare -= taken
    return {r.name: sizes[r.name] for r in old if sizes[r.name] != r.replicas}


def proportional(sets: Sequence[Counts], added: int, limit: int, known: int) -> dict[str, int]:
    """The sizes of several ReplicaSets when a rollout is scaled in its middle; `limit` is the old total that they shared."""
    ordered = sorted(sets, key=lambda r: r.replicas, reverse=True)
    sizes: dict[str, int] = {}
    left = added
    for entry in ordered:
        part = 0
        if left:
            exact = entry.replicas * (limit + added) / max(known, 1) - entry.replicas
            part = math.floor(exact + 0.5) if exact >= 0 else -math.floor(-exact + 0.5)
            part = min(part, left) if added > 0 else max(part, left)
        sizes[entry.name] = entry.replicas + part
        left -= part
    if ordered and left:
        sizes[ordered[0].name] = max(0, sizes[ordered[0].name] + left)
    return sizes
