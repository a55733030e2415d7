"""The columns of the built-in kinds. Source: k8s.io/kubernetes pkg/printers/internalversion/printers.go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..objects import Obj

Age = Callable[[str | None], str]
Cells = Callable[[Obj, Age], list[Any]]


def _created(obj: Obj) -> str | None:
    since = obj["metadata"].get("creationTimestamp")
    return str(since) if since else None


def _labels(selector: Obj | None) -> str:
    text = ",".join(f"{k}={v}" for k, v in sorted(((selector or {}).get("matchLabels") or {}).items()))
    return text or "<none>"


def _images(spec: Obj) -> tuple[str, str]:
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    return ",".join(c["name"] for c in containers), ",".join(c.get("image", "") for c in containers)


def pod_reason(pod: Obj) -> str:
    """The STATUS of a pod."""
    status = pod.get("status") or {}
    reason = status.get("reason") or status.get("phase", "Unknown")
    for index, entry in enumerate(status.get("initContainerStatuses") or ()):
        state = entry.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting")
        if ended and not ended.get("exitCode"):
            continue
        if entry.get("started") and state.get("running"):
            continue
        if ended:
            return "Init:" + (ended.get("reason") or f"ExitCode:{ended.get('exitCode')}")
        if waiting and waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(pod['spec'].get('initContainers') or ())}"
    running = False
    for entry in reversed(status.get("containerStatuses") or ()):
        state = entry.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            ended = state["terminated"]
            reason = ended.get("reason") or f"ExitCode:{ended.get('exitCode')}"
        elif entry.get("ready") and state.get("running"):
            running = True
    if reason == "Completed" and running:
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
        reason = "Running" if ready else "NotReady"
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(reason)


def _pod(obj: Obj, age: Age) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    entries = status.get("containerStatuses") or ()
    restarts = sum(e.get("restartCount", 0) for e in entries)
    ready = sum(bool(e.get("ready")) for e in entries)
    gates = "<none>"
    return [obj["metadata"]["name"], f"{ready}/{len(spec.get('containers') or ())}", pod_reason(obj), restarts, age(_created(obj)),
            status.get("podIP") or "<none>", spec.get("nodeName") or "<none>", status.get("nominatedNodeName") or "<none>", gates]  # fmt: skip


def _deployment(obj: Obj, age: Age) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    return [obj["metadata"]["name"], f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}", status.get("updatedReplicas", 0),
            status.get("availableReplicas", 0), age(_created(obj)), *_images(spec), _labels(spec.get("selector"))]  # fmt: skip


def _replica_set(obj: Obj, age: Age) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    return [obj["metadata"]["name"], spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0), age(_created(obj)),
            *_images(spec), _labels(spec.get("selector"))]  # fmt: skip


def _stateful_set(obj: Obj, age: Age) -> list[Any]:
    ready = (obj.get("status") or {}).get("readyReplicas", 0)
    return [
        obj["metadata"]["name"],
        f"{ready}/{obj['spec'].get('replicas', 1)}",
        age(_created(obj)),
        *_images(obj["spec"]),
    ]


def _daemon_set(obj: Obj, age: Age) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    counts = [
        status.get(k, 0)
        for k in (
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        )
    ]
    nodes = (
        ",".join(
            f"{k}={v}" for k, v in (((spec.get("template") or {}).get("spec") or {}).get("nodeSelector") or {}).items()
        )
        or "<none>"
    )
    return [obj["metadata"]["name"], *counts, nodes, age(_created(obj)), *_images(spec), _labels(spec.get("selector"))]


def _job(obj: Obj, age: Age) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    wanted = spec.get("completions") or spec.get("parallelism", 1)
    return [obj["metadata"]["name"], f"{status.get('succeeded', 0)}/{wanted}", age(status.get("startTime")) if status.get("startTime") else "",
            age(_created(obj)), *_images(spec), _labels(spec.get("selector"))]  # fmt: skip


def _cron_job(obj: Obj, age: Age) -> list[Any]:
    status, spec = obj.get("status") or {}, obj["spec"]
    last = age(status.get("lastScheduleTime")) if status.get("lastScheduleTime") else "<none>"
    return [
        obj["metadata"]["name"],
        spec.get("schedule"),
        str(bool(spec.get("suspend"))),
        len(status.get("active") or ()),
        last,
        age(_created(obj)),
    ]


def _service(obj: Obj, age: Age) -> list[Any]:
    spec = obj["spec"]
    ports = ",".join(
        f"{p['port']}:{p['nodePort']}/{p.get('protocol')}" if p.get("nodePort") else f"{p['port']}/{p.get('protocol')}"
        for p in spec.get("ports") or ()
    )
    selector = ",".join(f"{k}={v}" for k, v in sorted((spec.get("selector") or {}).items())) or "<none>"
    external = spec.get("externalName") if spec.get("type") == "ExternalName" else ",".join(spec.get("externalIPs") or ()) or (
        "<pending>" if spec.get("type") == "LoadBalancer" else "<none>")  # fmt: skip
    return [
        obj["metadata"]["name"],
        spec.get("type"),
        spec.get("clusterIP") or "<none>",
        external,
        ports or "<none>",
        age(_created(obj)),
        selector,
    ]


def _endpoints(obj: Obj, age: Age) -> list[Any]:
    found = [
        f"{a['ip']}:{p['port']}"
        for s in obj.get("subsets") or ()
        for p in s.get("ports") or ()
        for a in s.get("addresses") or ()
    ]
    text = ",".join(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "")
    return [obj["metadata"]["name"], text or "<none>", age(_created(obj))]


def _node(obj: Obj, age: Age) -> list[Any]:
    status, labels = obj.get("status") or {}, obj["metadata"].get("labels") or {}
    ready = next((c for c in status.get("conditions") or () if c.get("type") == "Ready"), None)
    text = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    if obj["spec"].get("unschedulable"):
        text += ",SchedulingDisabled"
    roles = sorted(k.rpartition("/")[2] for k in labels if k.startswith("node-role.kubernetes.io/"))
    info = status.get("nodeInfo") or {}
    address = {a.get("type"): a.get("address") for a in status.get("addresses") or ()}
    return [obj["metadata"]["name"], text, ",".join(roles) or "<none>", age(_created(obj)), info.get("kubeletVersion", ""),
            address.get("InternalIP", "<none>"), address.get("ExternalIP", "<none>"), info.get("osImage", "<unknown>"),
            info.get("kernelVersion", "<unknown>"), info.get("containerRuntimeVersion", "<unknown>")]  # fmt: skip


def _event(obj: Obj, age: Age) -> list[Any]:
    about = obj.get("involvedObject") or {}
    source = obj.get("source") or {}
    return [age(obj.get("lastTimestamp") or obj.get("eventTime") or obj.get("firstTimestamp")), obj.get("type"), obj.get("reason"),
            f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}", about.get("fieldPath", ""),
            ", ".join(v for v in (source.get("component"), source.get("host")) if v), (obj.get("message") or "").strip(),
            age(obj.get("firstTimestamp")), obj.get("count", 1), obj["metadata"]["name"]]  # fmt: skip


def _claim(obj: Obj, age: Age) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = spec.get("volumeName", "")
    return [obj["metadata"]["name"], phase, bound, (status.get("capacity") or {}).get("storage", ""), _modes(status.get("accessModes")),
            spec.get("storageClassName", ""), age(_created(obj)), spec.get("volumeMode", "")]  # fmt: skip


def _modes(modes: list[str] | None) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(m, m) for m in modes or ())


def _volume(obj: Obj, age: Age) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    ref = spec.get("claimRef") or {}
    claim = f"{ref.get('namespace')}/{ref.get('name')}" if ref else ""
    return [obj["metadata"]["name"], (spec.get("capacity") or {}).get("storage", ""), _modes(spec.get("accessModes")),
            spec.get("persistentVolumeReclaimPolicy"), status.get("phase"), claim, spec.get("storageClassName", ""), status.get("reason", ""),
            age(_created(obj)), spec.get("volumeMode", "")]  # fmt: skip


def _ingress(obj: Obj, age: Age) -> list[Any]:
    spec = obj["spec"]
    hosts = ",".join(r["host"] for r in spec.get("rules") or () if r.get("host")) or "*"
    return [
        obj["metadata"]["name"],
        spec.get("ingressClassName") or "<none>",
        hosts,
        "",
        "80, 443" if spec.get("tls") else "80",
        age(_created(obj)),
    ]


def _autoscaler(obj: Obj, age: Age) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    target = spec.get("scaleTargetRef") or {}
    current = {
        (m.get("resource") or {}).get("name"): (m.get("resource") or {}).get("current", {})
        for m in status.get("currentMetrics") or ()
    }
    shown = []
    for metric in spec.get("metrics") or ():
        name = (metric.get("resource") or {}).get("name")
        wanted = (metric.get("resource") or {}).get("target", {}).get("averageUtilization")
        now = current.get(name, {}).get("averageUtilization")
        shown.append(f"{'<unknown>' if now is None else f'{now}%'}/{wanted}%")
    return [obj["metadata"]["name"], f"{target.get('kind')}/{target.get('name')}", ", ".join(shown) or "<none>", spec.get("minReplicas", "<unset>"),
            spec.get("maxReplicas"), status.get("currentReplicas", 0), age(_created(obj))]  # fmt: skip


def _budget(obj: Obj, age: Age) -> list[Any]:
    spec, status = obj["spec"], obj.get("status") or {}
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    return [
        obj["metadata"]["name"],
        "N/A" if least is None else str(least),
        "N/A" if most is None else str(most),
        status.get("disruptionsAllowed", 0),
        age(_created(obj)),
    ]


def _simple(*fields: Callable[[Obj], Any]) -> Cells:
    return lambda obj, age: [obj["metadata"]["name"], *(f(obj) for f in fields), age(_created(obj))]


def _c(text: str, wide: str = "") -> list[tuple[str, int]]:
    return [(n, 0) for n in text.split("|")] + [(n, 1) for n in wide.split("|") if n]


COLUMNS: dict[str, tuple[list[tuple[str, int]], Cells]] = {
    "pods": (_c("Name|Ready|Status|Restarts|Age", "IP|Node|Nominated Node|Readiness Gates"), _pod),
    "deployments.apps": (_c("Name|Ready|Up-to-date|Available|Age", "Containers|Images|Selector"), _deployment),
    "replicasets.apps": (_c("Name|Desired|Current|Ready|Age", "Containers|Images|Selector"), _replica_set),
    "replicationcontrollers": (_c("Name|Desired|Current|Ready|Age", "Containers|Images|Selector"), _replica_set),
    "statefulsets.apps": (_c("Name|Ready|Age", "Containers|Images"), _stateful_set),
    "daemonsets.apps": (_c("Name|Desired|Current|Ready|Up-to-date|Available|Node Selector|Age", "Containers|Images|Selector"), _daemon_set),
    "jobs.batch": (_c("Name|Completions|Duration|Age", "Containers|Images|Selector"), _job),
    "cronjobs.batch": (_c("Name|Schedule|Suspend|Active|Last Schedule|Age"), _cron_job),
    "services": (_c("Name|Type|Cluster-IP|External-IP|Port(s)|Age", "Selector"), _service),
    "endpoints": (_c("Name|Endpoints|Age"), _endpoints),
    "nodes": (_c("Name|Status|Roles|Age|Version", "Internal-IP|External-IP|OS-Image|Kernel-Version|Container-Runtime"), _node),
    "events": ([("Last Seen", 0), ("Type", 0), ("Reason", 0), ("Object", 0), ("Subobject", 1), ("Source", 1), ("Message", 0),
                ("First Seen", 1), ("Count", 1), ("Name", 1)], _event),
    "persistentvolumeclaims": (_c("Name|Status|Volume|Capacity|Access Modes|StorageClass|Age", "VolumeMode"), _claim),
    "persistentvolumes": (_c("Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|Reason|Age", "VolumeMode"), _volume),
    "ingresses.networking.k8s.io": (_c("Name|Class|Hosts|Address|Ports|Age"), _ingress),
    "horizontalpodautoscalers.autoscaling": (_c("Name|Reference|Targets|MinPods|MaxPods|Replicas|Age"), _autoscaler),
    "poddisruptionbudgets.policy": (_c("Name|Min Available|Max Unavailable|Allowed Disruptions|Age"), _budget),
    "namespaces": (_c("Name|Status|Age"), _simple(lambda o: (o.get("status") or {}).get("phase"))),
    "configmaps": (_c("Name|Data|Age"), _simple(lambda o: len(o.get("data") or ()) + len(o.get("binaryData") or ()))),
    "secrets": (_c("Name|Type|Data|Age"), _simple(lambda o: o.get("type"), lambda o: len(o.get("data") or ()))),
    "serviceaccounts": (_c("Name|Secrets|Age"), _simple(lambda o: len(o.get("secrets") or ()))),
    "networkpolicies.networking.k8s.io": (_c("Name|Pod-Selector|Age"), _simple(lambda o: _labels(o["spec"].get("podSelector")))),
    "storageclasses.storage.k8s.io": (
        _c("Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age"),
        _simple(lambda o: o.get("provisioner"), lambda o: o.get("reclaimPolicy"), lambda o: o.get("volumeBindingMode"),
                lambda o: bool(o.get("allowVolumeExpansion")))),
    "resourcequotas": (_c("Name|Age|Request|Limit"), lambda o, age: [o["metadata"]["name"], age(_created(o)), *_quota(o)]),
    "controllerrevisions.apps": (_c("Name|Controller|Revision|Age"), _simple(
        lambda o: next((f"{r['kind'].lower()}.apps/{r['name']}" for r in o["metadata"].get("ownerReferences") or ()), "<none>"),
        lambda o: o.get("revision"))),
    "priorityclasses.scheduling.k8s.io": (_c("Name|Value|Global-Default|Age"), _simple(lambda o: o.get("value"), lambda o: bool(o.get("globalDefault")))),
    "leases.coordination.k8s.io": (_c("Name|Holder|Age"), _simple(lambda o: (o.get("spec") or {}).get("holderIdentity", ""))),
}  # fmt: skip


def _quota(obj: Obj) -> list[str]:
    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}

    def text(names: list[str]) -> str:
        return ", ".join(f"{n}: {used.get(n, '0')}/{hard[n]}" for n in names)

    return [
        text([n for n in sorted(hard) if not n.startswith("limits")]),
        text([n for n in sorted(hard) if n.startswith("limits")]),
    ]
