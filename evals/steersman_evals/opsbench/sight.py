"""A case as the engine sees it: a Reader like that of any bundle, with metrics, alerts, connections and known calls beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from steersman_tools.bundle.reader import log_of, snapshot_of
from steersman_tools.bundle.text.transcript import read_transcript
from steersman_tools.snapshot import Dependency, Log, LogQuery, Measured, Reachability, Snapshot
from steersman_tools.types import Ref

from .cases import Seen
from .commands import connections, pairs
from .signals import firing, measured, said, span

_NODE = re.compile(r"^(?P<bars>(?:[│ ] {2,4})*)[├└]── (?P<name>[\w.-]+)")
_WIDTH = 4


class CaseReader:
    """A Reader of one case."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._contents = read_transcript(pairs(seen))

    async def snapshot(self, namespace: str | None) -> Snapshot:
        seen = self._seen
        space = seen.namespace
        found = snapshot_of(self._contents, namespace, "case")
        return replace(
            found,
            alerts=tuple(firing(seen.alerts, space)),
            metrics=tuple(_measures(seen, {node.name for node in found.all("Node")})),
            reachability=tuple(
                Reachability(Ref(space, "Service", name), port, opened, text, f"nc -zv {name} {port}", node)
                for name, port, node, opened, text in connections(seen.tools)
            ),
            dependencies=tuple(dict.fromkeys(_dependencies(seen))),
        )

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        return [log_of(self._contents, query) for query in queries]


def _measures(seen: Seen, nodes: Collection[str]) -> Iterator[Measured]:
    """The columns of the table, and of what alerts say that which the table does not have."""
    found = list(measured(seen.metrics, span(seen.alerts), seen.namespace, nodes))
    known = {(m.about, m.measure) for m in found}
    yield from found
    yield from (m for m in said(seen.alerts, seen.namespace) if (m.about, m.measure) not in known)


def _dependencies(seen: Seen) -> Iterator[Dependency]:
    """Who calls whom, by the service map's trees."""
    for key, answer in seen.tools.items():
        if key.startswith("GetServiceDependencies:") and isinstance(answer, str):
            yield from tree(answer, seen.namespace)


def tree(text: str, namespace: str) -> Iterator[Dependency]:
    """The edges of a drawn tree: a root, and below it those that it calls, indented by their depth."""
    above: list[str] = []
    for line in text.split("\n"):
        if found := _NODE.match(line):
            depth = 1 + len(found["bars"]) // _WIDTH
            del above[depth:]
            if above:
                yield Dependency(Ref(namespace, "Service", above[-1]), Ref(namespace, "Service", found["name"]))
            above.append(found["name"])
        elif line and not line.startswith(("[", "(", " ", "│")):
            above = [line.split()[0]]
