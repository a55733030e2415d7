"""Lists, selectors, pages, watches, tables, discovery and access reviews."""

from __future__ import annotations

from typing import Any

from . import Room, Seen, answer, check, config, deployment, plain, pod, register

APPS = "apps"


def _three(room: Room) -> None:
    for name, tier in (("a", "front"), ("b", "back"), ("c", "back")):
        room.create("configmaps", {"metadata": {"name": name, "labels": {"tier": tier, "set": "three"}}})


def _names(items: list[Any]) -> list[str]:
    return [i["metadata"]["name"] for i in items if not i["metadata"]["name"].startswith("kube-root")]


@check("reads")
def list_shape(room: Room) -> Seen:
    _three(room)
    body = room.send("GET", room.path("configmaps"), labelSelector="set=three")[1]
    return [
        body["kind"],
        body["apiVersion"],
        sorted(k for k in body["metadata"] if k != "selfLink"),
        "kind" in body["items"][0],
        _names(body["items"]),
    ]


def _selected(selector: str) -> Any:
    def run(room: Room) -> Seen:
        _three(room)
        reply = room.send("GET", room.path("configmaps"), labelSelector=selector)
        return answer(reply) if reply[0] >= 300 else _names(reply[1]["items"])

    return run


for _name, _text in {"equal": "tier=back", "not_equal": "tier!=back,set", "in": "tier in (front,back)", "not_in": "set,tier notin (front)",
                     "exists": "tier", "absent": "!tier,set", "double_equal": "tier==front"}.items():  # fmt: skip
    register(f"reads.select_{_name}", _selected(_text))


@check("reads")
def bad_label_selector(room: Room) -> Seen:
    return answer(room.send("GET", room.path("configmaps"), labelSelector="a=(b"))[:2]


@check("reads")
def field_selector(room: Room) -> Seen:
    _three(room)
    return [
        _names(room.items("configmaps", fieldSelector="metadata.name=b")),
        _names(room.items("configmaps", fieldSelector="metadata.name!=b")),
    ]


@check("reads")
def field_selector_unknown(room: Room) -> Seen:
    return answer(room.send("GET", room.path("pods"), fieldSelector="spec.color=red"))


@check("reads")
def pods_by_node(room: Room) -> Seen:
    room.create("pods", pod(nodeName="node-1"))
    room.create("pods", pod("q", nodeSelector={"never": "1"}))
    return [
        _names(room.items("pods", fieldSelector="spec.nodeName=node-1")),
        _names(room.items("pods", fieldSelector="status.phase=Pending,metadata.name=q")),
    ]


@check("reads")
def pages(room: Room) -> Seen:
    _three(room)
    seen, token = [], ""
    for _ in range(5):
        query = {"limit": "2", "labelSelector": "set=three"} | ({"continue": token} if token else {})
        body = room.send("GET", room.path("configmaps"), **query)[1]
        seen.append([_names(body["items"]), body["metadata"].get("remainingItemCount")])
        token = body["metadata"].get("continue", "")
        if not token:
            break
    return seen


@check("reads")
def bad_token(room: Room) -> Seen:
    return answer(room.send("GET", room.path("configmaps"), **{"limit": "2", "continue": "!!"}))[:2]


@check("reads")
def watch_tells(room: Room) -> Seen:
    version = room.send("GET", room.path("configmaps"))[1]["metadata"]["resourceVersion"]

    def act() -> None:
        room.create("configmaps", config())
        room.merge(room.path("configmaps", "cm"), {"data": {"a": "2"}})
        room.send("DELETE", room.path("configmaps", "cm"))

    found = room.server.watch(room.path("configmaps"), act, resourceVersion=version)
    return [
        [e["type"], e["object"]["metadata"]["name"], e["object"].get("data")]
        for e in found
        if e["object"]["metadata"]["name"] == "cm"
    ]


@check("reads")
def watch_selector_crossing(room: Room) -> Seen:
    version = room.send("GET", room.path("configmaps"))[1]["metadata"]["resourceVersion"]

    def act() -> None:
        room.create("configmaps", config())
        for value in ("y", None):
            room.merge(room.path("configmaps", "cm"), {"metadata": {"labels": {"x": value}}})

    return [
        e["type"] for e in room.server.watch(room.path("configmaps"), act, resourceVersion=version, labelSelector="x=y")
    ]


