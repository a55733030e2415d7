"""Defaults of pods and pod templates."""

from __future__ import annotations

from ..objects import Obj


def pod(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    for container in [*spec.get("initContainers", ()), *spec.get("containers", ())]:
        _requests(container)


def pod_spec(spec: Obj) -> None:
    """What templates get as well."""
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("securityContext", {})
    if spec.get("serviceAccountName") and not spec.get("serviceAccount"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif spec.get("serviceAccount") and not spec.get("serviceAccountName"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    if spec.get("hostNetwork"):
        for entry in spec.get("containers", ()):
            for port in entry.get("ports", ()):
                port.setdefault("hostPort", port.get("containerPort"))
    for entry in [*spec.get("initContainers", ()), *spec.get("containers", ())]:
        container(entry)
    for entry in spec.get("volumes", ()):
        volume(entry)


def container(obj: Obj) -> None:
    obj.setdefault("resources", {})
    obj.setdefault("terminationMessagePath", "/dev/termination-log")
    obj.setdefault("terminationMessagePolicy", "File")
    if "image" in obj:
        obj.setdefault("imagePullPolicy", "Always" if _latest(obj["image"]) else "IfNotPresent")
    for port in obj.get("ports", ()):
        port.setdefault("protocol", "TCP")
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if kind in obj:
            _probe(obj[kind])
    for hook in (obj.get("lifecycle") or {}).values():
        if isinstance(hook, dict) and "httpGet" in hook:
            _http(hook["httpGet"])
    for entry in obj.get("env", ()):
        if "fieldRef" in (entry.get("valueFrom") or {}):
            entry["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")


def _requests(obj: Obj) -> None:
    """A limit without a request is a request as well."""
    resources = obj.get("resources") or {}
    if limits := resources.get("limits"):
        resources["requests"] = {**limits, **(resources.get("requests") or {})}


def _latest(image: str) -> bool:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return not digest and tag in ("", "latest")


def _probe(probe: Obj) -> None:
    for key, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        if not probe.get(key):
            probe[key] = value
    if "httpGet" in probe:
        _http(probe["httpGet"])
    if "grpc" in probe:
        probe["grpc"].setdefault("service", "")


def _http(check: Obj) -> None:
    check.setdefault("path", "/")
    check.setdefault("scheme", "HTTP")


def volume(obj: Obj) -> None:
    sources = obj.keys() - {"name"}
    if not sources and "name" in obj:
        obj["emptyDir"] = {}
    for kind in ("configMap", "secret", "downwardAPI", "projected"):
        if kind in obj:
            obj[kind].setdefault("defaultMode", 420)
    if "hostPath" in obj:
        obj["hostPath"].setdefault("type", "")
    for source in (obj.get("projected") or {}).get("sources") or ():
        if "serviceAccountToken" in source:
            source["serviceAccountToken"].setdefault("expirationSeconds", 3600)
    holders = [obj.get("downwardAPI"), *((obj.get("projected") or {}).get("sources") or ())]
    for holder in holders:
        for item in ((holder or {}).get("downwardAPI") or holder or {}).get("items") or ():
            if "fieldRef" in item:
                item["fieldRef"].setdefault("apiVersion", "v1")
