"""Verbs, patches, versions, dry run, server-side apply and deletion."""

from __future__ import annotations

from typing import Any

from . import Room, Seen, answer, check, config, deployment, plain, pod, service

APPS = "apps"


@check("writes")
def create_answers_201_with_meta(room: Room) -> Seen:
    status, made = room.create("configmaps", config())
    meta = made["metadata"]
    return [
        status,
        made["kind"],
        made["apiVersion"],
        sorted(k for k in meta if k != "managedFields"),
        meta["namespace"] == room.ns,
    ]


@check("writes")
def generate_name(room: Room) -> Seen:
    made = room.create("configmaps", {"metadata": {"generateName": "g-"}})[1]["metadata"]
    return [made["generateName"], len(made["name"]), made["name"].startswith("g-")]


@check("writes")
def twice(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.create("configmaps", config()))


@check("writes")
def missing(room: Room) -> Seen:
    return [
        answer(room.send("GET", room.path("pods", "ghost"))),
        answer(room.send("GET", room.path("deployments", "ghost", APPS))),
    ]


@check("writes")
def not_found_details(room: Room) -> Seen:
    return room.send("GET", room.path("deployments", "ghost", APPS))[1]


@check("writes")
def missing_namespace(room: Room) -> Seen:
    return answer(room.send("POST", "/api/v1/namespaces/no-such-namespace/configmaps", config()))


@check("writes")
def unknown_resource(room: Room) -> Seen:
    return answer(room.send("GET", room.path("gizmos")))


@check("writes")
def unknown_group(room: Room) -> Seen:
    return answer(room.send("GET", room.path("gizmos", "", "toys.example", "v1")))


@check("writes")
def method_not_allowed(room: Room) -> Seen:
    return answer(room.send("PUT", room.path("configmaps"), config()))


@check("writes")
def put_replaces(room: Room) -> Seen:
    made = room.create("configmaps", {**config(a="1", b="2"), "metadata": {"name": "cm", "labels": {"x": "y"}}})[1]
    made["data"] = {"a": "3"}
    del made["metadata"]["labels"]
    status, new = room.send("PUT", room.path("configmaps", "cm"), made)
    return [
        status,
        new["data"],
        new["metadata"].get("labels"),
        new["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"],
    ]


@check("writes")
def put_stale(room: Room) -> Seen:
    made = room.create("configmaps", config())[1]
    room.merge(room.path("configmaps", "cm"), {"data": {"z": "1"}})
    return answer(room.send("PUT", room.path("configmaps", "cm"), made))


@check("writes")
def put_without_version(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.send("PUT", room.path("configmaps", "cm"), config(a="9")))


@check("writes")
def put_other_name(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.send("PUT", room.path("configmaps", "cm"), config("other")))


@check("writes")
def put_missing(room: Room) -> Seen:
    return answer(room.send("PUT", room.path("configmaps", "ghost"), config("ghost")))


@check("writes")
def no_change_keeps_version(room: Room) -> Seen:
    made = room.create("configmaps", config())[1]
    again = room.merge(room.path("configmaps", "cm"), {"data": {"a": "1"}})[1]
    return made["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]


@check("writes")
def immutable_config_map(room: Room) -> Seen:
    room.create("configmaps", {**config(), "immutable": True})
    return answer(room.merge(room.path("configmaps", "cm"), {"data": {"a": "2"}}))


@check("writes")
def secret_type_is_fixed(room: Room) -> Seen:
    room.create("secrets", {"metadata": {"name": "s"}})
    return answer(room.merge(room.path("secrets", "s"), {"type": "other/type"}))


@check("writes")
def selector_is_fixed(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=0), APPS)
    labels = {"app": "x"}
    patch = {"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}}
    return answer(room.merge(room.path("deployments", "web", APPS), patch))


@check("writes")
def cluster_ip_is_fixed(room: Room) -> Seen:
    room.create("services", service(clusterIP="10.96.77.77"))
    return answer(room.merge(room.path("services", "web"), {"spec": {"clusterIP": "10.96.77.78"}}))


@check("writes")
def pod_spec_is_fixed(room: Room) -> Seen:
    room.create("pods", pod(nodeSelector={"never": "1"}))
    seen = answer(room.merge(room.path("pods", "p"), {"spec": {"restartPolicy": "Never"}}))
    return [*seen[:2], seen[2].split("{")[0][:120]]


@check("writes")
def pod_image_may_change(room: Room) -> Seen:
    room.create("pods", pod(nodeSelector={"never": "1"}))
    status, made = room.strategic(
        room.path("pods", "p"), {"spec": {"containers": [{"name": "c", "image": "registry.example/web:2"}]}}
    )
    return [status, made["spec"]["containers"][0]["image"]]


@check("writes")
def generations(room: Room) -> Seen:
    path = room.path("deployments", "web", APPS)
    seen = [room.create("deployments", deployment(replicas=0, paused=True), APPS)[1]["metadata"]["generation"]]
    seen.append(room.merge(path, {"metadata": {"labels": {"x": "y"}}})[1]["metadata"]["generation"])
    seen.append(room.merge(path, {"metadata": {"annotations": {"x": "y"}}})[1]["metadata"]["generation"])
    seen.append(room.merge(path, {"spec": {"minReadySeconds": 1}})[1]["metadata"]["generation"])
    return seen


@check("writes")
def status_is_apart(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=0, paused=True), APPS)
    path = room.path("deployments", "web", APPS)
    status, made = room.merge(
        path + "/status", {"spec": {"replicas": 9}, "status": {"readyReplicas": 0, "collisionCount": 3}}
    )
    return [
        status,
        made["spec"]["replicas"],
        room.merge(path, {"status": {"collisionCount": 9}})[1]["status"].get("collisionCount"),
    ]


