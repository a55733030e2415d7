"""ReplicaSets and ReplicationControllers: as many pods as wanted, no more and no fewer."""

from __future__ import annotations

from ...fields import Fields
from ...selectors import selects
from ..api.registry import Registry
from ..api.status import ApiError
from ..objects import Obj, controller_of
from ..recorder import Recorder
from ..store import Key
from .base import Control, active, available, ready, set_state

BURST = 500


class ReplicaSets(Control):
    """One controller for either kind."""

    def __init__(self, registry: Registry, recorder: Recorder, type_id: str = "replicasets.apps") -> None:
        super().__init__(registry, recorder)
        self.type_id = type_id
        self.name = "replicaset" if type_id == "replicasets.apps" else "replication"
        self.watches, self.owns = (type_id,), ("pods",)

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get(self.type_id, *key)
        if obj is None:
            return None
        pods = [p for p in self.store.owned(obj["metadata"]["uid"], "pods") if active(p)]
        if not obj["metadata"].get("deletionTimestamp"):
            pods += self._adopt(obj)
        failure = None
        if not obj["metadata"].get("deletionTimestamp"):
            failure = self._manage(obj, pods)
            pods = [p for p in self.store.owned(obj["metadata"]["uid"], "pods") if active(p)]
        self._report(obj, pods, failure)
        if failure:
            raise failure
        least = obj["spec"].get("minReadySeconds", 0)
        if least and any(ready(p) and not available(p, least, self.now) for p in pods):
            return 1.0
        return None

    def _adopt(self, obj: Obj) -> list[Obj]:
        """Takes over pods that match and belong to nobody."""
        selector = obj["spec"].get("selector") or {}
        chosen = []
        wanted = Fields(selector) if self.type_id == "replicasets.apps" else Fields({"matchLabels": selector})
        for pod in self.store.of("pods", obj["metadata"]["namespace"]):
            if controller_of(pod) is None and active(pod) and selects(wanted, pod["metadata"].get("labels") or {}):
                owners = [*(pod["metadata"].get("ownerReferences") or ()), self.reference(self.type_id, obj)]
                chosen.append(
                    self.change("pods", pod, pod | {"metadata": pod["metadata"] | {"ownerReferences": owners}})
                )
        return chosen

    def _manage(self, obj: Obj, pods: list[Obj]) -> ApiError | None:
        missing = obj["spec"].get("replicas", 1) - len(pods)
        if missing > 0:
            return self._create(obj, min(missing, BURST))
        for pod in sorted(pods, key=self._worth)[: min(-missing, BURST)]:
            self.delete("pods", pod)
            self.tell(self.type_id, obj, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        return None

    def _create(self, obj: Obj, count: int) -> ApiError | None:
        """Creates pods in batches that double; the first failure ends it."""
        meta, template = obj["metadata"], obj["spec"]["template"]
        labels = template.get("metadata") or {}
        for _ in range(count):
            pod_meta = {k: v for k, v in labels.items() if k in ("labels", "annotations", "finalizers") and v}
            pod = {"metadata": {**pod_meta, "generateName": f"{meta['name']}-", "namespace": meta["namespace"],
                                "ownerReferences": [self.reference(self.type_id, obj)]}, "spec": template["spec"]}  # fmt: skip
            try:
                made = self.create("pods", pod)
            except ApiError as error:
                self.tell(self.type_id, obj, "FailedCreate", f"Error creating: {error.message}", warning=True)
                return error
            self.tell(self.type_id, obj, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")
        return None

    def _worth(self, pod: Obj) -> tuple[object, ...]:
        """Pods of little worth come first: unassigned, pending, not ready, younger, more restarted."""
        status = pod.get("status") or {}
        phases = {"Pending": 0, "Unknown": 1, "Running": 2}
        restarts = max((c.get("restartCount", 0) for c in status.get("containerStatuses") or ()), default=0)
        age = self.seconds_since(pod["metadata"].get("creationTimestamp"))
        return (
            bool(pod["spec"].get("nodeName")),
            phases.get(status.get("phase", ""), 0),
            ready(pod),
            -restarts,
            age,
            pod["metadata"]["name"],
        )

    def _report(self, obj: Obj, pods: list[Obj], failure: ApiError | None) -> None:
        least = obj["spec"].get("minReadySeconds", 0)
        labels = (obj["spec"].get("template", {}).get("metadata") or {}).get("labels") or {}
        full = sum(labels.items() <= (p["metadata"].get("labels") or {}).items() for p in pods)
        status: Obj = {"replicas": len(pods)}
        counts = {"fullyLabeledReplicas": full, "readyReplicas": sum(map(ready, pods)),
                  "availableReplicas": sum(available(p, least, self.now) for p in pods)}  # fmt: skip
        status |= {k: v for k, v in counts.items() if v}
        status["observedGeneration"] = obj["metadata"].get("generation", 1)
        old = (obj.get("status") or {}).get("conditions") or []
        conditions = [c for c in old if c["type"] != "ReplicaFailure"]
        if failure:
            conditions = set_state(old, {"type": "ReplicaFailure", "status": "True", "lastTransitionTime": self.registry.now(),
                                             "reason": "FailedCreate", "message": failure.message})  # fmt: skip
        if conditions:
            status["conditions"] = conditions
        self.status(self.type_id, obj, status)
