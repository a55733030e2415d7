"""Validation of Services, ConfigMaps, Secrets, claims, volumes, storage classes and quotas."""

from __future__ import annotations

from ...quantity import amount
from ..objects import Obj
from .base import CONFIG_KEY, CONFIG_KEY_TEXT, LABEL, Errors

PROTOCOLS, TYPES = ("SCTP", "TCP", "UDP"), ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce")


def service(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    ports = spec.get("ports") or ()
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        errors.required("spec.ports")
    names, pairs = set[str](), set[tuple[str, int]]()
    for index, port in enumerate(ports):
        _service_port(port, f"spec.ports[{index}]", len(ports) > 1, errors)
        if (name := port.get("name", "")) and name in names:
            errors.duplicate(f"spec.ports[{index}].name", name)
        names.add(name)
        pair = (port.get("protocol", ""), port.get("port", 0))
        if pair in pairs:
            errors.duplicate(f"spec.ports[{index}]", pair[1])
        pairs.add(pair)
    if spec.get("selector"):
        errors.labels("spec.selector", spec["selector"])
    if not kind:
        errors.required("spec.type")
    elif kind not in TYPES:
        errors.unsupported("spec.type", kind, TYPES)
    if spec.get("sessionAffinity") not in ("ClientIP", "None"):
        errors.unsupported("spec.sessionAffinity", spec.get("sessionAffinity", ""), ("ClientIP", "None"))
    if kind == "ExternalName":
        if not spec.get("externalName"):
            errors.required("spec.externalName", "")
        else:
            errors.subdomain("spec.externalName", spec["externalName"].rstrip("."))


def _service_port(port: Obj, path: str, several: bool, errors: Errors) -> None:  # noqa: FBT001   # a fact, not a switch
    name = port.get("name", "")
    if several and not name:
        errors.required(f"{path}.name")
    elif name:
        errors.label(f"{path}.name", name)
    errors.port(f"{path}.port", port.get("port", 0))
    if port.get("protocol") not in PROTOCOLS:
        errors.unsupported(f"{path}.protocol", port.get("protocol", ""), PROTOCOLS)
    target = port.get("targetPort", 1)
    if isinstance(target, int):
        errors.port(f"{path}.targetPort", target)
    else:
        if len(target) > 15:
            errors.invalid(f"{path}.targetPort", target, "must be no more than 15 characters")
        if not LABEL.fullmatch(target):
            errors.invalid(
                f"{path}.targetPort", target, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
            )


def service_update(old: Obj, new: Obj, errors: Errors) -> None:
    before, after = old["spec"], new["spec"]
    if before.get("type") != "ExternalName" and after.get("type") != "ExternalName":
        for index, ip in enumerate(before.get("clusterIPs") or ()):
            theirs = (after.get("clusterIPs") or [after.get("clusterIP")])[index : index + 1]
            if index == 0 and theirs != [ip] and after.get("clusterIP") != before.get("clusterIP"):
                errors.invalid("spec.clusterIPs[0]", [after.get("clusterIP") or ""], "may not change once set")


def config_map(obj: Obj, errors: Errors) -> None:
    for field in ("data", "binaryData"):
        for key in obj.get(field) or {}:
            if not CONFIG_KEY.fullmatch(key):
                errors.invalid(f"{field}[{key}]", key, CONFIG_KEY_TEXT)
    if sum(len(v) for f in ("data", "binaryData") for v in (obj.get(f) or {}).values()) > 1024 * 1024:
        errors.too_long("", "", 1048576)


def config_map_update(old: Obj, new: Obj, errors: Errors) -> None:
    if old.get("immutable"):
        if not new.get("immutable"):
            errors.forbidden("immutable", "field is immutable when `immutable` is set")
        for field in ("data", "binaryData"):
            if (old.get(field) or {}) != (new.get(field) or {}):
                errors.forbidden(field, "field is immutable when `immutable` is set")


def secret(obj: Obj, errors: Errors) -> None:
    for key in obj.get("data") or {}:
        if not CONFIG_KEY.fullmatch(key):
            errors.invalid(f"data[{key}]", key, CONFIG_KEY_TEXT)
    if obj.get("type") == "kubernetes.io/tls":
        for key in ("tls.crt", "tls.key"):
            if key not in (obj.get("data") or {}):
                errors.required(f"data[{key}]")


def secret_update(old: Obj, new: Obj, errors: Errors) -> None:
    errors.immutable("type", old.get("type"), new.get("type"))
    config_map_update(old, new, errors)


def claim(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    _modes(spec, errors)
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if storage is None:
        errors.required("spec.resources[storage]")
    elif amount(storage) <= 0:
        errors.invalid("spec.resources[storage]", storage, "must be greater than zero")


def _modes(spec: Obj, errors: Errors) -> None:
    if not spec.get("accessModes"):
        errors.required("spec.accessModes", "at least 1 access mode is required")
    for mode in spec.get("accessModes") or ():
        if mode not in (*MODES, "ReadWriteOncePod"):
            errors.unsupported("spec.accessModes", mode, MODES)


def claim_update(old: Obj, new: Obj, errors: Errors) -> None:
    before, after = dict(old["spec"]), dict(new["spec"])
    if not before.get("volumeName"):
        before.pop("volumeName", None)
        after.pop("volumeName", None)
    was, now = (amount(((s.get("resources") or {}).get("requests") or {}).get("storage", "0")) for s in (before, after))
    before.pop("resources", None)
    after.pop("resources", None)
    if before != after:
        errors.forbidden("spec", "spec is immutable after creation except resources.requests for bound claims")
    elif now < was:
        errors.forbidden("spec.resources.requests.storage", "field can not be less than previous value")
    elif now > was and (old.get("status") or {}).get("phase") != "Bound":
        errors.forbidden("spec", "spec is immutable after creation except resources.requests for bound claims")


def volume(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    if not spec.get("accessModes"):
        errors.required("spec.accessModes")
    if not spec.get("capacity"):
        errors.required("spec.capacity")
    known = {"accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
             "storageClassName", "volumeMode", "volumeAttributesClassName"}  # fmt: skip
    if not spec.keys() - known:
        errors.required("spec", "must specify a volume type")


def storage_class(obj: Obj, errors: Errors) -> None:
    if not obj.get("provisioner"):
        errors.required("provisioner")
    for field, choices in (
        ("reclaimPolicy", ("Delete", "Retain")),
        ("volumeBindingMode", ("Immediate", "WaitForFirstConsumer")),
    ):
        if obj.get(field) not in choices:
            errors.unsupported(field, obj.get(field, ""), choices)


def storage_class_update(old: Obj, new: Obj, errors: Errors) -> None:
    for field in ("parameters", "provisioner", "reclaimPolicy"):
        if old.get(field) != new.get(field):
            errors.forbidden(field, "updates to " + field + " are forbidden.")


def quota(obj: Obj, errors: Errors) -> None:
    for name, value in ((obj.get("spec") or {}).get("hard") or {}).items():
        errors.qualified(f"spec.hard[{name}]", name)
        if amount(value) < 0:
            errors.invalid(f"spec.hard[{name}]", value, "must be greater than or equal to 0")