# -- patches -------------------------------------------------------------------------------------------------------------
@check("patches")
def merge_null_removes(room: Room) -> Seen:
    room.create("configmaps", config(a="1", b="2"))
    return plain(room.merge(room.path("configmaps", "cm"), {"data": {"a": None, "c": "3"}})[1])["data"]


@check("patches")
def merge_of_no_object(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.merge(room.path("configmaps", "cm"), []))[:2]


@check("patches")
def json_steps(room: Room) -> Seen:
    room.create("configmaps", config(a="1", b="2"))
    steps = [
        {"op": "replace", "path": "/data/a", "value": "9"},
        {"op": "remove", "path": "/data/b"},
        {"op": "add", "path": "/data/c", "value": "3"},
    ]
    return room.json(room.path("configmaps", "cm"), steps)[1]["data"]


@check("patches")
def json_test_fails(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.json(room.path("configmaps", "cm"), [{"op": "test", "path": "/data/a", "value": "no"}]))


@check("patches")
def json_replace_missing(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.json(room.path("configmaps", "cm"), [{"op": "replace", "path": "/data/zz", "value": "no"}]))


@check("patches")
def json_remove_missing(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.json(room.path("configmaps", "cm"), [{"op": "remove", "path": "/data/zz"}]))


@check("patches")
def json_no_list(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.json(room.path("configmaps", "cm"), {"op": "remove", "path": "/data/zz"}))[:2]


@check("patches")
def unknown_patch_type(room: Room) -> Seen:
    room.create("configmaps", config())
    return answer(room.send("PATCH", room.path("configmaps", "cm"), {}, "application/json"))


def _two() -> dict[str, Any]:
    body = deployment(replicas=0, paused=True)
    body["spec"]["template"]["spec"]["containers"] = [
        {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]},
        {"name": "b", "image": "b:1"},
    ]
    return body


def _containers(reply: tuple[int, Any]) -> Seen:
    if reply[0] >= 300:
        return answer(reply)
    return [[c["name"], c["image"], c.get("env")] for c in reply[1]["spec"]["template"]["spec"]["containers"]]


def _strategic(room: Room, spec: dict[str, Any]) -> Seen:
    room.create("deployments", _two(), APPS)
    return _containers(room.strategic(room.path("deployments", "web", APPS), {"spec": {"template": {"spec": spec}}}))


@check("patches")
def strategic_merges_by_name(room: Room) -> Seen:
    return _strategic(room, {"containers": [{"name": "a", "image": "a:2"}]})


@check("patches")
def strategic_adds(room: Room) -> Seen:
    return _strategic(room, {"containers": [{"name": "c", "image": "c:1"}]})


@check("patches")
def strategic_deletes(room: Room) -> Seen:
    return _strategic(room, {"containers": [{"name": "a", "$patch": "delete"}]})


@check("patches")
def strategic_replaces(room: Room) -> Seen:
    return _strategic(room, {"containers": [{"name": "z", "image": "z:1"}, {"$patch": "replace"}]})


