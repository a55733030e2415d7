"""What a pod's volumes say about where it may go."""

from __future__ import annotations

from ...fields import Fields
from ..objects import Obj
from ..store import Store
from .filters import term_matches
from .views import NodeView, PodView

_SELECTED = "volume.kubernetes.io/selected-node"


def _claims(store: Store, pod: PodView) -> list[tuple[str, Obj | None]]:
    names = [(v.get("persistentVolumeClaim") or {}).get("claimName") for v in pod.obj["spec"].get("volumes") or ()]
    return [(n, store.get("persistentvolumeclaims", pod.namespace, n)) for n in names if n]


def claims_missing(store: Store, pod: PodView) -> str:
    """What keeps a pod from any node: claims that do not exist or wait to be bound at once."""
    for name, claim in _claims(store, pod):
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        if claim["metadata"].get("deletionTimestamp"):
            return f'persistentvolumeclaim "{name}" is being deleted'
        if (claim.get("status") or {}).get("phase") == "Lost":
            return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{claim["spec"].get("volumeName", "")}"'
        if not _is_bound(claim) and not _waits(store, claim):
            return "pod has unbound immediate PersistentVolumeClaims"
    return ""


def _is_bound(claim: Obj) -> bool:
    return (claim.get("status") or {}).get("phase") == "Bound"


def _waits(store: Store, claim: Obj) -> bool:
    cls = store.get("storageclasses.storage.k8s.io", "", claim["spec"].get("storageClassName") or "")
    return cls is not None and cls.get("volumeBindingMode") == "WaitForFirstConsumer"


def volume_problems(store: Store, pod: PodView, node: NodeView) -> list[str]:
    """Why the pod's volumes cannot be used on the node."""
    found = []
    for _, claim in _claims(store, pod):
        if claim is None or not _is_bound(claim):
            continue
        volume = store.get("persistentvolumes", "", claim["spec"].get("volumeName", ""))
        required = Fields(volume).at("spec.nodeAffinity.required")
        if required and not any(term_matches(term, node) for term in required.each("nodeSelectorTerms")):
            found.append("node(s) had volume node affinity conflict")
        zone = (((volume or {}).get("metadata") or {}).get("labels") or {}).get("topology.kubernetes.io/zone")
        if zone and node.labels.get("topology.kubernetes.io/zone") != zone:
            found.append("node(s) had no available volume zone")
    return found[:1]
