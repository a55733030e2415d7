"""The dependency graph as ranking needs it: who calls whom, and the calls that must exist although nobody has drawn them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from steersman_tools.types import Frozen

from .flow import Excess, likeness, unexplained

ALIKE = 0.9
"""How alike in time two excesses must be for one to be taken for the other's, seen from its caller."""
COVERED = 0.5
"""The part of a callee's excess that its presumed caller must show as unexplained."""


class Edge(Frozen):
    """A call. `inferred` where it was not given but concluded from the metrics."""

    caller: str
    callee: str
    inferred: bool = False


def callees(edges: Iterable[Edge]) -> Mapping[str, tuple[str, ...]]:
    """Caller → callees, in the order of their names."""
    found: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        if edge.caller != edge.callee:
            found[edge.caller].add(edge.callee)
    return {caller: tuple(sorted(called)) for caller, called in sorted(found.items())}


def reachable(start: str, called: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Everything that the node calls, directly or through others, and itself."""
    seen, todo = {start}, [start]
    while todo:
        for callee in called.get(todo.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                todo.append(callee)
    return frozenset(seen)


def missing(found: Excess, edges: Sequence[Edge], entry: str | None) -> tuple[Edge, ...]:
    """Calls that are not in the graph but in the numbers. Requests come from somewhere: a troubled node that nobody calls, other
    than the entry, gets as its caller the node whose unexplained excess is most like its own in time and size."""
    called = callees(edges)
    known = {callee for these in called.values() for callee in these}
    totals = found.work.sum(axis=0)
    orphans = [
        name
        for name, total in sorted(zip(found.nodes, totals, strict=True), key=lambda pair: (-pair[1], pair[0]))
        if total > 0 and name not in known and name != entry
    ]
    own = unexplained(found, called)
    inferred: list[Edge] = []
    for orphan in orphans:
        index = found.nodes.index(orphan)
        below = reachable(orphan, called)
        together = likeness(found.work, found.work[:, index])
        shared = np.minimum(own, found.work[:, [index]]).sum(axis=0) / totals[index]
        fits = [
            (-together[at] * shared[at], name)
            for at, name in enumerate(found.nodes)
            if name not in below
            and (name == entry or name in known)
            and together[at] >= ALIKE
            and shared[at] >= COVERED
        ]
        if fits:
            inferred.append(Edge(caller=min(fits)[1], callee=orphan, inferred=True))
            known.add(orphan)
            called = callees([*edges, *inferred])
            own = unexplained(found, called)
    return tuple(inferred)
