"""Probes that ask the wrong port, speak the wrong protocol, ask the wrong path or do not give the container time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from steersman_tools.fields import Fields
from steersman_tools.snapshot import EventRecord

from ...faults import Fault
from ...types import Finding, Output, RuledOut, Symptom
from .. import cite
from ..changes import container_before
from ..failures import failing_calls
from ..ports import declared_ports, number_of
from ..scene import Scene
from ..trouble import Trouble, containers_in_trouble, crashed, one_each

Kind = Literal["liveness", "readiness", "startup"]
Flaw = Literal["port", "protocol", "path", "timing", "application"]

_PROTOCOL = re.compile(
    r"malformed HTTP|server gave HTTP response to HTTPS client|first record does not look like a TLS handshake|tls:"
    r"|http2: |unexpected EOF|transport connection broken|400$|http/0\.9|: EOF$",
    re.I,
)
_UNCLEAR = re.compile(r"failed to connect service", re.I)
_FOREIGN = re.compile(r"connection reset by peer|does not implement the grpc health protocol|UNIMPLEMENTED", re.I)
"""What a server says, or does, when it is spoken to in another protocol than its own."""
"""The gRPC probe's words whether nobody listens, or somebody who does not speak gRPC."""
_REFUSED = re.compile(r"connection refused|no route to host|i/o timeout", re.I)
_SLOW = re.compile(r"context deadline exceeded|timed? ?out|Client\.Timeout|DeadlineExceeded", re.I)
_STATUS = re.compile(r"statuscode: (\d+)")
_NO_COMMAND = re.compile(r"executable file not found|exec: .*(?:no such file or directory|permission denied)", re.I)
_RECENT_SECONDS = 120.0
HASTY_SECONDS = 5.0
"""A probe that gives up so soon after the start hardly waits for any application."""


@dataclass(frozen=True, slots=True)
class _Probe:
    kind: Kind
    spec: Fields
    event: EventRecord

    @property
    def message(self) -> str:
        return self.event.message

    @property
    def check(self) -> Fields:
        return next(
            (self.spec.at(k) for k in ("httpGet", "tcpSocket", "grpc", "exec") if self.spec.has(k)), Fields(None)
        )

    @property
    def handler(self) -> str:
        return next((k for k in ("httpGet", "tcpSocket", "grpc", "exec") if self.spec.has(k)), "")

    @property
    def port(self) -> str:
        return self.check.text("port")


def probes(scene: Scene) -> Iterator[Output]:
    """One finding for each container that a probe keeps from serving."""
    for trouble in one_each([t for t in containers_in_trouble(scene) if not crashed(scene, t)]):
        for probe in _failing(scene, trouble):
            flaw = _flaw(scene, trouble, probe)
            if flaw == "application":
                yield _application(scene, trouble, probe)
            else:
                yield _finding(scene, trouble, probe, flaw)
                if flaw != "timing":
                    yield RuledOut(
                        fault=Fault(f"{_family(probe)}-probe-timing"),
                        entity=trouble.workload.ref,
                        why="the probe fails at once, however long the container has run",
                    )
            break


def _failing(scene: Scene, trouble: Trouble) -> Iterator[_Probe]:
    """The probes of the container that fail now, those that kill before those that only take away traffic."""
    killing = any("liveness" in e.message or "startup" in e.message for e in scene.events(trouble.pod, "Killing"))
    for kind in ("startup", "liveness", "readiness"):
        if (kind == "readiness") == killing and trouble.spec.has("livenessProbe") and kind != "startup":
            continue
        if kind == "startup" and trouble.status.flag("started"):
            continue  # it has passed
        spec = trouble.spec.at(f"{kind}Probe")
        for event in scene.events(trouble.pod, "Unhealthy"):
            about = event.container in ("", trouble.name)
            if spec and about and event.message.lower().startswith(kind) and scene.within(event.last, _RECENT_SECONDS):
                yield _Probe(kind, spec, event)
                break


def _family(probe: _Probe) -> str:
    return "readiness" if probe.kind == "readiness" else "liveness"


def _flaw(scene: Scene, trouble: Trouble, probe: _Probe) -> Flaw:
    message = probe.message
    if _UNCLEAR.search(message):
        if _nobody_listens(scene, trouble, probe):
            return "port"
        sibling = _sibling(trouble, probe)
        alike = sibling == probe.handler or _speaks(trouble, probe) == probe.handler
        return "timing" if alike or (not sibling and _granted(probe.spec) <= HASTY_SECONDS) else "protocol"
    if probe.handler == "exec" and _NO_COMMAND.search(message):
        return "path"
    if _PROTOCOL.search(message) or (_FOREIGN.search(message) and probe.handler in ("httpGet", "grpc")):
        return "protocol"
    if status := _STATUS.search(message):
        if status[1].startswith("4") and _sibling(trouble, probe) not in ("", "httpGet"):
            return "protocol"
        if status[1] == "404":
            return "path"
        return "protocol" if status[1] in ("400", "426") else "application"
    if _REFUSED.search(message):
        return "port" if _nobody_listens(scene, trouble, probe) else "timing"
    if _SLOW.search(message):
        return "port" if _elsewhere(trouble, probe) else "timing"
    return "application"


def _granted(spec: Fields) -> float:
    """How long after the start of the container the probe gives up at the earliest."""
    rounds = max(spec.count("failureThreshold", 3) - 1, 0)
    return float(spec.count("initialDelaySeconds") + spec.count("periodSeconds", 10) * rounds)


