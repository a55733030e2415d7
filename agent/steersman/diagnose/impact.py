"""How harm spreads: from what is broken to those who depend on it, hop by hop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steersman_tools.types import Ref

from .chains import dependants
from .scene import Scene

DNS = Ref("kube-system", "Service", "kube-dns")


@dataclass(frozen=True)
class Reach:
    """Everything that a fault can harm: how many hops away it is, and through what."""

    hops: Mapping[Ref, int]
    through: Mapping[Ref, Ref]

    def path(self, end: Ref) -> tuple[Ref, ...]:
        """From the fault to the thing harmed."""
        steps = [end]
        while (step := self.through.get(steps[-1])) is not None:
            steps.append(step)
        return tuple(reversed(steps))


class Impact:
    """The edges along which harm spreads in a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ingresses: dict[Ref, list[Ref]] = {}
        for ingress in scene.snapshot.all("Ingress"):
            for rule in ingress.each("spec.rules"):
                for path in rule.each("http.paths"):
                    name = path.text("backend.service.name") or path.text("backend.serviceName")
                    self._ingresses.setdefault(Ref(ingress.namespace, "Service", name), []).append(ingress.ref)

    def harmed_by(self, ref: Ref) -> Iterable[Ref]:
        """Those who suffer directly when the thing is broken."""
        if ref.kind == "Service":
            callers = self._scene.callers.get(ref, ())
            yield from dict.fromkeys(call.caller for call in callers)
            yield from self._ingresses.get(ref, ())
            if ref == DNS:
                yield from dict.fromkeys(call.caller for call in self._scene.calls)
                yield from dict.fromkeys(call.service for call in self._scene.calls if call.service)
        elif ref.kind in ("Backend", "QuantumJob"):
            yield from dependants(self._scene, ref)
        elif workload := self._scene.workload_of.get(ref):
            for view in self._scene.services_of.get(workload.ref, ()):
                yield view.ref

    def reach(self, starts: Iterable[Ref]) -> Reach:
        """All that can be harmed from the starts, the nearest first."""
        origins = list(dict.fromkeys(starts))
        hops, through = dict.fromkeys(origins, 0), {}
        queue = deque(origins)
        while queue:
            at = queue.popleft()
            for next_ in self.harmed_by(at):
                if next_ not in hops:
                    hops[next_], through[next_] = hops[at] + 1, at
                    queue.append(next_)
        return Reach(hops, through)
