"""Validation of pods and pod templates, and of what an update of a pod may change."""

from __future__ import annotations

from collections.abc import Sequence

from ...quantity import amount
from ..objects import Obj, copy
from .base import ENV_NAME, LABEL, Errors, Verbatim
from .volumes import volume

RESTART, DNS = ("Always", "OnFailure", "Never"), ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PULL, PROTOCOLS = ("Always", "IfNotPresent", "Never"), ("SCTP", "TCP", "UDP")


def pod(obj: Obj, errors: Errors) -> None:
    pod_spec(obj.get("spec") or {}, "spec", errors)


def template(obj: Obj, path: str, errors: Errors) -> None:
    """A pod template: its labels and its spec."""
    meta = obj.get("metadata") or {}
    errors.labels(f"{path}.labels", meta.get("labels") or {})
    pod_spec(obj.get("spec") or {}, f"{path}.spec", errors)


def pod_spec(spec: Obj, path: str, errors: Errors) -> None:
    volumes = {}
    for index, entry in enumerate(spec.get("volumes") or ()):
        here = f"{path}.volumes[{index}]"
        name = entry.get("name", "")
        if not name:
            errors.required(f"{here}.name")
        else:
            errors.label(f"{here}.name", name)
        if name in volumes:
            errors.duplicate(f"{here}.name", name)
        volumes[name] = entry
        volume(entry, here, errors)
    containers, names = spec.get("containers") or (), set[str]()
    if not containers:
        errors.required(f"{path}.containers")
    for index, entry in enumerate(containers):
        container(entry, f"{path}.containers[{index}]", volumes, errors)
        _unique(entry, f"{path}.containers[{index}].name", names, errors)
    for index, entry in enumerate(spec.get("initContainers") or ()):
        container(entry, f"{path}.initContainers[{index}]", volumes, errors, init=True)
        _unique(entry, f"{path}.initContainers[{index}].name", names, errors)
    _ports_unique(containers, path, errors)
    _choices(spec, path, errors)
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        _toleration(toleration, f"{path}.tolerations[{index}]", errors)
    for key, value in (spec.get("nodeSelector") or {}).items():
        errors.labels(f"{path}.nodeSelector", {key: value})
    if name := spec.get("serviceAccountName"):
        errors.subdomain(f"{path}.serviceAccountName", name)
    for index, rule in enumerate(spec.get("topologySpreadConstraints") or ()):
        _spread(rule, f"{path}.topologySpreadConstraints[{index}]", errors)


def _unique(entry: Obj, path: str, names: set[str], errors: Errors) -> None:
    name = entry.get("name", "")
    if name and name in names:
        errors.duplicate(path, name)
    names.add(name)


