"""Deployments: revisions as ReplicaSets, rollouts between them, and a report of how that goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import orjson

from ..api.registry import SAFE
from ..objects import Obj, controller_of
from ..store import Change, Key
from .base import Control, set_condition
from .progress import deployment_status
from .rolling import Counts, bounds, grown, proportional, shrunk

HASH = "pod-template-hash"
REVISION, HISTORY = "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history"
DESIRED, MAX = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
_OWN = frozenset(
    {
        REVISION,
        HISTORY,
        DESIRED,
        MAX,
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
    }
)
RS = "replicasets.apps"


def template_hash(template: Obj) -> str:
    """The name of a template: the same for equal ones."""
    digest = hashlib.sha256(orjson.dumps(template, option=orjson.OPT_SORT_KEYS)).digest()
    return "".join(SAFE[ord(digit) % len(SAFE)] for digit in str(int.from_bytes(digest[:4], "big")))


def plain(template: Obj) -> Obj:
    """A template without the mark of its ReplicaSet."""
    meta = dict(template.get("metadata") or {})
    labels = {k: v for k, v in (meta.get("labels") or {}).items() if k != HASH}
    return {
        **template,
        "metadata": {**{k: v for k, v in meta.items() if k not in ("labels", "creationTimestamp")}, "labels": labels},
    }


class Deployments(Control):
    name = "deployment"
    watches, owns = ("deployments.apps",), (RS,)

    def wants(self, change: Change) -> Iterable[Key]:
        yield from super().wants(change)
        if change.now.type.id == "pods" and change.kind == "DELETED" and (owner := controller_of(change.now.obj)):
            found = self.store.get(RS, change.now.key[0], owner["name"])
            if found and (top := controller_of(found)):  # Recreate waits for the last pod
                yield (change.now.key[0], top["name"])

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get("deployments.apps", *key)
        if obj is None:
            return None
        found = sorted(self.store.owned(obj["metadata"]["uid"], RS), key=_age)
        if obj["metadata"].get("deletionTimestamp"):
            self._report(obj, self._current(obj, found), found)
            return None
        spec = obj["spec"]
        if spec.get("paused") or self._scaled(obj, found):
            self._scale(obj, found)
        elif (spec.get("strategy") or {}).get("type") == "Recreate":
            self._recreate(obj, found)
        else:
            self._roll(obj, found)
        return self._finish(key)

    def _finish(self, key: Key) -> float | None:
        obj = self.store.get("deployments.apps", *key)
        if obj is None:
            return None
        found = sorted(self.store.owned(obj["metadata"]["uid"], RS), key=_age)
        current = self._current(obj, found)
        self._clean(obj, current, found)
        return self._report(obj, current, found)

    # -- revisions ---------------------------------------------------------------------------------------------------
    def _current(self, obj: Obj, found: list[Obj]) -> Obj | None:
        """The ReplicaSet of the present template."""
        wanted = plain(obj["spec"]["template"])
        return next((r for r in found if plain(r["spec"]["template"]) == wanted), None)

    def _ensure(self, obj: Obj, found: list[Obj]) -> Obj:
        """The ReplicaSet of the present template, made if need be, with the highest revision."""
        current = self._current(obj, found)
        top = max((_revision(r) for r in found if r is not current), default=0)
        if current is not None:
            current = self._mark(
                obj, current, str(max(top + 1, 1)) if _revision(current) <= top else str(_revision(current) or 1)
            )
            if self._condition(obj, "Progressing") is None and _waits(obj):
                self._progress(
                    obj, "True", "FoundNewReplicaSet", f'Found new replica set "{current["metadata"]["name"]}"'
                )
            return current
        template = plain(obj["spec"]["template"])
        mark = template_hash(template)
        labels = {**(template["metadata"].get("labels") or {}), HASH: mark}
        selector = obj["spec"]["selector"]
        selector = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: mark}}
        surge, _ = self._bounds(obj)
        size = (
            grown(Counts("", 0, 0), [_counts(r) for r in found], obj["spec"]["replicas"], surge)
            if self._rolls(obj)
            else obj["spec"]["replicas"]
        )
        notes = {
            **_notes(obj),
            REVISION: str(top + 1),
            DESIRED: str(obj["spec"]["replicas"]),
            MAX: str(obj["spec"]["replicas"] + surge),
        }
        made = self.create(RS, {
            "metadata": {"name": f"{obj['metadata']['name']}-{mark}", "namespace": obj["metadata"]["namespace"], "labels": labels,
                         "annotations": notes, "ownerReferences": [self.reference("deployments.apps", obj)]},
            "spec": {"replicas": size, "selector": selector, "minReadySeconds": obj["spec"].get("minReadySeconds", 0) or None,
                     "template": {**obj["spec"]["template"], "metadata": {**template["metadata"], "labels": labels}}}})  # fmt: skip
        if size:
            self._told(obj, "up", made, 0, size)
        self._note_revision(obj, str(top + 1))
        if _waits(obj):
            self._progress(obj, "True", "NewReplicaSetCreated", f'Created new replica set "{made["metadata"]["name"]}"')
        return made

    def _rolls(self, obj: Obj) -> bool:
        return (obj["spec"].get("strategy") or {}).get("type") != "Recreate"

    def _mark(self, obj: Obj, current: Obj, revision: str) -> Obj:
        """Keeps the annotations of the ReplicaSet and the revision of the Deployment up to date."""
        old = current["metadata"].get("annotations") or {}
        notes = {**old, **_notes(obj), REVISION: revision}
        if old.get(REVISION) and old[REVISION] != revision:
            notes[HISTORY] = f"{old[HISTORY]},{old[REVISION]}" if old.get(HISTORY) else old[REVISION]
        if notes != old:
            current = self.change(RS, current, current | {"metadata": current["metadata"] | {"annotations": notes}})
        self._note_revision(obj, revision)
        return current

    def _note_revision(self, obj: Obj, revision: str) -> None:
        live = self.store.get("deployments.apps", obj["metadata"]["namespace"], obj["metadata"]["name"])
        if live is not None and (live["metadata"].get("annotations") or {}).get(REVISION) != revision:
            notes = {**(live["metadata"].get("annotations") or {}), REVISION: revision}
            new = live | {
                "metadata": live["metadata"] | {"annotations": notes}
            }  # by way of the status: no new generation
            self.registry.update(self.type("deployments.apps"), live["metadata"]["namespace"], live["metadata"]["name"],
                                 lambda old: new, self.caller, subresource="status")  # fmt: skip

    # -- sizes -------------------------------------------------------------------------------------------------------
    def _bounds(self, obj: Obj) -> tuple[int, int]:
        strategy = obj["spec"].get("strategy") or {}
        if strategy.get("type") == "Recreate":
            return 0, 0
        rolling = strategy.get("rollingUpdate") or {}
        return bounds(rolling.get("maxSurge"), rolling.get("maxUnavailable"), obj["spec"]["replicas"])

    def _scaled(self, obj: Obj, found: list[Obj]) -> bool:
        """Whether the wanted number has changed since the ReplicaSets were last sized."""
        for entry in found:
            noted = (entry["metadata"].get("annotations") or {}).get(DESIRED)
            if entry["spec"].get("replicas", 0) and noted is not None and noted != str(obj["spec"]["replicas"]):
                return True
        return False

    def _resize(self, obj: Obj, entry: Obj, size: int) -> Obj:
        """Sizes a ReplicaSet, notes for what, and tells."""
        surge, _ = self._bounds(obj)
        noted = {DESIRED: str(obj["spec"]["replicas"]), MAX: str(obj["spec"]["replicas"] + surge)}
        notes = {**(entry["metadata"].get("annotations") or {}), **noted}
        old = entry["spec"].get("replicas", 0)
        if old == size and notes == entry["metadata"].get("annotations"):
            return entry
        made = self.change(
            RS,
            entry,
            entry
            | {"spec": {**entry["spec"], "replicas": size}, "metadata": entry["metadata"] | {"annotations": notes}},
        )
        if old != size:
            self._told(obj, "up" if size > old else "down", made, old, size)
        return made

    modern = True
    """Whether events name the old size too, as they do since 1.28."""

    def _told(self, obj: Obj, way: str, entry: Obj, old: int, size: int) -> None:
        change = f"from {old} to {size}" if self.modern else f"to {size}"
        self.tell(
            "deployments.apps",
            obj,
            "ScalingReplicaSet",
            f"Scaled {way} replica set {entry['metadata']['name']} {change}",
        )

    def _scale(self, obj: Obj, found: list[Obj]) -> None:
        """Fits the ReplicaSets to a new number without rolling on."""
        current, wanted = self._current(obj, found), obj["spec"]["replicas"]
        alive = [r for r in found if r["spec"].get("replicas", 0)]
        if len(alive) <= 1:
            one = alive[0] if alive else current
            if (one is not None and one["spec"].get("replicas", 0) != wanted) or one is not None:
                self._resize(obj, one, wanted)
            return
        if (
            current is not None
            and (current.get("status") or {}).get("availableReplicas", 0) == current["spec"].get("replicas") == wanted
        ):
            for entry in alive:
                if entry is not current:
                    self._resize(obj, entry, 0)
            return
        surge, _ = self._bounds(obj)
        total = sum(r["spec"]["replicas"] for r in alive)
        allowed = wanted + surge if wanted else 0
        known = int((alive[0]["metadata"].get("annotations") or {}).get(MAX, total))
        sizes = proportional([_counts(r) for r in alive], allowed - total, total, known) if allowed != total else {}
        for entry in alive:
            self._resize(obj, entry, sizes.get(entry["metadata"]["name"], entry["spec"]["replicas"]))

    def _roll(self, obj: Obj, found: list[Obj]) -> None:
        current = self._ensure(obj, found)
        old = [r for r in found if r["metadata"]["uid"] != current["metadata"]["uid"]]
        surge, unavailable = self._bounds(obj)
        size = grown(_counts(current), [_counts(r) for r in old], obj["spec"]["replicas"], surge)
        if size != current["spec"].get("replicas", 0):
            self._resize(obj, current, size)
            return
        smaller = shrunk(_counts(current), [_counts(r) for r in old], obj["spec"]["replicas"], unavailable)
        for entry in old:
            if entry["metadata"]["name"] in smaller:
                self._resize(obj, entry, smaller[entry["metadata"]["name"]])

    def _recreate(self, obj: Obj, found: list[Obj]) -> None:
        current = self._current(obj, found)
        busy = [r for r in found if r is not current and r["spec"].get("replicas", 0)]
        for entry in busy:
            self._resize(obj, entry, 0)
        if busy or any(self.store.owned(r["metadata"]["uid"], "pods") for r in found if r is not current):
            return
        current = self._ensure(obj, found)
        self._resize(obj, current, obj["spec"]["replicas"])

    def _clean(self, obj: Obj, current: Obj | None, found: list[Obj]) -> None:
        """Forgets revisions beyond the history limit once the rollout is complete."""
        if current is None or not _complete(obj):
            return
        limit = obj["spec"].get("revisionHistoryLimit", 10)
        idle = [
            r
            for r in found
            if r is not current and not r["spec"].get("replicas") and not (r.get("status") or {}).get("replicas")
        ]
        for entry in sorted(idle, key=_revision)[: max(0, len(idle) - limit)]:
            self.delete(RS, entry)

    # -- report ------------------------------------------------------------------------------------------------------
    def _condition(self, obj: Obj, kind: str) -> Obj | None:
        live = self.store.get("deployments.apps", obj["metadata"]["namespace"], obj["metadata"]["name"]) or obj
        return next((c for c in (live.get("status") or {}).get("conditions") or () if c["type"] == kind), None)

    def _progress(self, obj: Obj, status: str, reason: str, message: str) -> None:
        live = self.store.get("deployments.apps", obj["metadata"]["namespace"], obj["metadata"]["name"])
        if live is not None:
            now = self.registry.now()
            made = {
                "type": "Progressing",
                "status": status,
                "lastUpdateTime": now,
                "lastTransitionTime": now,
                "reason": reason,
                "message": message,
            }
            conditions = set_condition((live.get("status") or {}).get("conditions") or [], made)
            self.status("deployments.apps", live, {**(live.get("status") or {}), "conditions": conditions})

    def _report(self, obj: Obj, current: Obj | None, found: list[Obj]) -> float | None:
        status, again = deployment_status(obj, current, found, self.now)
        self.status("deployments.apps", obj, status)
        return again


def _age(obj: Obj) -> tuple[str, int]:
    return obj["metadata"].get("creationTimestamp", ""), _revision(obj)


def _revision(obj: Obj) -> int:
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def _notes(obj: Obj) -> dict[str, str]:
    """The annotations that ReplicaSets take over from their Deployment."""
    return {k: v for k, v in (obj["metadata"].get("annotations") or {}).items() if k not in _OWN}


def _counts(obj: Obj) -> Counts:
    return Counts(
        obj["metadata"]["name"], obj["spec"].get("replicas", 0), (obj.get("status") or {}).get("availableReplicas", 0)
    )


def _waits(obj: Obj) -> bool:
    """Whether the Deployment's progress is watched."""
    return int(obj["spec"].get("progressDeadlineSeconds", 600)) < 2**31 - 1


def _complete(obj: Obj) -> bool:
    status, wanted = obj.get("status") or {}, obj["spec"].get("replicas", 1)
    same = all(status.get(k, 0) == wanted for k in ("updatedReplicas", "replicas", "availableReplicas"))
    return bool(same and status.get("observedGeneration", 0) >= obj["metadata"].get("generation", 0))
