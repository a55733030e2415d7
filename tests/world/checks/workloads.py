"""What controllers, scheduler and kubelets make of objects: outcomes, conditions, events and the steps of rollouts."""

from __future__ import annotations

import re
from typing import Any

from . import Room, Seen, answer, check, config, deployment, pod, service

APPS, BATCH = "apps", "batch"
READY = {"readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}}


def _available(room: Room, name: str = "web", count: int = 2) -> bool:
    def done() -> bool:
        obj = room.get("deployments", name, APPS)
        status = obj.get("status") or {}
        return (status.get("availableReplicas") == count == status.get("updatedReplicas") == status.get("replicas")
                and status.get("observedGeneration") == obj["metadata"]["generation"])  # fmt: skip

    return room.until(done, 40)


def _conditions(obj: Any) -> Seen:
    found = (obj.get("status") or {}).get("conditions") or []
    return sorted([c["type"], c["status"], c.get("reason"), _hashless(c.get("message", ""))] for c in found)


def _hashless(text: str) -> str:
    return re.sub(r"\b(web|job)-[a-z0-9]{5,10}(-[a-z0-9]{5})?\b", r"\1-X", text)


@check("workloads")
def deployment_comes_up(room: Room) -> Seen:
    room.create("deployments", deployment(), APPS)
    done = _available(room)
    obj = room.get("deployments", "web", APPS)
    counts = {k: v for k, v in obj["status"].items() if k != "conditions"}
    notes = obj["metadata"]["annotations"]
    return [done, counts, _conditions(obj), notes]


@check("workloads")
def replica_set_of_deployment(room: Room) -> Seen:
    room.create("deployments", deployment(), APPS)
    _available(room)
    rs = room.items("replicasets", APPS)[0]
    return [rs["metadata"]["annotations"], sorted(rs["metadata"]["labels"]), rs["metadata"]["ownerReferences"][0]["kind"],
            rs["metadata"]["ownerReferences"][0]["controller"], rs["status"]]  # fmt: skip


@check("workloads")
def deployment_events(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=1), APPS)
    _available(room, count=1)
    return [[k, r, _hashless(m)] for k, r, m in room.events("web")
            if r in ("ScalingReplicaSet", "SuccessfulCreate")]  # fmt: skip


def _sizes(room: Room) -> list[tuple[int, int]]:
    found = sorted(
        room.items("replicasets", APPS),
        key=lambda r: int(r["metadata"]["annotations"]["deployment.kubernetes.io/revision"]),
    )
    return [(r["spec"]["replicas"], (r.get("status") or {}).get("availableReplicas", 0)) for r in found]


