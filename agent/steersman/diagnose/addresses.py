"""Addresses in settings: which values of an environment name something that the container calls."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steersman_tools.fields import Fields
from steersman_tools.redact import MARK
from steersman_tools.snapshot import Snapshot
from steersman_tools.types import Ref

from .workloads import Workload

_HOST = r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?)*"
_URL = re.compile(
    rf"(?:jdbc:)?(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^\s/@]*@)?(?P<host>{_HOST})(?::(?P<port>\d+))?", re.I
)
_PAIR = re.compile(rf"(?P<host>{_HOST}):(?P<port>\d{{1,6}})(?=$|[/,;\s])")
_BARE = re.compile(rf"{_HOST}\.?")
_ADDRESS_NAME = re.compile(
    r"(ADDR|ADDRESS|HOST|HOSTNAME|URL|URI|ENDPOINT|SERVER|BROKERS?|DSN|UPSTREAM|SERVICE)S?$", re.I
)
_DEFAULT_PORTS = {
    "http": 80, "https": 443, "grpc": 80, "ws": 80, "redis": 6379, "postgres": 5432, "postgresql": 5432, "mysql": 3306,
    "mongodb": 27017, "amqp": 5672, "nats": 4222, "kafka": 9092,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable as the container gets it; `value` is None where it cannot be known (a Secret)."""

    name: str
    value: str | None
    field: str
    """Where it stands: `env[2].value` below the container, or a key of a ConfigMap."""
    source: Ref | None = None
    """The ConfigMap or Secret that it comes from."""


@dataclass(frozen=True, slots=True)
class Call:
    """Something that a workload is set up to call."""

    caller: Ref
    container: str
    variable: str
    value: str
    field: str
    """The path of the value in the caller, or in the ConfigMap that holds it."""
    holder: Ref
    """The object in which the value stands."""
    host: str
    port: int | None
    service: Ref | None
    """The Service that the host names, whether it exists or not; None for hosts outside the cluster."""

    @property
    def observed(self) -> bool:
        """Whether no setting names it, and somebody has seen it happen."""
        return not self.variable


def variables(workload: Workload, container: Fields, snapshot: Snapshot) -> list[Variable]:
    """The container's environment in order; a later entry of the same name replaces an earlier one."""
    found: list[Variable] = []
    namespace, base = workload.ref.namespace, workload.container_path(container.text("name"))
    for source in container.each("envFrom"):
        holder = Ref(namespace, "ConfigMap", source.text("configMapRef.name"))
        data = snapshot.get(holder)
        for key, value in (data.map("data") if data else {}).items():
            found.append(Variable(source.text("prefix") + key, value, f"data['{key}']", holder))
        secret = Ref(namespace, "Secret", source.text("secretRef.name"))
        for key, shown in _shown(secret, snapshot).items():
            found.append(Variable(source.text("prefix") + key, shown, f"data['{key}']", secret))
    for index, entry in enumerate(container.each("env")):
        name, path = entry.text("name"), f"{base}.env[{index}]"
        if ref := entry.at("valueFrom.configMapKeyRef"):
            holder, key = Ref(namespace, "ConfigMap", ref.text("name")), ref.text("key")
            data = snapshot.get(holder)
            found.append(Variable(name, data.map("data").get(key) if data else None, f"data['{key}']", holder))
        elif ref := entry.at("valueFrom.secretKeyRef"):
            secret = Ref(namespace, "Secret", ref.text("name"))
            shown = _shown(secret, snapshot).get(ref.text("key"))
            field = f"{path}.valueFrom.secretKeyRef" if shown is None else f"data['{ref.text('key')}']"
            found.append(Variable(name, shown, field, secret))
        elif entry.has("valueFrom"):
            found.append(Variable(name, None, f"{path}.valueFrom"))
        else:
            found.append(Variable(name, entry.text("value"), f"{path}.value"))
    return found


def _shown(secret: Ref, snapshot: Snapshot) -> dict[str, str | None]:
    """The keys of a Secret, with the values of those that are no secrets: hosts and ports."""
    resource = snapshot.get(secret)
    return {key: _decoded(value) for key, value in (resource.map("data") if resource else {}).items()}


def _decoded(value: str) -> str | None:
    try:
        return None if value in ("", MARK) else base64.b64decode(value, validate=True).decode()
    except ValueError:
        return None


def effective(found: Iterable[Variable]) -> dict[str, Variable]:
    """What the process sees: the last of each name."""
    return {variable.name: variable for variable in found}


def calls_of(workload: Workload, snapshot: Snapshot) -> list[Call]:
    """Everything that the workload's settings say it calls."""
    found: list[Call] = []
    for container in workload.containers:
        name = container.text("name")
        env = effective(variables(workload, container, snapshot))
        for variable in env.values():
            for host, port in parse(variable, env):
                service = service_named(host, workload.ref.namespace, snapshot)
                if service is None and not _ADDRESS_NAME.search(variable.name):
                    continue
                found.append(
                    Call(
                        caller=workload.ref,
                        container=name,
                        variable=variable.name,
                        value=variable.value or "",
                        field=variable.field,
                        holder=variable.source or workload.ref,
                        host=host,
                        port=port,
                        service=service,
                    )
                )
    return found


def parse(variable: Variable, env: Mapping[str, Variable]) -> list[tuple[str, int | None]]:
    """The (host, port) pairs in the value; a bare host only where the variable's name says that it is one."""
    value = (variable.value or "").strip()
    if not value or len(value) > 2_000:
        return []
    urls = [
        (m["host"], int(m["port"]) if m["port"] else _DEFAULT_PORTS.get(m["scheme"].lower()))
        for m in _URL.finditer(value)
    ]
    if urls:
        return urls
    pairs: list[tuple[str, int | None]] = [
        (m["host"], int(m["port"])) for m in _PAIR.finditer(value) if not m["host"].replace(".", "").isdigit()
    ]
    if pairs:
        return pairs
    if _BARE.fullmatch(value) and _ADDRESS_NAME.search(variable.name) and not value.replace(".", "").isdigit():
        return [(value.rstrip("."), _companion(variable.name, env))]
    return []


def _companion(name: str, env: Mapping[str, Variable]) -> int | None:
    """The port of a host that is given apart: DB_HOST and DB_PORT."""
    other = env.get(_ADDRESS_NAME.sub("PORT", name)) or env.get(f"{name}_PORT")
    return int(other.value) if other and other.value and other.value.isdigit() else None


def service_named(host: str, namespace: str, snapshot: Snapshot) -> Ref | None:
    """The Service that a pod of the namespace means by the host; None for names outside the cluster."""
    parts = host.lower().split(".")
    if len(parts) == 1:
        return Ref(namespace, "Service", parts[0]) if parts[0] != "localhost" else None
    if len(parts) == 2:
        known = snapshot.get(Ref("", "Namespace", parts[1])) or snapshot.get(Ref(parts[1], "Service", parts[0]))
        return Ref(parts[1], "Service", parts[0]) if known else None
    if parts[2] == "svc":
        return Ref(parts[1], "Service", parts[0])
    if len(parts) > 3 and parts[3] == "svc":  # a pod of a headless Service
        return Ref(parts[2], "Service", parts[1])
    return None
