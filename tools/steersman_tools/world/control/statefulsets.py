"""StatefulSets: pods by number, in order, each with its claims; updates from the highest number down."""

from __future__ import annotations

from ..api.status import ApiError
from ..objects import Obj
from ..store import Key
from .base import Control, ready
from .revisions import LABEL, ensure_revision

STS = "statefulsets.apps"


class StatefulSets(Control):
    name = "statefulset"
    watches, owns = (STS,), ("pods",)

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get(STS, *key)
        if obj is None:
            return None
        current, update = ensure_revision(self, STS, obj)
        pods = {p["metadata"]["name"]: p for p in self.store.owned(obj["metadata"]["uid"], "pods")}
        failure: ApiError | None = None
        if not obj["metadata"].get("deletionTimestamp"):
            try:
                self._sync(obj, pods, current, update)
            except ApiError as error:
                failure = error
        self._report(obj, current, update)
        if failure:
            raise failure
        return None

    def _sync(self, obj: Obj, pods: dict[str, Obj], current: str, update: str) -> None:
        spec, base = obj["spec"], obj["metadata"]["name"]
        wanted = spec.get("replicas", 1)
        ordered = spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
        for number in range(wanted):
            name = f"{base}-{number}"
            pod = pods.get(name)
            if pod is not None and (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
                self.tell(
                    STS,
                    obj,
                    "RecreatingFailedPod",
                    f"StatefulSet {obj['metadata']['namespace']}/{base} is recreating failed Pod {name}",
                    warning=True,
                )
                self.delete("pods", pod)
                self._told(obj, "delete", name)
                return
            if pod is None:
                self._create(obj, name, update if number >= partition else current)
                if ordered:
                    return
            elif ordered and (not ready(pod) or pod["metadata"].get("deletionTimestamp")):
                return
        extra = sorted(
            (p for n, p in pods.items() if _number(n) >= wanted), key=lambda p: -_number(p["metadata"]["name"])
        )
        for pod in extra:
            if not pod["metadata"].get("deletionTimestamp"):
                self.delete("pods", pod)
                self._told(obj, "delete", pod["metadata"]["name"])
            if ordered:
                return
        if (spec.get("updateStrategy") or {}).get("type") != "OnDelete":
            self._roll(obj, pods, update, partition, wanted)

    def _roll(self, obj: Obj, pods: dict[str, Obj], update: str, partition: int, wanted: int) -> None:
        for number in range(wanted - 1, partition - 1, -1):
            pod = pods.get(f"{obj['metadata']['name']}-{number}")
            if pod is None:
                return
            if (pod["metadata"].get("labels") or {}).get(LABEL) != update:
                if not pod["metadata"].get("deletionTimestamp"):
                    self.delete("pods", pod)
                    self._told(obj, "delete", pod["metadata"]["name"])
                return
            if not ready(pod):
                return

    def _told(self, obj: Obj, verb: str, pod: str) -> None:
        reason = {"create": "SuccessfulCreate", "delete": "SuccessfulDelete"}[verb]
        self.tell(STS, obj, reason, f"{verb} Pod {pod} in StatefulSet {obj['metadata']['name']} successful")

    def _create(self, obj: Obj, name: str, revision: str) -> None:
        spec, meta = obj["spec"], obj["metadata"]
        template = spec["template"]
        labels = {
            **((template.get("metadata") or {}).get("labels") or {}),
            LABEL: revision,
            "statefulset.kubernetes.io/pod-name": name,
        }
        pod_spec = {**template["spec"], "hostname": name, "subdomain": spec.get("serviceName", "")}
        volumes = {v["name"]: v for v in pod_spec.get("volumes") or ()}
        for claim in spec.get("volumeClaimTemplates") or ():
            volume = (claim.get("metadata") or {}).get("name", "")
            claim_name = f"{volume}-{name}"
            self._claim(obj, claim, claim_name, name)
            volumes[volume] = {
                "name": volume,
                "persistentVolumeClaim": {"claimName": claim_name},
            }
        if volumes:
            pod_spec["volumes"] = list(volumes.values())
        if not pod_spec["subdomain"]:
            del pod_spec["subdomain"]
        pod_meta = {"name": name, "generateName": f"{meta['name']}-", "namespace": meta["namespace"], "labels": labels,
                    "ownerReferences": [self.reference(STS, obj)]}  # fmt: skip
        if notes := (template.get("metadata") or {}).get("annotations"):
            pod_meta["annotations"] = notes
        try:
            self.create("pods", {"metadata": pod_meta, "spec": pod_spec})
        except ApiError as error:
            if error.reason == "AlreadyExists":
                return
            self.tell(
                STS,
                obj,
                "FailedCreate",
                f"create Pod {name} in StatefulSet {meta['name']} failed error: {error.message}",
                warning=True,
            )
            raise
        self._told(obj, "create", name)

    def _claim(self, obj: Obj, template: Obj, name: str, pod: str) -> None:
        meta = obj["metadata"]
        if self.store.get("persistentvolumeclaims", meta["namespace"], name):
            return
        labels = (obj["spec"].get("selector") or {}).get("matchLabels") or {}
        self.create("persistentvolumeclaims", {"metadata": {"name": name, "namespace": meta["namespace"], "labels": {**(template["metadata"].get("labels") or {}), **labels}},
                                               "spec": template["spec"]})  # fmt: skip
        self.tell(STS, obj, "SuccessfulCreate", f"create Claim {name} Pod {pod} in StatefulSet {meta['name']} success")

    def _report(self, obj: Obj, current: str, update: str) -> None:
        pods = [
            p for p in self.store.owned(obj["metadata"]["uid"], "pods") if not p["metadata"].get("deletionTimestamp")
        ]
        wanted = obj["spec"].get("replicas", 1)
        updated = [p for p in pods if (p["metadata"].get("labels") or {}).get(LABEL) == update]
        good = sum(map(ready, pods))
        if len(updated) == wanted and sum(map(ready, updated)) == wanted:
            current = update
        old = [p for p in pods if (p["metadata"].get("labels") or {}).get(LABEL) == current]
        status: Obj = {"observedGeneration": obj["metadata"].get("generation", 1), "replicas": len(pods), "currentRevision": current,
                       "updateRevision": update, "collisionCount": 0}  # fmt: skip
        counts = {
            "readyReplicas": good,
            "currentReplicas": len(old),
            "updatedReplicas": len(updated),
            "availableReplicas": good,
        }
        self.status(STS, obj, status | {k: v for k, v in counts.items() if v})


def _number(name: str) -> int:
    text = name.rpartition("-")[2]
    return int(text) if text.isdigit() else -1