@check("patches")
def strategic_orders(room: Room) -> Seen:
    return _strategic(
        room,
        {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a", "image": "a:3"}]},
    )


@check("patches")
def strategic_inner_env(room: Room) -> Seen:
    return _strategic(
        room, {"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "3"}]}]}
    )


@check("patches")
def strategic_no_key(room: Room) -> Seen:
    return _strategic(room, {"containers": [{"image": "a:2"}]})[:2]


@check("patches")
def strategic_retain_keys(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=0, paused=True), APPS)
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    return room.strategic(room.path("deployments", "web", APPS), patch)[1]["spec"]["strategy"]


@check("patches")
def strategic_service_port(room: Room) -> Seen:
    room.create("services", service(ports=[{"name": "a", "port": 80}, {"name": "b", "port": 81}]))
    made = room.strategic(room.path("services", "web"), {"spec": {"ports": [{"port": 80, "targetPort": 9999}]}})[1]
    return made["spec"]["ports"]


@check("patches")
def strategic_finalizers(room: Room) -> Seen:
    room.create("configmaps", {**config(), "metadata": {"name": "cm", "finalizers": ["a.example/x", "a.example/y"]}})
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.example/x"], "finalizers": ["a.example/z"]}}
    made = room.strategic(room.path("configmaps", "cm"), patch)[1]["metadata"]["finalizers"]
    room.merge(room.path("configmaps", "cm"), {"metadata": {"finalizers": None}})
    return made


# -- server-side apply ---------------------------------------------------------------------------------------------------
def _cm(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": data}


@check("apply")
def creates(room: Room) -> Seen:
    status, made = room.apply(room.path("configmaps", "cm"), _cm(a="1"))
    return [
        status,
        made["data"],
        [[m["manager"], m["operation"], m["fieldsV1"]] for m in made["metadata"]["managedFields"]],
    ]


@check("apply")
def conflict(room: Room) -> Seen:
    room.apply(room.path("configmaps", "cm"), _cm(a="1"))
    return answer(room.apply(room.path("configmaps", "cm"), _cm(a="2"), "two"))


@check("apply")
def force(room: Room) -> Seen:
    room.apply(room.path("configmaps", "cm"), _cm(a="1", b="1"))
    made = room.apply(room.path("configmaps", "cm"), _cm(a="2"), "two", force="true")[1]
    owners = {m["manager"]: m["fieldsV1"] for m in made["metadata"]["managedFields"]}
    return [made["data"], owners]


@check("apply")
def shared(room: Room) -> Seen:
    room.apply(room.path("configmaps", "cm"), _cm(a="1"))
    made = room.apply(room.path("configmaps", "cm"), _cm(a="1", c="3"), "two")[1]
    return [made["data"], {m["manager"]: m["fieldsV1"] for m in made["metadata"]["managedFields"]}]


@check("apply")
def dropped_field_goes(room: Room) -> Seen:
    room.apply(room.path("configmaps", "cm"), _cm(a="1", b="2"))
    return room.apply(room.path("configmaps", "cm"), _cm(a="1"))[1]["data"]


@check("apply")
def update_conflicts(room: Room) -> Seen:
    room.apply(room.path("configmaps", "cm"), _cm(a="1"))
    room.merge(room.path("configmaps", "cm"), {"data": {"a": "5"}}, fieldManager="hand")
    seen = answer(room.apply(room.path("configmaps", "cm"), _cm(a="2")))
    return [seen[0], seen[1], seen[2].split(" at ")[0].split(": .data")[0], seen[2].rpartition(": ")[2]]


@check("apply")
def needs_manager(room: Room) -> Seen:
    return answer(room.send("PATCH", room.path("configmaps", "cm"), _cm(a="1"), "application/apply-patch+yaml"))


@check("apply")
def containers_by_name(room: Room) -> Seen:
    room.create("deployments", _two(), APPS)
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "c:1"}]}}}}  # fmt: skip
    return _containers(room.apply(room.path("deployments", "web", APPS), body))


@check("apply")
def update_is_noted(room: Room) -> Seen:
    room.create("configmaps", config(), fieldManager="maker")
    made = room.merge(room.path("configmaps", "cm"), {"data": {"b": "2"}}, fieldManager="changer")[1]
    return {m["manager"]: [m["operation"], m["fieldsV1"]] for m in made["metadata"]["managedFields"]}


@check("apply")
def manager_is_the_agent(room: Room) -> Seen:
    made = room.create("configmaps", config())[1]
    return [m["manager"] for m in made["metadata"]["managedFields"]]


# -- dry run and deletion ------------------------------------------------------------------------------------------------
@check("writes")
def dry_run(room: Room) -> Seen:
    status, made = room.create("configmaps", config(), dryRun="All")
    return [status, bool(made["metadata"].get("uid")), room.send("GET", room.path("configmaps", "cm"))[0]]


