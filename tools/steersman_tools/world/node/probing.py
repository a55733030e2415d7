"""Probes: what a kubelet sees of a container, and what it does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Obj

if TYPE_CHECKING:
    from .container import Container, ProbeState

CLIENTS = frozenset(
    {"sh", "bash", "cat", "ls", "test", "pg_isready", "redis-cli", "grpc_health_probe", "curl", "wget", "mysqladmin"}
)
_GARBAGE = 'malformed HTTP response "\\x00\\x00\\x06\\x04"'


def probe(container: Container, kind: str, state: ProbeState, now: float) -> None:
    """Runs one probe and acts on its outcome."""
    spec = container.spec[f"{kind}Probe"]
    error = why_failed(container, spec, now)
    if error:
        state.failures, state.successes = state.failures + 1, 0
        verb = "errored" if error.startswith("!") else "failed"
        container.tell("Warning", "Unhealthy", f"{kind.capitalize()} probe {verb}: {error.lstrip('!')}")
        if state.failures < spec.get("failureThreshold", 3):
            return
        if kind == "readiness":
            _mark(container, ready=False)
        else:
            container.tell("Normal", "Killing", f"Container {container.name} failed {kind} probe, will be restarted")
            container.exit(now, 137)
        return
    state.failures, state.successes = 0, state.successes + 1
    if state.successes < spec.get("successThreshold", 1):
        return
    if kind == "startup":
        _mark(container, started=True, ready="readiness" not in container.probes)
    elif kind == "readiness":
        _mark(container, ready=True)


def _mark(container: Container, *, ready: bool | None = None, started: bool | None = None) -> None:
    before = container.ready, container.started
    container.ready = container.ready if ready is None else ready
    container.started = container.started if started is None else started
    if (container.ready, container.started) != before:
        container.pod.touch()


def port_number(port: int | str, container: Container) -> int:
    """The number of a port that may be named."""
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    for entry in container.spec.get("ports") or ():
        if entry.get("name") == port:
            return int(entry["containerPort"])
    return 0


def why_failed(container: Container, spec: Obj, now: float) -> str:
    """Why a probe fails, in the kubelet's words; '' when it passes, a leading '!' when it could not be run."""
    timeout = spec.get("timeoutSeconds", 1)
    slow = container.app.hang or container.pod.latency_ms > timeout * 1000
    if "exec" in spec:
        return _exec(container, spec, now, timeout, slow)
    check = spec.get("httpGet") or spec.get("tcpSocket") or spec.get("grpc") or {}
    ip, port = container.pod.ip, port_number(check.get("port", 0), container)
    scheme, path = check.get("scheme", "HTTP").lower(), check.get("path", "/")
    url = f'Get "{scheme}://{ip}:{port}{path if path.startswith("/") else "/" + path}"'
    server = next((c for c in container.pod.siblings if c.listens(port, now)), None)
    if server is None:
        refused = f"dial tcp {ip}:{port}: connect: connection refused"
        return f"{url}: {refused}" if "httpGet" in spec else refused
    if "tcpSocket" in spec:
        return ""
    if slow:
        return f"{url}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if "grpc" in spec:
        return (
            ""
            if server.app.protocol == "grpc"
            else f'timeout: failed to connect service "{ip}:{port}" within {timeout}s'
        )
    return _http(server, url, scheme, path)


def _http(server: Container, url: str, scheme: str, path: str) -> str:
    if scheme == "https":
        return f"{url}: http: server gave HTTP response to HTTPS client"
    if server.app.protocol != "http":
        return f"{url}: net/http: HTTP/1.x transport connection broken: {_GARBAGE}"
    if server.app.paths and path.split("?")[0] not in server.app.paths:
        return "HTTP probe failed with statuscode: 404"
    return "HTTP probe failed with statuscode: 503" if server.app.unhealthy else ""


def _exec(container: Container, spec: Obj, now: float, timeout: int, slow: bool) -> str:  # noqa: FBT001   # a fact
    name = spec["exec"]["command"][0].rpartition("/")[2]
    if slow:
        return f"!rpc error: code = DeadlineExceeded desc = command timed out after {timeout}s"
    commands = container.app.commands
    if commands is not None and name not in commands and name not in CLIENTS:
        return f'!failed to exec in container: exec: "{name}": executable file not found in $PATH'
    return "command exited with code 1" if container.app.unhealthy or now < container.answers_at else ""
