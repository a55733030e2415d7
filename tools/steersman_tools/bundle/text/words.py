"""What kubectl calls the kinds: plurals, singulars and short names, as `kubectl api-resources` lists them."""

from __future__ import annotations

import re
from functools import lru_cache

from ...kinds import BY_NAME, EVENT, KINDS

_SHORT = {
    "cm": "ConfigMap", "cj": "CronJob", "deploy": "Deployment", "ds": "DaemonSet", "ep": "Endpoints", "ev": "Event",
    "eps": "EndpointSlice", "endpointslice": "EndpointSlice", "endpointslices": "EndpointSlice",
    "gtw": "Gateway", "hpa": "HorizontalPodAutoscaler", "ing": "Ingress", "limits": "LimitRange",
    "netpol": "NetworkPolicy", "no": "Node", "ns": "Namespace", "pc": "PriorityClass", "pdb": "PodDisruptionBudget",
    "po": "Pod", "pv": "PersistentVolume", "pvc": "PersistentVolumeClaim", "quota": "ResourceQuota",
    "rc": "ReplicationController", "rs": "ReplicaSet", "sa": "ServiceAccount", "sc": "StorageClass",
    "sts": "StatefulSet", "svc": "Service",
}  # fmt: skip
_WORDS = {
    **{kind.plural: kind.name for kind in (*KINDS, EVENT)},
    **{kind.name.lower(): kind.name for kind in (*KINDS, EVENT)},
    **_SHORT,
}

ALL = (
    "Pod", "ReplicationController", "Service", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet",
    "HorizontalPodAutoscaler", "CronJob", "Job",
)  # fmt: skip
"""What `kubectl get all` lists."""

CLUSTER = frozenset(kind.name for kind in KINDS if not kind.namespaced)
"""Kinds whose objects stand in no namespace."""

READ = frozenset(BY_NAME) | {"EndpointSlice"}
"""Kinds whose objects are kept."""


_GONE_GROUPS = {"extensions", "apps.openshift.io"}
"""Groups that once served kinds which have another group now."""


@lru_cache(maxsize=1024)
def kind_named(word: str) -> str:
    """The kind that a word of a command line, a message or a table means (`deploy`, `deployments.apps`); '' if none."""
    plain, _, group = word.lower().partition(".")
    kind = _WORDS.get(plain, "")
    known = BY_NAME.get(kind)
    if not group or known is None or group in _GONE_GROUPS:
        return kind
    ours = group.endswith(known.group) if known.group else re.fullmatch(r"v\d+\w*", group)
    return kind if ours else ""
