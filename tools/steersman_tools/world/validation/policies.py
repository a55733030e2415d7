"""Validation of the kinds that steer others: autoscalers, budgets, network policies, ingresses, RBAC, priorities, definitions."""

from __future__ import annotations

import ipaddress

from ..objects import Obj
from .base import Errors, Verbatim


def autoscaler(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    if least < 1:
        errors.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        errors.invalid("spec.maxReplicas", most, "must be greater than 0")
    if most < least:
        errors.invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    for field in ("kind", "name"):
        if not target.get(field):
            errors.required(f"spec.scaleTargetRef.{field}")


def budget(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        errors.invalid("spec", "", "minAvailable and maxUnavailable cannot be both set")
    for field in ("minAvailable", "maxUnavailable"):
        if isinstance(spec.get(field), int):
            errors.not_negative(f"spec.{field}", spec[field])


def network_policy(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    for side, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(side) or ()):
            for number, port in enumerate(rule.get("ports") or ()):
                here = f"spec.{side}[{index}].ports[{number}]"
                if isinstance(port.get("port"), int):
                    errors.port(f"{here}.port", port["port"])
            for number, peer in enumerate(rule.get(peers) or ()):
                _peer(peer, f"spec.{side}[{index}].{peers}[{number}]", errors)
    for kind in spec.get("policyTypes") or ():
        if kind not in ("Ingress", "Egress"):
            errors.unsupported("spec.policyTypes[0]", kind, ("Ingress", "Egress"))


def _peer(peer: Obj, path: str, errors: Errors) -> None:
    if not peer:
        errors.required(path, "must specify a peer")
    if "ipBlock" in peer:
        if peer.keys() - {"ipBlock"}:
            errors.forbidden(path, "may not specify both ipBlock and another peer")
        cidr = peer["ipBlock"].get("cidr", "")
        try:
            ipaddress.ip_network(cidr)
        except ValueError:
            errors.invalid(f"{path}.ipBlock.cidr", cidr, "not a valid CIDR")


def ingress(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        errors.invalid(
            "spec", Verbatim("[]networking.IngressRule(nil)"), "either `defaultBackend` or `rules` must be specified"
        )
    for index, rule in enumerate(spec.get("rules") or ()):
        http = rule.get("http")
        if http is not None and not http.get("paths"):
            errors.required(f"spec.rules[{index}].http.paths")
        for number, path in enumerate((http or {}).get("paths") or ()):
            _ingress_path(path, f"spec.rules[{index}].http.paths[{number}]", errors)


def _ingress_path(path: Obj, where: str, errors: Errors) -> None:
    kinds = ("Exact", "ImplementationSpecific", "Prefix")
    kind, text = path.get("pathType"), path.get("path", "")
    if kind is None:
        errors.required(f"{where}.pathType", "pathType must be specified")
    elif kind not in kinds:
        errors.unsupported(f"{where}.pathType", kind, kinds)
    elif kind != "ImplementationSpecific" and not text.startswith("/"):
        errors.invalid(f"{where}.path", text, "must be an absolute path")
    service = (path.get("backend") or {}).get("service")
    if service is None and "resource" not in (path.get("backend") or {}):
        errors.required(f"{where}.backend", "port name or number is required")
    elif service is not None:
        if not service.get("name"):
            errors.required(f"{where}.backend.service.name")
        port = service.get("port") or {}
        if not port.get("name") and not port.get("number"):
            errors.required(f"{where}.backend", "port name or number is required")


def role(obj: Obj, errors: Errors) -> None:
    for index, rule in enumerate(obj.get("rules") or ()):
        path = f"rules[{index}]"
        if not rule.get("verbs"):
            errors.required(f"{path}.verbs", "verbs must contain at least one value")
        if rule.get("nonResourceURLs"):
            continue
        if not rule.get("apiGroups"):
            errors.required(f"{path}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            errors.required(f"{path}.resources", "resource rules must supply at least one resource")


def binding(obj: Obj, errors: Errors) -> None:
    ref = obj.get("roleRef") or {}
    if ref.get("kind") not in ("Role", "ClusterRole"):
        errors.unsupported("roleRef.kind", ref.get("kind", ""), ("Role", "ClusterRole"))
    if not ref.get("name"):
        errors.required("roleRef.name")
    for index, subject in enumerate(obj.get("subjects") or ()):
        if not subject.get("name"):
            errors.required(f"subjects[{index}].name")
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            errors.required(f"subjects[{index}].namespace")


def binding_update(old: Obj, new: Obj, errors: Errors) -> None:
    if old.get("roleRef") != new.get("roleRef"):
        errors.invalid("roleRef", _go_ref(new.get("roleRef") or {}), "cannot change roleRef")


def _go_ref(ref: Obj) -> dict[str, str]:
    return {str(k): str(v) for k, v in ref.items()}


def priority_class(obj: Obj, errors: Errors) -> None:
    name = obj["metadata"].get("name", "")
    if name.startswith("system-") and name not in ("system-node-critical", "system-cluster-critical"):
        errors.forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only")
    elif obj.get("value", 0) > 1000000000 and not name.startswith("system-"):
        errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000")


def priority_class_update(old: Obj, new: Obj, errors: Errors) -> None:
    if old.get("value") != new.get("value"):
        errors.forbidden("value", "may not be changed in an update.")


def custom_resource(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    names = spec.get("names") or {}
    if not spec.get("group"):
        errors.required("spec.group")
    if not names.get("plural"):
        errors.required("spec.names.plural")
    if not names.get("kind"):
        errors.required("spec.names.kind")
    if spec.get("scope") not in ("Cluster", "Namespaced"):
        errors.unsupported("spec.scope", spec.get("scope", ""), ("Cluster", "Namespaced"))
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"].get("name") != wanted:
        errors.invalid("metadata.name", obj["metadata"].get("name", ""), 'must be spec.names.plural+"."+spec.group')
    if sum(bool(v.get("storage")) for v in spec.get("versions") or ()) != 1:
        errors.invalid("spec.versions", "", "must have exactly one version marked as storage version")
    for index, version in enumerate(spec.get("versions") or ()):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            errors.required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