@check("reads")
def watch_begins_with_what_is(room: Room) -> Seen:
    room.create("secrets", {"metadata": {"name": "s"}, "type": "a/b"})
    found = room.server.watch(room.path("secrets"), lambda: None, fieldSelector="type=a/b")
    return [[e["type"], e["object"]["metadata"]["name"]] for e in found]


@check("reads")
def watch_bad_version(room: Room) -> Seen:
    found = room.server.watch(room.path("configmaps"), lambda: None, resourceVersion="abc")
    return [found[0].get("code"), found[0].get("reason")]


TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def _table(room: Room, plural: str, group: str = "") -> Seen:
    body = room.send("GET", room.path(plural, "", group), header_Accept=TABLE)[1]
    rows = [r["cells"] for r in body["rows"] if not str(r["cells"][0]).startswith("kube-root")]
    return [
        body["kind"],
        body["apiVersion"],
        [c["name"] for c in body["columnDefinitions"]],
        [[c for c in cells if not _is_age(c)] for cells in rows],
    ]


def _is_age(cell: Any) -> bool:
    return isinstance(cell, str) and cell[-1:] in "smh" and cell[:1].isdigit()


@check("reads")
def table_of_config_maps(room: Room) -> Seen:
    room.create("configmaps", config())
    return _table(room, "configmaps")


@check("reads")
def table_of_pods(room: Room) -> Seen:
    room.create("pods", pod(nodeSelector={"never": "1"}))
    return _table(room, "pods")


@check("reads")
def table_of_deployments(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=0), APPS)
    return _table(room, "deployments", APPS)


@check("reads")
def discovery_of_apps(room: Room) -> Seen:
    body = room.send("GET", "/apis/apps/v1")[1]
    return [
        {k: r.get(k) for k in ("name", "kind", "namespaced", "shortNames", "categories")}
        | {"verbs": sorted(r["verbs"])}
        for r in sorted(body["resources"], key=lambda r: r["name"])
    ]


@check("reads")
def scale_subresource(room: Room) -> Seen:
    room.create("deployments", deployment(replicas=0, paused=True), APPS)
    path = room.path("deployments", "web", APPS) + "/scale"
    first = plain(room.send("GET", path)[1])
    second = room.merge(path, {"spec": {"replicas": 2}})[1]["spec"]
    first["metadata"].pop("namespace")
    return [
        first,
        second,
        room.get("deployments", "web", APPS)["spec"]["replicas"],
        answer(room.merge(path, {"spec": {"replicas": -1}})),
    ]


@check("access")
def self_review(room: Room) -> Seen:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": room.ns}}}  # fmt: skip
    status, made = room.send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    return [status, made["status"]["allowed"]]


def _jane(room: Room, method: str, path: str, body: Any = None) -> Seen:
    seen = answer(room.send(method, path, body, header_Impersonate_User="jane"))
    return seen if isinstance(seen, int) else [*seen[:2], seen[2].replace(room.ns, "NS")]


@check("access")
def denied(room: Room) -> Seen:
    return [_jane(room, "GET", room.path("pods")), _jane(room, "GET", room.path("deployments", "web", APPS)), _jane(room, "GET", "/api/v1/nodes"),
            _jane(room, "POST", room.path("configmaps"), config()), _jane(room, "GET", room.path("pods", "x") + "/log")]  # fmt: skip


@check("access")
def granted_by_role(room: Room) -> Seen:
    group = "rbac.authorization.k8s.io"
    room.create(
        "roles",
        {
            "metadata": {"name": "r"},
            "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"], "resourceNames": []}],
        },
        group,
    )
    ref = {"apiGroup": group, "kind": "Role", "name": "r"}
    room.create(
        "rolebindings",
        {"metadata": {"name": "r"}, "roleRef": ref, "subjects": [{"kind": "User", "name": "jane", "apiGroup": group}]},
        group,
    )
    room.until(lambda: _jane(room, "GET", room.path("configmaps")) == 200, 5)
    return [
        _jane(room, "GET", room.path("configmaps")),
        _jane(room, "GET", room.path("secrets")),
        _jane(room, "DELETE", room.path("configmaps", "x")),
    ]
