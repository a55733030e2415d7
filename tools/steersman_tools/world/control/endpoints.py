"""Endpoints and EndpointSlices: the addresses behind each Service, as its selector and the pods' readiness have it."""

from __future__ import annotations

from collections.abc import Iterable

from ...selectors import matches
from ..objects import Obj
from ..store import Change, Key
from .base import Control, ready

SLICES = "endpointslices.discovery.k8s.io"


def target_port(port: Obj, pod: Obj) -> int | None:
    """The number that a Service's port means in a pod; None where a name means nothing there."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for container in pod["spec"].get("containers") or ():
        for entry in container.get("ports") or ():
            if entry.get("name") == target and entry.get("protocol", "TCP") == port.get("protocol", "TCP"):
                return int(entry["containerPort"])
    return None


class Endpoints(Control):
    """Both kinds at once: they say the same."""

    name = "endpoint"
    watches = ("services",)

    def wants(self, change: Change) -> Iterable[Key]:
        if change.now.type.id == "services":
            yield change.now.key
        elif change.now.type.id == "pods":
            if change.before and _same(change.before.obj, change.now.obj) and change.kind != "DELETED":
                return
            space = change.now.key[0]
            for key, service in self.store.items["services"].items():
                if key[0] == space and (selector := service.obj["spec"].get("selector")):
                    states = [s for s in (change.now, change.before) if s]
                    if any(matches(selector, s.obj["metadata"].get("labels") or {}) for s in states):
                        yield key

    def reconcile(self, key: Key) -> float | None:
        service = self.store.get("services", *key)
        if service is None:
            if (
                old := self.store.get("endpoints", *key)
            ) is not None and "endpoints.kubernetes.io/last-change-trigger-time" in str(old["metadata"]):
                self.delete("endpoints", old)
            return None
        selector = service["spec"].get("selector")
        if not selector or service["spec"].get("type") == "ExternalName":
            return None
        pods = [
            p
            for p in self.store.of("pods", key[0])
            if matches(selector, p["metadata"].get("labels") or {}) and _counts(p)
        ]
        pods.sort(key=lambda p: p["status"]["podIP"])
        self._endpoints(service, pods)
        self._slice(service, pods)
        return None

    def _endpoints(self, service: Obj, pods: list[Obj]) -> None:
        groups: dict[tuple[tuple[str, int, str], ...], tuple[list[Obj], list[Obj]]] = {}
        ports = service["spec"].get("ports") or []
        for pod in pods:
            found = [
                (p.get("name", ""), number, p.get("protocol", "TCP"))
                for p in ports
                if (number := target_port(p, pod)) is not None
            ]
            if ports and not found:
                continue
            spot = groups.setdefault(tuple(found), ([], []))
            serves = ready(pod) or service["spec"].get("publishNotReadyAddresses")
            spot[0 if serves else 1].append(self._address(service, pod))
        subsets = []
        for found_ports, (good, bad) in sorted(groups.items()):
            subset: Obj = {}
            if good:
                subset["addresses"] = good
            if bad:
                subset["notReadyAddresses"] = bad
            if found_ports:
                subset["ports"] = [
                    ({"name": n} if n else {}) | {"port": number, "protocol": protocol}
                    for n, number, protocol in found_ports
                ]
            subsets.append(subset)
        self._write(service, subsets)

    def _address(self, service: Obj, pod: Obj) -> Obj:
        meta = pod["metadata"]
        made = {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"],
                "targetRef": {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}}  # fmt: skip
        if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == service["metadata"]["name"]:
            made["hostname"] = pod["spec"]["hostname"]
        return made

    def _write(self, service: Obj, subsets: list[Obj]) -> None:
        meta = service["metadata"]
        labels = dict(meta.get("labels") or {})
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        notes = {"endpoints.kubernetes.io/last-change-trigger-time": self.registry.now()}
        body: Obj = {
            "metadata": {"name": meta["name"], "namespace": meta["namespace"], "labels": labels, "annotations": notes}
        }
        if subsets:
            body["subsets"] = subsets
        old = self.store.get("endpoints", meta["namespace"], meta["name"])
        if old is None:
            self.create("endpoints", body)
        elif old.get("subsets") != body.get("subsets") or (old["metadata"].get("labels") or {}) != labels:
            self.change(
                "endpoints",
                old,
                {
                    **{k: v for k, v in old.items() if k != "subsets"},
                    **body,
                    "metadata": {**old["metadata"], "labels": labels, "annotations": notes},
                },
            )

    def _slice(self, service: Obj, pods: list[Obj]) -> None:
        meta = service["metadata"]
        ports = [{"name": p.get("name", ""), "port": target_port(p, pods[0]) if pods else None, "protocol": p.get("protocol", "TCP")}
                 for p in service["spec"].get("ports") or ()]  # fmt: skip
        entries = []
        for pod in pods:
            serves = ready(pod)
            entry: Obj = {"addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"],
                          "conditions": {"ready": serves or bool(service["spec"].get("publishNotReadyAddresses")), "serving": serves, "terminating": False},
                          "targetRef": self._address(service, pod)["targetRef"]}  # fmt: skip
            node = self.store.get("nodes", "", pod["spec"]["nodeName"])
            if zone := ((node or {"metadata": {}})["metadata"].get("labels") or {}).get("topology.kubernetes.io/zone"):
                entry["zone"] = zone
            entries.append(entry)
        labels = {
            **(meta.get("labels") or {}),
            "kubernetes.io/service-name": meta["name"],
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        }
        body: Obj = {
            "addressType": "IPv4",
            "endpoints": entries,
            "ports": [{k: v for k, v in p.items() if v is not None} for p in ports],
        }
        owned = self.store.owned(meta["uid"], SLICES)
        if not owned:
            self.create(SLICES, {"metadata": {"generateName": f"{meta['name']}-", "namespace": meta["namespace"], "labels": labels,
                                              "ownerReferences": [self.reference("services", service)]}, **body})  # fmt: skip
        elif any(owned[0].get(k) != v for k, v in body.items()):
            self.change(SLICES, owned[0], owned[0] | body)


def _counts(pod: Obj) -> bool:
    return bool((pod.get("status") or {}).get("podIP")) and not pod["metadata"].get("deletionTimestamp") and (
        pod["status"].get("phase") not in ("Succeeded", "Failed")) and bool(pod["spec"].get("nodeName"))  # fmt: skip


def _same(old: Obj, new: Obj) -> bool:
    """Whether nothing has changed that endpoints show."""
    return (
        old["metadata"].get("labels") == new["metadata"].get("labels")
        and old["metadata"].get("deletionTimestamp") == new["metadata"].get("deletionTimestamp")
        and ready(old) == ready(new)
        and _counts(old) == _counts(new)
        and (old.get("status") or {}).get("podIP") == (new.get("status") or {}).get("podIP")
    )