def _stuck(room: Room, replicas: int, surge: Any, unavailable: Any) -> Seen:
    """Where a rollout to an image that does not exist comes to rest."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    room.create("deployments", deployment(replicas=replicas, strategy=strategy), APPS)
    _available(room, count=replicas)
    room.strategic(
        room.path("deployments", "web", APPS),
        {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "registry.example/web:9"}]}}}},
    )
    last: list[Any] = []

    def still() -> bool:
        last.append(_sizes(room))
        return len(last) > 12 and all(s == last[-1] for s in last[-8:])

    room.until(still, 30)
    status = room.get("deployments", "web", APPS)["status"]
    return [last[-1], {k: v for k, v in status.items() if k.endswith("eplicas")}]


@check("rollouts")
def stuck_default(room: Room) -> Seen:
    return _stuck(room, 4, "25%", "25%")


@check("rollouts")
def stuck_ten(room: Room) -> Seen:
    return _stuck(room, 10, "30%", "20%")


@check("rollouts")
def stuck_no_surge(room: Room) -> Seen:
    return _stuck(room, 3, 0, 1)


@check("rollouts")
def stuck_no_unavailable(room: Room) -> Seen:
    return _stuck(room, 3, 1, 0)


@check("rollouts")
def stuck_small_percent(room: Room) -> Seen:
    return _stuck(room, 2, "10%", "10%")


def _set_image(room: Room, tag: str) -> None:
    room.strategic(
        room.path("deployments", "web", APPS),
        {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": f"registry.example/web:{tag}"}]}}}},
    )


@check("rollouts")
def revisions_and_rollback(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=1), APPS)
    _available(room, count=1)
    for tag in ("2", "1"):
        _set_image(room, tag)
        _available(room, count=1)
    found = sorted(
        room.items("replicasets", APPS), key=lambda r: r["spec"]["template"]["spec"]["containers"][0]["image"]
    )
    own = room.get("deployments", "web", APPS)["metadata"]["annotations"]
    return [
        own,
        [
            [
                r["spec"]["template"]["spec"]["containers"][0]["image"],
                r["spec"]["replicas"],
                r["metadata"]["annotations"],
            ]
            for r in found
        ],
    ]


@check("rollouts")
def history_limit(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=1, revisionHistoryLimit=1), APPS)
    _available(room, count=1)
    for tag in ("2", "3"):
        room.until(lambda: False, 1.5)  # the oldest goes by its creation time, which has whole seconds
        _set_image(room, tag)
        _available(room, count=1)
    room.until(lambda: len(room.items("replicasets", APPS)) == 2, 10)
    return sorted(r["spec"]["template"]["spec"]["containers"][0]["image"] for r in room.items("replicasets", APPS))


@check("rollouts")
def recreate_stops_first(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=2, strategy={"type": "Recreate"}), APPS)
    _available(room)
    _set_image(room, "9")
    room.until(lambda: len(_sizes(room)) == 2 and _sizes(room)[0] == (0, 0), 20)
    room.until(lambda: len(room.items("pods")) == 2, 10)
    return [
        _sizes(room),
        {p["spec"]["containers"][0]["image"] for p in room.items("pods")} == {"registry.example/web:9"},
    ]


@check("rollouts")
def paused_does_nothing(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=1, paused=True), APPS)
    room.until(lambda: bool((room.get("deployments", "web", APPS).get("status") or {}).get("observedGeneration")), 10)
    return [len(room.items("replicasets", APPS)), _conditions(room.get("deployments", "web", APPS))]


@check("rollouts")
def deadline(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=1, image="registry.example/web:9", progressDeadlineSeconds=3), APPS)

    def late() -> bool:
        return any(
            c.get("reason") == "ProgressDeadlineExceeded"
            for c in (room.get("deployments", "web", APPS).get("status") or {}).get("conditions") or []
        )

    return [room.until(late, 20), _conditions(room.get("deployments", "web", APPS))]


@check("workloads")
def scale_up_and_down(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=1), APPS)
    _available(room, count=1)
    room.merge(room.path("deployments", "web", APPS) + "/scale", {"spec": {"replicas": 3}})
    up = _available(room, count=3)
    room.merge(room.path("deployments", "web", APPS) + "/scale", {"spec": {"replicas": 0}})
    down = room.until(lambda: not room.items("pods"), 20)
    return [up, down, [[r, _hashless(m)] for _, r, m in room.events("web", "ScalingReplicaSet")]]


@check("workloads")
def orphan_is_adopted(room: Room) -> Seen:
    room.create("pods", pod("lone", labels={"app": "web"}))
    room.until(
        lambda: room.get("pods", "lone")["status"].get("phase") == "Running", 20
    )  # its controller has seen it by then
    rs = {**deployment("web", 1), "kind": "ReplicaSet"}
    room.create("replicasets", rs, APPS)
    room.until(lambda: bool(room.get("pods", "lone")["metadata"].get("ownerReferences")), 10)
    owner = room.get("pods", "lone")["metadata"].get("ownerReferences", [{}])[0]
    return [len(room.items("pods")), owner.get("kind"), owner.get("controller")]


@check("workloads")
def quota_refuses(room: Room) -> Seen:
    room.create("resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1", "requests.cpu": "1"}}})
    room.until(lambda: "used" in (room.get("resourcequotas", "q").get("status") or {}), 10)
    first = answer(room.create("pods", pod("a")))
    container = {"name": "c", "image": "registry.example/web:1", "resources": {"requests": {"cpu": "400m"}}}
    room.create("pods", pod("b", containers=[container]))
    room.until(lambda: room.get("resourcequotas", "q")["status"]["used"].get("pods") == "1", 10)
    return [
        first,
        room.get("resourcequotas", "q")["status"],
        answer(room.create("pods", pod("d", containers=[container]))),
    ]


@check("workloads")
def quota_fails_replica_set(room: Room) -> Seen:
    room.create("resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}})
    room.until(lambda: "used" in (room.get("resourcequotas", "q").get("status") or {}), 10)
    room.create("deployments", deployment(replicas=1), APPS)

    def failed() -> bool:
        return any(
            c["type"] == "ReplicaFailure"
            for c in (room.get("deployments", "web", APPS).get("status") or {}).get("conditions") or []
        )

    seen = room.until(failed, 15)
    texts = {_hashless(m) for _, _, m in room.events("web", "FailedCreate")}
    return [seen, sorted(texts)[:1], _conditions(room.get("deployments", "web", APPS))]


@check("workloads")
def limit_range(room: Room) -> Seen:
    limits = {
        "type": "Container",
        "default": {"memory": "128Mi"},
        "defaultRequest": {"memory": "64Mi"},
        "max": {"memory": "256Mi"},
    }
    room.create("limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [limits]}})
    made = room.create("pods", pod("a", nodeSelector={"never": "1"}))[1]
    big = {"name": "c", "image": "i", "resources": {"limits": {"memory": "1Gi"}}}
    return [made["spec"]["containers"][0]["resources"], answer(room.create("pods", pod("b", containers=[big])))]


@check("workloads")
def endpoints_follow_readiness(room: Room) -> Seen:
    room.create("deployments", deployment(container=READY), APPS)
    room.create("services", service())
    _available(room)

    def full() -> bool:
        found = room.send("GET", room.path("endpoints", "web"))[1]
        return len(((found.get("subsets") or [{}])[0]).get("addresses") or []) == 2

    seen = room.until(full, 10)
    subset = room.get("endpoints", "web")["subsets"][0]
    room.merge(room.path("services", "web"), {"spec": {"selector": {"app": "nobody"}}})
    empty = room.until(lambda: not room.get("endpoints", "web").get("subsets"), 10)
    return [seen, subset["ports"], sorted(subset["addresses"][0]), subset["addresses"][0]["targetRef"]["kind"], empty]


@check("workloads")
def stateful_set_in_order(room: Room) -> Seen:
    template = {
        "metadata": {"labels": {"app": "sts"}},
        "spec": {"containers": [{"name": "c", "image": "registry.example/web:1", **READY}]},
    }
    room.create(
        "statefulsets",
        {
            "metadata": {"name": "sts"},
            "spec": {
                "serviceName": "sts",
                "replicas": 2,
                "selector": {"matchLabels": {"app": "sts"}},
                "template": template,
            },
        },
        APPS,
    )
    done = room.until(lambda: (room.get("statefulsets", "sts", APPS).get("status") or {}).get("readyReplicas") == 2, 30)
    pods = sorted(room.items("pods"), key=lambda p: p["metadata"]["name"])
    times = [p["metadata"]["creationTimestamp"] for p in pods]
    return [done, [p["metadata"]["name"] for p in pods], times == sorted(times), [p["spec"]["hostname"] for p in pods],
            sorted(k for k in pods[0]["metadata"]["labels"]), [[r, m] for _, r, m in room.events("sts", "SuccessfulCreate")]]  # fmt: skip


@check("workloads")
def daemon_set_on_fitting_nodes(room: Room) -> Seen:
    template = {
        "metadata": {"labels": {"app": "ds"}},
        "spec": {"containers": [{"name": "c", "image": "registry.example/web:1"}]},
    }
    room.create(
        "daemonsets",
        {"metadata": {"name": "ds"}, "spec": {"selector": {"matchLabels": {"app": "ds"}}, "template": template}},
        APPS,
    )
    done = room.until(lambda: (room.get("daemonsets", "ds", APPS).get("status") or {}).get("numberReady") == 3, 30)
    return [
        done,
        sorted(p["spec"]["nodeName"] for p in room.items("pods")),
        room.get("daemonsets", "ds", APPS)["status"],
    ]


def _job(room: Room, image: str, **spec: Any) -> None:
    pods = {"restartPolicy": "Never", "containers": [{"name": "c", "image": image}]}
    room.create("jobs", {"metadata": {"name": "job"}, "spec": {"template": {"spec": pods}, **spec}}, BATCH)


@check("workloads")
def job_completes(room: Room) -> Seen:
    _job(room, "registry.example/task:1", completions=2, parallelism=2)
    done = room.until(lambda: bool((room.get("jobs", "job", BATCH).get("status") or {}).get("completionTime")), 30)
    status = room.get("jobs", "job", BATCH)["status"]
    return [
        done,
        status.get("succeeded"),
        _conditions({"status": status}),
        [[r, _hashless(m)] for _, r, m in room.events("job") if r in ("SuccessfulCreate", "Completed")][-1:],
    ]


@check("workloads")
def job_gives_up(room: Room) -> Seen:
    _job(room, "registry.example/fail:1", backoffLimit=0)
    done = room.until(lambda: bool((room.get("jobs", "job", BATCH).get("status") or {}).get("conditions")), 40)
    return [
        done,
        room.get("jobs", "job", BATCH)["status"].get("failed"),
        _conditions(room.get("jobs", "job", BATCH)),
        room.events("job", "BackoffLimitExceeded"),
    ]


@check("workloads")
def budget_protects(room: Room) -> Seen:
    room.create("deployments", deployment(), APPS)
    _available(room)
    body = {"metadata": {"name": "b"}, "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}}
    room.create("poddisruptionbudgets", body, "policy", "v1beta1")
    room.until(
        lambda: (
            (room.get("poddisruptionbudgets", "b", "policy", "v1beta1").get("status") or {}).get("currentHealthy") == 2
        ),
        10,
    )
    name = room.items("pods")[0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": name, "namespace": room.ns}}
    status, reply = room.send("POST", room.path("pods", name) + "/eviction", eviction)
    return [status, reply["reason"], reply["message"], reply["details"]["causes"],
            {k: v for k, v in room.get("poddisruptionbudgets", "b", "policy", "v1beta1")["status"].items() if k != "conditions"}]  # fmt: skip


# -- scheduling ----------------------------------------------------------------------------------------------------------
def _unschedulable(room: Room, body: dict[str, Any]) -> Seen:
    room.create("pods", body)
    name = body["metadata"]["name"]

    def told() -> bool:
        return any(
            c["type"] == "PodScheduled" and c["status"] == "False"
            for c in room.get("pods", name)["status"].get("conditions") or []
        )

    seen = room.until(told, 10)
    conditions = room.get("pods", name)["status"]["conditions"]
    found: Any = next((c for c in conditions if c["type"] == "PodScheduled"), {})
    room.until(lambda: bool(room.events(name, "FailedScheduling")), 5)
    return [
        seen,
        found.get("reason"),
        found.get("message"),
        [list(e) for e in room.events(name, "FailedScheduling")][:1],
    ]


def _wants(**amounts: str) -> list[dict[str, Any]]:
    named = {k.replace("__", "/").replace("_", "."): v for k, v in amounts.items()}
    return [{"name": "c", "image": "registry.example/web:1", "resources": {"requests": named, "limits": named}}]


@check("scheduling")
def too_much_cpu(room: Room) -> Seen:
    return _unschedulable(room, pod(containers=_wants(cpu="500")))


@check("scheduling")
def too_much_of_both(room: Room) -> Seen:
    return _unschedulable(room, pod(containers=_wants(cpu="500", memory="9000Gi")))


@check("scheduling")
def too_many_gpus(room: Room) -> Seen:
    return _unschedulable(
        room, pod(containers=_wants(nvidia_com__gpu="9"), tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}])
    )


@check("scheduling")
def node_selector(room: Room) -> Seen:
    return _unschedulable(room, pod(nodeSelector={"pool": "moon"}))


@check("scheduling")
def taint(room: Room) -> Seen:
    return _unschedulable(room, pod(nodeSelector={"pool": "gpu"}))


@check("scheduling")
def affinity(room: Room) -> Seen:
    term = {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["moon"]}]}
    return _unschedulable(
        room,
        pod(
            affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}
        ),
    )


@check("scheduling")
def anti_affinity(room: Room) -> Seen:
    term = {"labelSelector": {"matchLabels": {"app": "anti"}}, "topologyKey": "kubernetes.io/hostname"}
    spec: dict[str, Any] = {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        "labels": {"app": "anti"},
    }
    for number in range(3):
        room.create("pods", pod(f"a{number}", **spec))
    room.until(lambda: sum(bool(p["spec"].get("nodeName")) for p in room.items("pods")) == 3, 10)
    return _unschedulable(room, pod("last", **spec))


@check("scheduling")
def pod_affinity(room: Room) -> Seen:
    term = {"labelSelector": {"matchLabels": {"app": "nobody"}}, "topologyKey": "kubernetes.io/hostname"}
    return _unschedulable(
        room, pod(affinity={"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}})
    )


@check("scheduling")
def host_port(room: Room) -> Seen:
    containers = [
        {"name": "c", "image": "registry.example/web:1", "ports": [{"containerPort": 8080, "hostPort": 18080}]}
    ]
    for number in range(3):
        room.create("pods", pod(f"h{number}", containers=containers))
    room.until(lambda: sum(bool(p["spec"].get("nodeName")) for p in room.items("pods")) == 3, 10)
    return _unschedulable(room, pod("last", containers=containers))


@check("scheduling")
def spread(room: Room) -> Seen:
    rule = {
        "maxSkew": 1,
        "topologyKey": "no.such/key",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "a"}},
    }
    return _unschedulable(room, pod(topologySpreadConstraints=[rule]))


@check("scheduling")
def claim_missing(room: Room) -> Seen:
    return _unschedulable(room, pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "ghost"}}]))


@check("scheduling")
def claim_unbound(room: Room) -> Seen:
    spec = {"storageClassName": "", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    room.create("persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": spec})
    return _unschedulable(room, pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]))


@check("scheduling")
def assigned(room: Room) -> Seen:
    room.create("pods", pod(nodeSelector={"kubernetes.io/hostname": "node-1"}))
    room.until(lambda: bool(room.get("pods", "p")["spec"].get("nodeName")), 10)
    room.until(lambda: bool(room.events("p", "Scheduled")), 5)
    return [[k, r, m.replace(room.ns, "NS")] for k, r, m in room.events("p", "Scheduled")]


# -- storage and kubelets ------------------------------------------------------------------------------------------------
@check("storage")
def claim_is_provisioned(room: Room) -> Seen:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    room.create("persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": spec})
    done = room.until(lambda: room.get("persistentvolumeclaims", "c")["status"]["phase"] == "Bound", 20)
    obj = room.get("persistentvolumeclaims", "c")
    return [
        done,
        obj["spec"]["storageClassName"],
        obj["status"],
        obj["metadata"]["finalizers"],
        sorted(obj["metadata"]["annotations"])[:2],
    ]


@check("storage")
def class_missing(room: Room) -> Seen:
    spec = {
        "storageClassName": "ghost",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    room.create("persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": spec})
    room.until(lambda: bool(room.events("c", "ProvisioningFailed")), 20)
    return room.events("c", "ProvisioningFailed")


@check("storage")
def no_class_no_volume(room: Room) -> Seen:
    spec = {"storageClassName": "", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    room.create("persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": spec})
    room.until(lambda: bool(room.events("c", "FailedBinding")), 20)
    return room.events("c", "FailedBinding")


@check("kubelet")
def image_missing(room: Room) -> Seen:
    room.create("pods", pod(image="registry.example/web:9"))

    def waits() -> bool:
        found = room.get("pods", "p")["status"].get("containerStatuses") or [{}]
        return str((found[0].get("state") or {}).get("waiting", {}).get("reason")) == "ImagePullBackOff"

    return [room.until(waits, 20), [list(e) for e in room.events("p") if e[1] in ("Failed", "BackOff")]]


@check("kubelet")
def crash_loop(room: Room) -> Seen:
    room.create("pods", pod(image="registry.example/crash:1"))

    def loops() -> bool:
        found = (room.get("pods", "p")["status"].get("containerStatuses") or [{}])[0]
        return str((found.get("state") or {}).get("waiting", {}).get("reason")) == "CrashLoopBackOff"

    seen = room.until(loops, 30)
    state = room.get("pods", "p")["status"]["containerStatuses"][0]
    return [
        seen,
        state["lastState"]["terminated"]["exitCode"],
        state["lastState"]["terminated"]["reason"],
        room.events("p", "BackOff"),
    ]


@check("kubelet")
def out_of_memory(room: Room) -> Seen:
    container = {"name": "c", "image": "registry.example/big:1", "resources": {"limits": {"memory": "100Mi"}}}
    room.create("pods", pod(containers=[container]))

    def killed() -> bool:
        found = (room.get("pods", "p")["status"].get("containerStatuses") or [{}])[0]
        ended = (found.get("lastState") or {}).get("terminated") or (found.get("state") or {}).get("terminated") or {}
        return ended.get("reason") == "OOMKilled"

    return room.until(killed, 30)


@check("kubelet")
def config_missing(room: Room) -> Seen:
    container = {"name": "c", "image": "registry.example/web:1", "envFrom": [{"configMapRef": {"name": "ghost"}}]}
    room.create("pods", pod(containers=[container]))

    def waits() -> bool:
        found = room.get("pods", "p")["status"].get("containerStatuses") or [{}]
        return str((found[0].get("state") or {}).get("waiting", {}).get("reason")) == "CreateContainerConfigError"

    seen = room.until(waits, 20)
    return [seen, room.get("pods", "p")["status"]["containerStatuses"][0]["state"], room.events("p", "Failed")]


@check("kubelet")
def mount_missing(room: Room) -> Seen:
    room.create("pods", pod(volumes=[{"name": "v", "configMap": {"name": "ghost"}}]))
    room.until(lambda: bool(room.events("p", "FailedMount")), 20)
    return room.events("p", "FailedMount")


@check("kubelet")
def readiness(room: Room) -> Seen:
    wrong = {"readinessProbe": {"httpGet": {"path": "/healthz", "port": 9999}, "periodSeconds": 1}}
    room.create("pods", pod(containers=[{"name": "c", "image": "registry.example/web:1", **wrong}]))
    room.until(lambda: bool(room.events("p", "Unhealthy")), 20)
    found = next(c for c in room.get("pods", "p")["status"]["conditions"] if c["type"] == "Ready")
    return [found["status"], found["reason"], found["message"], room.get("pods", "p")["status"]["phase"]]


@check("kubelet")
def secret_of_config(room: Room) -> Seen:
    room.create("configmaps", config(a="1"))
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "zz"}}}]
    room.create("pods", pod(containers=[{"name": "c", "image": "registry.example/web:1", "env": env}]))
    room.until(lambda: bool(room.events("p", "Failed")), 20)
    return [[k, r, m.replace(room.ns, "NS")] for k, r, m in room.events("p", "Failed")]


@check("kubelet")
def graceful_end(room: Room) -> Seen:
    room.create("pods", pod())
    room.until(lambda: room.get("pods", "p")["status"]["phase"] == "Running", 20)
    status, body = room.send("DELETE", room.path("pods", "p"))
    gone = room.until(lambda: room.send("GET", room.path("pods", "p"))[0] == 404, 20)
    return [status, body["metadata"].get("deletionGracePeriodSeconds"), gone, room.events("p", "Killing")]