def _choices(spec: Obj, path: str, errors: Errors) -> None:
    if (policy := spec.get("restartPolicy")) not in RESTART:
        errors.unsupported(f"{path}.restartPolicy", policy, RESTART)
    if (dns := spec.get("dnsPolicy")) not in DNS:
        errors.unsupported(f"{path}.dnsPolicy", dns, DNS)
    if dns == "None" and spec.get("dnsConfig") is None:
        errors.required(f"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    elif dns == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
        errors.required(
            f"{path}.dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None"
        )
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None:
        errors.not_negative(f"{path}.terminationGracePeriodSeconds", grace)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2147483647:
        errors.invalid(f"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")


def container(obj: Obj, path: str, volumes: dict[str, Obj], errors: Errors, *, init: bool = False) -> None:
    name = obj.get("name", "")
    if not name:
        errors.required(f"{path}.name")
    else:
        errors.label(f"{path}.name", name)
    if not obj.get("image"):
        errors.required(f"{path}.image")
    elif obj["image"].strip() != obj["image"]:
        errors.invalid(f"{path}.image", obj["image"], "must not have leading or trailing whitespace")
    if obj.get("imagePullPolicy") and obj["imagePullPolicy"] not in PULL:
        errors.unsupported(f"{path}.imagePullPolicy", obj["imagePullPolicy"], PULL)
    _ports(obj, path, errors)
    for index, entry in enumerate(obj.get("env") or ()):
        _env(entry, f"{path}.env[{index}]", errors)
    for index, entry in enumerate(obj.get("envFrom") or ()):
        if not entry.keys() & {"configMapRef", "secretRef"}:
            errors.invalid(f"{path}.envFrom[{index}]", "", "must specify one of: `configMapRef` or `secretRef`")
    mounts = set[str]()
    for index, mount in enumerate(obj.get("volumeMounts") or ()):
        _mount(mount, f"{path}.volumeMounts[{index}]", volumes, mounts, errors)
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if kind in obj and (not init or obj.get("restartPolicy") == "Always"):
            _probe(obj[kind], f"{path}.{kind}", errors, single=kind != "readinessProbe")
        elif kind in obj:
            errors.invalid(f"{path}.{kind}", "", "must not be set for init containers")
    resources(obj.get("resources") or {}, f"{path}.resources", errors)


def _ports(obj: Obj, path: str, errors: Errors) -> None:
    names = set[str]()
    for index, port in enumerate(obj.get("ports") or ()):
        here = f"{path}.ports[{index}]"
        if name := port.get("name"):
            if len(name) > 15:
                errors.invalid(f"{here}.name", name, "must be no more than 15 characters")
            if not LABEL.fullmatch(name):
                errors.invalid(
                    f"{here}.name", name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
                )
            if name in names:
                errors.duplicate(f"{here}.name", name)
            names.add(name)
        if not port.get("containerPort"):
            errors.required(f"{here}.containerPort")
        else:
            errors.port(f"{here}.containerPort", port["containerPort"])
        if port.get("hostPort"):
            errors.port(f"{here}.hostPort", port["hostPort"])
        if port.get("protocol") not in PROTOCOLS:
            errors.unsupported(f"{here}.protocol", port.get("protocol", ""), PROTOCOLS)


def _ports_unique(containers: Sequence[Obj], path: str, errors: Errors) -> None:
    taken = set[str]()
    for index, entry in enumerate(containers):
        for number, port in enumerate(entry.get("ports") or ()):
            if port.get("hostPort"):
                text = f"{port.get('protocol')}/{port.get('hostIP', '')}/{port['hostPort']}"
                if text in taken:
                    errors.duplicate(f"{path}.containers[{index}].ports[{number}].hostPort", text)
                taken.add(text)


def _env(entry: Obj, path: str, errors: Errors) -> None:
    name = entry.get("name", "")
    if not name:
        errors.required(f"{path}.name")
    elif not ENV_NAME.fullmatch(name):
        errors.invalid(
            f"{path}.name",
            name,
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start "
            "with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
            "'[-._a-zA-Z][-._a-zA-Z0-9]*')",
        )
    source = entry.get("valueFrom")
    if source is not None:
        if entry.get("value"):
            errors.invalid(f"{path}.valueFrom", "", "may not be specified when `value` is not empty")
        for kind in ("configMapKeyRef", "secretKeyRef"):
            if kind in source and not source[kind].get("key"):
                errors.required(f"{path}.valueFrom.{kind}.key")
        if not source:
            errors.invalid(
                f"{path}.valueFrom",
                "",
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
            )


def _mount(mount: Obj, path: str, volumes: dict[str, Obj], seen: set[str], errors: Errors) -> None:
    name, where = mount.get("name", ""), mount.get("mountPath", "")
    if not name:
        errors.required(f"{path}.name")
    elif name not in volumes:
        errors.not_found(f"{path}.name", name)
    if not where:
        errors.required(f"{path}.mountPath")
    elif where in seen:
        errors.invalid(f"{path}.mountPath", where, "must be unique")
    seen.add(where)


def _probe(probe: Obj, path: str, errors: Errors, *, single: bool) -> None:
    handlers = [k for k in ("exec", "httpGet", "tcpSocket", "grpc") if k in probe]
    if not handlers:
        errors.required(path, "must specify a handler type")
    for extra in handlers[1:]:
        errors.forbidden(f"{path}.{extra}", "may not specify more than 1 handler type")
    for kind in ("httpGet", "tcpSocket"):
        if kind in probe:
            port = probe[kind].get("port", 0)
            if isinstance(port, int):
                errors.port(f"{path}.{kind}.port", port)
            elif not LABEL.fullmatch(port):
                errors.invalid(
                    f"{path}.{kind}.port",
                    port,
                    "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                )
    if "exec" in probe and not probe["exec"].get("command"):
        errors.required(f"{path}.exec.command")
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        errors.not_negative(f"{path}.{field}", probe.get(field, 0))
    if single and probe.get("successThreshold", 1) != 1:
        errors.invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")


def resources(obj: Obj, path: str, errors: Errors) -> None:
    limits, requests = obj.get("limits") or {}, obj.get("requests") or {}
    for kind, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            here = f"{path}.{kind}[{name}]"
            if amount(value) < 0:
                errors.invalid(here, value, "must be greater than or equal to 0")
            if (
                "/" not in name
                and name not in ("cpu", "memory", "ephemeral-storage")
                and not name.startswith("hugepages-")
            ):
                errors.invalid(here, name, "must be a standard resource type or fully qualified")
                errors.invalid(here, name, "must be a standard resource for containers")
    for name, value in requests.items():
        limit = limits.get(name)
        if limit is not None and amount(value) > amount(limit):
            errors.invalid(f"{path}.requests", value, f"must be less than or equal to {name} limit")
        if "/" in name and limit is None:
            errors.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        elif "/" in name and amount(value) != amount(limit or ""):
            errors.invalid(f"{path}.requests", value, f"must be equal to {name} limit")


def _toleration(obj: Obj, path: str, errors: Errors) -> None:
    operator = obj.get("operator") or "Equal"
    if not obj.get("key") and operator != "Exists":
        errors.invalid(
            f"{path}.operator",
            operator,
            'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        )
    if operator not in ("Equal", "Exists"):
        errors.unsupported(f"{path}.operator", operator, ("Equal", "Exists"))
    if operator == "Exists" and obj.get("value"):
        errors.invalid(f"{path}.operator", Verbatim(str(obj)), "value must be empty when `operator` is 'Exists'")
    effects = ("NoSchedule", "PreferNoSchedule", "NoExecute")
    if obj.get("effect") and obj["effect"] not in effects:
        errors.unsupported(f"{path}.effect", obj["effect"], effects)


def _spread(rule: Obj, path: str, errors: Errors) -> None:
    if rule.get("maxSkew", 0) <= 0:
        errors.invalid(f"{path}.maxSkew", rule.get("maxSkew", 0), "must be greater than zero")
    if not rule.get("topologyKey"):
        errors.required(f"{path}.topologyKey", "can not be empty")
    choices = ("DoNotSchedule", "ScheduleAnyway")
    if rule.get("whenUnsatisfiable") not in choices:
        errors.unsupported(f"{path}.whenUnsatisfiable", rule.get("whenUnsatisfiable", ""), choices)


def pod_update(old: Obj, new: Obj, errors: Errors) -> None:
    """Only images, deadlines, added tolerations and scheduling gates of a pod may change."""
    before, after = copy(old["spec"]), copy(new["spec"])
    for kind in ("containers", "initContainers"):
        if len(before.get(kind) or ()) != len(after.get(kind) or ()):
            errors.forbidden(f"spec.{kind}", "pod updates may not add or remove containers")
            return
    for index, entry in enumerate(after.get("containers") or ()):
        if not entry.get("image"):
            errors.required(f"spec.containers[{index}].image")
    for spec in (before, after):
        for entry in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
            entry.pop("image", None)
        for field in ("activeDeadlineSeconds", "tolerations", "schedulingGates"):
            spec.pop(field, None)
        if not old["spec"].get("nodeName"):
            spec.pop("nodeName", None)
    if before != after:
        errors.forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, "
            "`spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)",
        )
