"""The names that a request may mean: what the cluster really has, so that a name is recognised and never guessed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from steersman_tools.kinds import KINDS
from steersman_tools.types import Ref

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_SHORT: Mapping[str, str] = {
    "deploy": "Deployment", "sts": "StatefulSet", "ds": "DaemonSet", "svc": "Service", "po": "Pod", "no": "Node",
    "cm": "ConfigMap", "ns": "Namespace", "pvc": "PersistentVolumeClaim", "rs": "ReplicaSet", "hpa": "HorizontalPodAutoscaler",
}  # fmt: skip
_KINDS: Mapping[str, str] = {
    **{k.name.lower(): k.name for k in KINDS},
    **{k.plural: k.name for k in KINDS},
    **_SHORT,
}


class Names:
    """The things of a cluster by their names."""

    def __init__(self, refs: Iterable[Ref] = ()) -> None:
        self._by_name: dict[str, list[Ref]] = {}
        given = tuple(refs)
        spaces = {Ref("", "Namespace", ref.namespace) for ref in given if ref.namespace}
        for ref in dict.fromkeys((*given, *sorted(spaces))):
            self._by_name.setdefault(ref.name.lower(), []).append(ref)

    def __len__(self) -> int:
        return len(self._by_name)

    def called(self, word: str) -> tuple[Ref, ...]:
        """The things that the word names: `cart`, `shop/cart`, `deploy/cart`, `shop/Deployment/cart`, `/Node/worker-1`."""
        *before, name = word.split("/")
        found = self._by_name.get(name, [])
        for part in before:
            if not part:
                found = [r for r in found if not r.namespace]
            elif part in _KINDS and any(r.kind == _KINDS[part] for r in found):
                found = [r for r in found if r.kind == _KINDS[part]]
            else:
                found = [r for r in found if r.namespace.lower() == part]
        return tuple(found)

    def like(self, word: str) -> tuple[str, ...]:
        """Names that the word may be a slip of."""
        return tuple(difflib.get_close_matches(word, self._by_name, n=3, cutoff=0.78)) if len(word) > 3 else ()
