"""What a client learns first: versions, groups and the resources of each."""

from __future__ import annotations

from ..objects import Obj
from .kinds import ALL_VERBS, Type, Types

_READS = ("get", "list")
_REVIEWS = {
    "authorization.k8s.io": (("localsubjectaccessreviews", "LocalSubjectAccessReview", True), ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False),
                             ("selfsubjectrulesreviews", "SelfSubjectRulesReview", False), ("subjectaccessreviews", "SubjectAccessReview", False)),
    "authentication.k8s.io": (("tokenreviews", "TokenReview", False), ("selfsubjectreviews", "SelfSubjectReview", False)),
}  # fmt: skip
_SUB_KINDS = {"scale": ("autoscaling", "v1", "Scale"), "eviction": ("policy", "v1", "Eviction"), "binding": ("", "", "Binding"),
              "token": ("authentication.k8s.io", "v1", "TokenRequest")}  # fmt: skip
_SUB_VERBS = {"scale": ["get", "patch", "update"], "status": ["get", "patch", "update"], "log": ["get"], "eviction": ["create"],
              "binding": ["create"], "token": ["create"], "finalize": ["update"]}  # fmt: skip


def version(text: str) -> Obj:
    """/version of a server of that version, such as `v1.33.1`."""
    major, minor, *_ = text.removeprefix("v").split(".")
    return {
        "major": major, "minor": minor, "gitVersion": text, "gitCommit": "steersman-world", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "none", "compiler": "none", "platform": "linux/amd64",
    }  # fmt: skip


def core_versions(address: str) -> Obj:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list(types: Types) -> Obj:
    groups = [group(name, versions) for name, versions in types.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(name: str, versions: list[str]) -> Obj:
    listed = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resources(types: Types, group_name: str, version_name: str) -> Obj | None:
    """The APIResourceList of a version, or None where it is not served."""
    if version_name not in types.groups().get(group_name, ()):
        return None
    listed: list[Obj] = []
    for entry in sorted(types.by_id.values(), key=lambda t: t.plural):
        if entry.group == group_name and version_name in dict(entry.versions):
            listed += _resource(entry)
    for name, kind, namespaced in _REVIEWS.get(group_name, ()):
        listed.append({"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["create"]})
    if group_name == "metrics.k8s.io":
        for name, kind, namespaced in (("nodes", "NodeMetrics", False), ("pods", "PodMetrics", True)):
            listed.append(
                {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": list(_READS)}
            )
    full = f"{group_name}/{version_name}" if group_name else version_name
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": full, "resources": listed}


def _resource(entry: Type) -> list[Obj]:
    verbs = ["create"] if entry.plural == "bindings" else list(ALL_VERBS)
    if entry.plural == "namespaces":
        verbs.remove("deletecollection")
    main: Obj = {
        "name": entry.plural,
        "singularName": entry.kind.lower(),
        "namespaced": entry.namespaced,
        "kind": entry.kind,
        "verbs": verbs,
    }
    if entry.short:
        main["shortNames"] = list(entry.short)
    if entry.categories:
        main["categories"] = list(entry.categories)
    found = [main]
    for sub in entry.subresources:
        group_name, version_name, kind = _SUB_KINDS.get(sub, ("", "", entry.kind))
        made: Obj = {
            "name": f"{entry.plural}/{sub}",
            "singularName": "",
            "namespaced": entry.namespaced,
            "kind": kind,
            "verbs": _SUB_VERBS[sub],
        }
        if version_name:
            made |= {"group": group_name, "version": version_name} if group_name else {"version": version_name}
        found.append(made)
    return found
