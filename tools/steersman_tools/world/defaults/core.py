"""Defaults of Services, Secrets, Namespaces and Nodes."""

from __future__ import annotations

import base64

from ..objects import Obj


def service(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    spec.setdefault("sessionAffinity", "None")
    spec.setdefault("type", "ClusterIP")
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, "") and "port" in port:
            port["targetPort"] = port["port"]
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def secret(obj: Obj) -> None:
    obj.setdefault("type", "Opaque")
    if plain := obj.pop("stringData", None):
        data = obj.setdefault("data", {})
        data |= {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}


def namespace(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    if not obj["metadata"].get("deletionTimestamp") and "finalizers" not in spec:
        spec["finalizers"] = ["kubernetes"]
    obj.setdefault("status", {}).setdefault("phase", "Active")
    if name := obj["metadata"].get("name"):
        labels = obj["metadata"].get("labels") or {}
        obj["metadata"]["labels"] = {"kubernetes.io/metadata.name": name, **labels}


def node(obj: Obj) -> None:
    obj["spec"] = obj.get("spec") or {}
    status = obj.get("status") or {}
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = dict(status["capacity"])
