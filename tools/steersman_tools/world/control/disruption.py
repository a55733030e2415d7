"""PodDisruptionBudgets: how many pods may be disrupted now."""

from __future__ import annotations

from collections.abc import Iterable

from ...fields import Fields
from ...selectors import selects
from ..objects import Obj, controller_of, moment
from ..store import Change, Key
from .base import Control, ready
from .rolling import share

PDB = "poddisruptionbudgets.policy"


class Disruption(Control):
    name = "disruption"
    watches = (PDB,)

    @property
    def source(self) -> str:
        return "controllermanager"

    def wants(self, change: Change) -> Iterable[Key]:
        if change.now.type.id == PDB:
            yield change.now.key
        elif change.now.type.id == "pods":
            yield from (k for k in self.store.items[PDB] if k[0] == change.now.key[0])

    def reconcile(self, key: Key) -> float | None:
        budget = self.store.get(PDB, *key)
        if budget is None:
            return None
        selector = budget["spec"].get("selector")
        pods = [
            p
            for p in self.store.of("pods", key[0])
            if selector is not None and selects(Fields(selector), p["metadata"].get("labels") or {})
        ]
        pods = [p for p in pods if (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")]
        expected = self._expected(pods)
        spec = budget["spec"]
        if spec.get("maxUnavailable") is not None:
            wanted = max(0, expected - share(spec["maxUnavailable"], expected, up=True))
        else:
            expected = expected if isinstance(spec.get("minAvailable"), str) else len(pods)
            wanted = share(spec.get("minAvailable", 0), expected, up=True)
        disrupted = {n: t for n, t in ((budget.get("status") or {}).get("disruptedPods") or {}).items()
                     if any(p["metadata"]["name"] == n and not p["metadata"].get("deletionTimestamp") for p in pods)
                     and (self.now - moment(t)).total_seconds() < 120}  # fmt: skip
        healthy = sum(
            ready(p) and not p["metadata"].get("deletionTimestamp") and p["metadata"]["name"] not in disrupted
            for p in pods
        )
        allowed = max(0, healthy - wanted) if expected else 0
        status: Obj = {"disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": wanted, "expectedPods": expected,
                       "observedGeneration": budget["metadata"].get("generation", 1)}  # fmt: skip
        if disrupted:
            status["disruptedPods"] = disrupted
        self.status(PDB, budget, status)
        return 60.0 if disrupted else None

    def _expected(self, pods: list[Obj]) -> int:
        """The pods that the workloads of these pods want."""
        total, seen = 0, set[str]()
        for pod in pods:
            owner = controller_of(pod)
            if owner is None:
                total += 1
            elif owner["uid"] not in seen:
                seen.add(owner["uid"])
                kind = self.store.types.of_kind(owner["apiVersion"].rpartition("/")[0], owner["kind"])
                found = self.store.get(kind.id, pod["metadata"]["namespace"], owner["name"]) if kind else None
                top = controller_of(found) if found else None
                if top and found:
                    kind = self.store.types.of_kind(top["apiVersion"].rpartition("/")[0], top["kind"])
                    found = (
                        self.store.get(kind.id, pod["metadata"]["namespace"], top["name"]) if kind else None
                    ) or found
                    if top["uid"] in seen:
                        continue
                    seen.add(top["uid"])
                total += (found or {"spec": {}})["spec"].get("replicas", 1)
        return total