def _sibling(trouble: Trouble, probe: _Probe) -> str:
    """How another probe of the container asks the same port; '' where none does."""
    port = number_of(probe.port, trouble.pod)
    for kind in ("readiness", "liveness", "startup"):
        for handler in ("httpGet", "grpc", "tcpSocket"):
            other = trouble.spec.text(f"{kind}Probe.{handler}.port")
            if kind != probe.kind and other and number_of(other, trouble.pod) == port:
                return handler
    return ""


def _speaks(trouble: Trouble, probe: _Probe) -> str:
    """The way to ask that the name of the container's port calls for."""
    port = number_of(probe.port, trouble.pod)
    named = next((p.text("name") for p in trouble.spec.each("ports") if p.count("containerPort") == port), "")
    return "grpc" if "grpc" in named else "httpGet" if named.startswith("http") else ""


def _elsewhere(trouble: Trouble, probe: _Probe) -> bool:
    """Whether the probe asks a port that the container does not declare, though it declares some: packets to it may be dropped."""
    declared, port = declared_ports(trouble.pod), number_of(probe.port, trouble.pod)
    return bool(declared) and probe.handler != "exec" and port not in declared


def _nobody_listens(scene: Scene, trouble: Trouble, probe: _Probe) -> bool:
    """Whether the probe's port is one that the container does not serve, as far as its other settings tell."""
    port = number_of(probe.port, trouble.pod)
    declared = declared_ports(trouble.pod)
    past = container_before(scene, trouble.workload, trouble.name).text(f"{probe.kind}Probe.{probe.handler}.port")
    if past and past != probe.port:
        return True
    if port is None:
        return True
    if declared:
        return port not in declared
    others = {
        number_of(trouble.spec.text(f"{k}Probe.{h}.port"), trouble.pod)
        for k in ("liveness", "readiness", "startup")
        for h in ("httpGet", "tcpSocket", "grpc")
    }
    targets = {
        number_of(p.text("targetPort") or p.text("port"), trouble.pod)
        for v in scene.services_of.get(trouble.workload.ref, ())
        for p in v.ports
    }
    return port not in targets and bool((others | targets) - {None, port})


def _expected_port(scene: Scene, trouble: Trouble, probe: _Probe) -> str:
    past = container_before(scene, trouble.workload, trouble.name).text(f"{probe.kind}Probe.{probe.handler}.port")
    if past and past != probe.port:
        return past
    for other in ("readiness", "liveness", "startup"):
        port = trouble.spec.text(f"{other}Probe.{probe.handler}.port")
        if other != probe.kind and port and port != probe.port:
            return port
    declared = trouble.spec.each("ports")
    return declared[0].text("containerPort") if declared else "the port on which the container listens"


def _finding(scene: Scene, trouble: Trouble, probe: _Probe, flaw: Flaw) -> Finding:
    ref, family = trouble.workload.ref, _family(probe)
    base = f"{trouble.path}.{probe.kind}Probe"
    past = container_before(scene, trouble.workload, trouble.name).at(f"{probe.kind}Probe")
    effect = "is restarted again and again" if family == "liveness" else "never gets ready"
    asked, place = probe.check.text("path", "/"), f"{base}.httpGet.path"
    if probe.handler == "exec":
        asked, place = " ".join(probe.check.texts("command")), f"{base}.exec.command"
    known = " ".join(past.texts("exec.command")) or past.text("httpGet.path")
    field, observed, expected, what = {
        "port": (f"{base}.{probe.handler}.port", probe.port, _expected_port(scene, trouble, probe), f"asks port {probe.port}, where nothing listens"),
        "protocol": (f"{base}.{probe.handler}", _handler_text(probe.spec), _handler_text(past) or "the protocol that the container speaks", "speaks another protocol than the container"),
        "path": (place, asked, known or "what the container knows", f"asks for {asked}, which the container does not know"),
        "timing": (base, _timing_text(probe.spec), _timing_text(past) if past and _timing_text(past) != _timing_text(probe.spec) else "more time than the container needs", "does not give the container enough time"),
    }[flaw]  # fmt: skip
    return Finding(
        fault=Fault(f"{family}-probe-{flaw}"),
        entity=ref,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"The {probe.kind} probe of container {trouble.name} of {ref.kind} {ref.name} {what}, so it {effect}",
        advice=f"Set {field} to {expected}",
        certainty=0.95
        if flaw != "timing"
        else 0.45
        if _waits_for_others(scene, trouble, probe)
        else 0.84,  # no cause beside one that explains it
        breaks=(ref,),
        observations=(
            cite.event(scene, probe.event),
            cite.fields(scene, trouble.workload.resource, base, f"{trouble.path}.ports"),
        ),
    )


def _waits_for_others(scene: Scene, trouble: Trouble, probe: _Probe) -> bool:
    """Whether the container is slow because those that it calls do not answer: then the probe is not at fault."""
    slow = bool(_SLOW.search(probe.message))
    return slow and any(f.caller == trouble.workload.ref for f in failing_calls(scene))


def _application(scene: Scene, trouble: Trouble, probe: _Probe) -> Symptom:
    """The probe is right to complain: why the application is not well is another question."""
    ref = trouble.workload.ref
    return Symptom(
        kind="unready",
        entity=ref,
        text=f"Container {trouble.name} of {ref.kind} {ref.name} answers its {probe.kind} probe with a failure",
        weight=1.5,
        observations=(cite.event(scene, probe.event),),
    )


def _handler_text(spec: Fields) -> str:
    for handler in ("httpGet", "tcpSocket", "grpc", "exec"):
        if spec.has(handler):
            scheme = spec.text("httpGet.scheme")
            return f"{handler}{f' {scheme}' if scheme else ''} {spec.text(f'{handler}.port')}".strip()
    return ""


def _timing_text(spec: Fields) -> str:
    names = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")
    return ", ".join(f"{n} {spec.text(n)}" for n in names if spec.has(n)) or "the defaults"
