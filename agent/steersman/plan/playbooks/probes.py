"""Remedies for probes that kill or hide a container that is well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.types import Json

from ...diagnose.ports import declared_ports
from ...diagnose.workloads import Workload
from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site, value_at

_PATIENT = {"timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 6}
"""Kubernetes' own defaults, with more failures forgiven."""


@playbook(Fault.LIVENESS_PROBE_PORT, Fault.READINESS_PROBE_PORT)
def port(site: Site) -> Iterator[Draft]:
    """The port on which the container listens: that of its other probe, of its declaration, of its Service."""
    if site.workload is None:
        return
    found = [int(n) for n in re.findall(r"^\d+$", site.cause.expected)]
    found += [n for n in sorted(_behind_services(site, site.workload)) if n not in found]
    found += [n for n in sorted(declared_ports(site.workload.template)) if n not in found]
    for number in found[:3]:
        yield Draft("set-probe-port", (site.patch((site.cause.field, number)),), f"the container listens on {number}")


def _behind_services(site: Site, workload: Workload) -> set[int]:
    ports = [p for v in site.scene.services_of.get(workload.ref, ()) for p in v.ports]
    return {n for p in ports if (n := p.integer("targetPort") or p.integer("port"))}


@playbook(Fault.LIVENESS_PROBE_PATH, Fault.READINESS_PROBE_PATH, Fault.LIVENESS_PROBE_PROTOCOL, Fault.READINESS_PROBE_PROTOCOL)  # fmt: skip
def handler(site: Site) -> Iterator[Draft]:
    """What the container's other probe asks; else only whether the port is open."""
    if site.workload is None or not site.container:
        return
    base = re.sub(r"(Probe)\b.*", r"\1", site.cause.field)
    own = value_at(site.raw, base)
    if not isinstance(own, dict):
        return
    for other in ("readinessProbe", "livenessProbe", "startupProbe"):
        path = f"{base.rpartition('.')[0]}.{other}"
        probe = value_at(site.raw, path)
        if path == base or not isinstance(probe, dict) or _handler(probe) == _handler(own):
            continue
        changed: Json = {k: v for k, v in own.items() if k not in ("httpGet", "tcpSocket", "grpc", "exec")} | _handler(
            probe
        )
        yield Draft("copy-probe", (site.patch((base, changed)),), f"the container answers its {other}")
    number = next((v.get("port") for k in ("httpGet", "tcpSocket", "grpc") if isinstance(v := own.get(k), dict)), None)
    if number is not None and "tcpSocket" not in own:
        plain: Json = {k: v for k, v in own.items() if k not in ("httpGet", "grpc", "exec")} | {
            "tcpSocket": {"port": number}
        }
        why = "what the container answers to is not known; that it listens can be asked of every server"
        yield Draft("probe-by-connection", (site.patch((base, plain)),), why)


def _handler(probe: dict[str, Json]) -> dict[str, Json]:
    return {k: v for k, v in probe.items() if k in ("httpGet", "tcpSocket", "grpc", "exec")}


@playbook(Fault.LIVENESS_PROBE_TIMING, Fault.READINESS_PROBE_TIMING)
def timing(site: Site) -> Iterator[Draft]:
    """More patience, never less than there is."""
    base = re.sub(r"(Probe)\b.*", r"\1", site.cause.field)
    own = value_at(site.raw, base)
    if not isinstance(own, dict):
        return
    delay = own.get("initialDelaySeconds")
    wanted: dict[str, int] = {"initialDelaySeconds": max(30, 3 * delay if isinstance(delay, int) else 0), **_PATIENT}
    fields: list[tuple[str, Json]] = []
    for name, value in wanted.items():
        now = own.get(name)
        if not isinstance(now, int) or now < value:
            fields.append((f"{base}.{name}", value))
    if fields:
        yield Draft(
            "patient-probe", (site.patch(*fields),), f"the container needs more time than {site.cause.observed}"
        )