@check("writes")
def dry_run_patch(room: Room) -> Seen:
    room.create("configmaps", config())
    made = room.merge(room.path("configmaps", "cm"), {"data": {"a": "9"}}, dryRun="All")[1]
    return [made["data"], room.get("configmaps", "cm")["data"]]


@check("writes")
def dry_run_nonsense(room: Room) -> Seen:
    return answer(room.create("configmaps", config(), dryRun="Maybe"))


@check("deletion")
def config_map(room: Room) -> Seen:
    room.create("configmaps", config())
    status, body = room.send("DELETE", room.path("configmaps", "cm"))
    return [
        status,
        body["kind"],
        body.get("status"),
        (body.get("details") or {}).get("name"),
        room.send("GET", room.path("configmaps", "cm"))[0],
    ]


@check("deletion")
def unassigned_pod(room: Room) -> Seen:
    room.create("pods", pod(nodeSelector={"never": "1"}))
    status, body = room.send("DELETE", room.path("pods", "p"))
    return [status, body["kind"], room.send("GET", room.path("pods", "p"))[0]]


@check("deletion")
def finalizer_holds(room: Room) -> Seen:
    room.create("configmaps", {**config(), "metadata": {"name": "cm", "finalizers": ["a.example/x"]}})
    path = room.path("configmaps", "cm")
    status, body = room.send("DELETE", path)
    seen = [
        status,
        body["kind"],
        "deletionTimestamp" in body["metadata"],
        body["metadata"].get("deletionGracePeriodSeconds"),
    ]
    room.merge(path, {"metadata": {"finalizers": None}})
    return [*seen, room.send("GET", path)[0]]


@check("deletion")
def wrong_uid(room: Room) -> Seen:
    room.create("configmaps", config())
    seen = answer(room.send("DELETE", room.path("configmaps", "cm"), {"preconditions": {"uid": "nope"}}))
    return [*seen[:2], seen[2].split("UID in record")[0]]


@check("deletion")
def collection(room: Room) -> Seen:
    for name in ("a", "b"):
        room.create("secrets", {"metadata": {"name": name, "labels": {"x": "y"}}})
    status, body = room.send("DELETE", room.path("secrets"), None, labelSelector="x=y")
    return [status, body["kind"], len(room.items("secrets", labelSelector="x=y"))]


@check("deletion")
def missing_object(room: Room) -> Seen:
    return answer(room.send("DELETE", room.path("configmaps", "ghost")))


def _workload_gone(room: Room, policy: str) -> Seen:
    room.create("deployments", deployment(replicas=1), APPS)
    room.until(lambda: any(p["status"]["phase"] == "Running" for p in room.items("pods")))
    room.send("DELETE", room.path("deployments", "web", APPS), {"propagationPolicy": policy})
    room.until(lambda: room.send("GET", room.path("deployments", "web", APPS))[0] == 404)
    if policy != "Orphan":
        room.until(lambda: not room.items("pods"))
    return [len(room.items("replicasets", APPS)), len(room.items("pods"))]


@check("deletion")
def background(room: Room) -> Seen:
    return _workload_gone(room, "Background")


@check("deletion")
def foreground(room: Room) -> Seen:
    return _workload_gone(room, "Foreground")


@check("deletion")
def orphan(room: Room) -> Seen:
    return _workload_gone(room, "Orphan")


@check("deletion")
def namespace(room: Room) -> Seen:
    name = f"{room.ns}-b"
    room.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    room.until(lambda: room.send("GET", f"/api/v1/namespaces/{name}/serviceaccounts/default")[0] == 200)
    path = f"/api/v1/namespaces/{name}/configmaps"
    room.send("POST", path, {**config(), "metadata": {"name": "cm", "finalizers": ["a.example/x"]}})
    status, body = room.send("DELETE", f"/api/v1/namespaces/{name}")
    seen = [status, body["status"]["phase"], "deletionTimestamp" in body["metadata"]]
    refused = answer(room.send("POST", path, config("late")))
    room.until(
        lambda: bool((room.send("GET", f"/api/v1/namespaces/{name}")[1].get("status") or {}).get("conditions")), 90
    )
    conditions = {
        c["type"]: [c["status"], c["reason"], c["message"]]
        for c in room.send("GET", f"/api/v1/namespaces/{name}")[1]["status"]["conditions"]
    }
    room.merge(f"{path}/cm", {"metadata": {"finalizers": None}})
    gone = room.until(lambda: room.send("GET", f"/api/v1/namespaces/{name}")[0] == 404)
    return [*seen, [*refused[:2], refused[2].replace(name, "NS")], conditions.get("NamespaceFinalizersRemaining"), gone]
