"""ControllerRevisions: the history of the templates of StatefulSets and DaemonSets."""

from __future__ import annotations

from ..objects import Obj
from .base import Control
from .deployments import template_hash

LABEL = "controller-revision-hash"
KIND = "controllerrevisions.apps"


def ensure_revision(control: Control, type_id: str, obj: Obj) -> tuple[str, str]:
    """Names of the present revision and of the one that is being rolled out; the latter is made if need be."""
    meta = obj["metadata"]
    known = sorted(control.store.owned(meta["uid"], KIND), key=lambda r: r.get("revision", 0))
    data = {"spec": {"template": {**obj["spec"]["template"], "$patch": "replace"}}}
    found = next((r for r in known if r.get("data") == data), None)
    top = known[-1].get("revision", 0) if known else 0
    if found is None:
        name = f"{meta['name']}-{template_hash(obj['spec']['template'])}"
        labels = {
            **((obj["spec"]["template"].get("metadata") or {}).get("labels") or {}),
            LABEL: name.removeprefix(f"{meta['name']}-"),
        }
        found = control.create(KIND, {"metadata": {"name": name, "namespace": meta["namespace"], "labels": labels,
                                                   "ownerReferences": [control.reference(type_id, obj)]}, "data": data, "revision": top + 1})  # fmt: skip
    elif found.get("revision", 0) < top:
        found = control.change(KIND, found, found | {"revision": top + 1})
    update = found["metadata"]["name"]
    current = (obj.get("status") or {}).get("currentRevision") or update
    limit = obj["spec"].get("revisionHistoryLimit", 10)
    idle = [r for r in known if r["metadata"]["name"] not in (update, current)]
    for entry in idle[: max(0, len(idle) - limit)]:
        control.delete(KIND, entry)
    return str(current), str(update)
