"""How an application behaves: the values of a world file, which tags, commands, settings and faults each may change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ...quantity import quantity

_SHELLS = frozenset({"sh", "bash", "ash", "sleep", "echo", "true", "false", "cat", "nc", "tail", "env"})


@dataclass(frozen=True)
class Call:
    """A call that an application makes while it serves a request."""

    env: str = ""
    """The variable that holds the address."""
    address: str = ""
    """A fixed address, where no variable gives one."""
    path: str = "/"
    required: bool = True
    ratio: float = 1.0
    """Calls for each request."""
    timeout_ms: float = 1000
    retries: int = 0
    at_start: bool = False
    """Whether the application exits when this call fails as it starts."""
    password: str = ""
    """The variable that holds the password it presents."""


@dataclass(frozen=True)
class App:
    """What runs in a container of an image."""

    listen: tuple[int, ...] = ()
    protocol: str = "http"
    """http, grpc or tcp."""
    paths: tuple[str, ...] = ()
    """The paths that answer 200; none given: all."""
    style: str = "go"
    """Of crash reports: go or python."""
    pull_seconds: float = 0.3
    startup_seconds: float = 0.5
    run_seconds: float | None = None
    """It exits by itself after this time."""
    exit_code: int = 0
    refused: str = ""
    """Why a runtime cannot start it."""
    panic: tuple[str, ...] = ()
    """Lines written before it exits, with 2 if exit_code does not say otherwise, after panic_after seconds."""
    panic_after: float = 1.0
    memory: str = "48Mi"
    memory_growth: str = "0"
    """Each minute."""
    cpu: float = 0.005
    cpu_per_request: float = 0.001
    """Core seconds."""
    latency_ms: float = 5
    error_rate: float = 0
    hang: bool = False
    """It accepts connections and never answers."""
    unhealthy: bool = False
    """Its probes answer 503."""
    needs_env: tuple[str, ...] = ()
    needs_files: tuple[str, ...] = ()
    needs_config: Mapping[str, str] = field(default_factory=dict)
    """Variable or file path: pattern."""
    calls: tuple[Call, ...] = ()
    effects: tuple[Mapping[str, Any], ...] = ()
    """{key: variable or file path, match: pattern, set: {changes}}."""
    commands: Mapping[str, Mapping[str, Any]] | None = None
    """Programs in the image: changes."""
    shell: bool = False
    """The image holds nothing but a shell."""
    password_env: str = ""
    """The password that it asks callers for, read live from its Secret."""
    logs: tuple[str, ...] = ()
    start_logs: tuple[str, ...] = ()
    wait_for: str = ""
    """host[:port] that a script waits for."""
    gpu_util: float = 0
    """Percent of each GPU."""
    gpu_memory_mib: float = 0
    disk: str = "0"
    disk_growth: str = "0"
    """Each minute."""

    def but(self, changes: Mapping[str, Any]) -> App:
        """This application with changes as a world file writes them. ValueError names fields that there are not."""
        if unknown := changes.keys() - {f.name for f in fields(App)}:
            raise ValueError(f"an application has no field {sorted(unknown)[0]!r}")
        ready: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
        if "calls" in ready:
            ready["calls"] = tuple(Call(**entry) for entry in changes["calls"])
        return replace(self, **ready)

    @property
    def bytes(self) -> float:
        return quantity(self.memory) or 0.0

    @property
    def growth(self) -> float:
        """Bytes a second."""
        return (quantity(self.memory_growth) or 0.0) / 60


@dataclass(frozen=True, slots=True)
class Program:
    """What a container runs, or why it cannot."""

    app: App
    problem: str = ""


def program(app: App, command: list[str], args: list[str]) -> Program:
    """The application under a container's command and arguments."""
    if not command and not (app.shell and args):
        return Program(app)
    words = command or args
    name = words[0].rpartition("/")[2]
    if name in _SHELLS:
        return Program(_script(app, " ".join(command + args)))
    if app.commands is not None and name in app.commands:
        return Program(app.but(app.commands[name]))
    if app.commands is None and not app.shell:
        return Program(app)
    return Program(app, f'exec: "{words[0]}": executable file not found in $PATH')


_WAITS = re.compile(
    r"(?:until|while !)[^;]*?(?:nslookup|nc -zv?|wget\s[^;]*?|curl\s[^;]*?)\s+(?:https?://)?([\w.-]+)(?:[: ](\d+))?"
)
_FOREVER = re.compile(r"sleep inf|while (true|:)|tail -f|nc -l")


def _script(app: App, text: str) -> App:
    """A shell script, as far as its sleeps, exits, waits, listens and echoes tell."""
    changes: dict[str, Any] = {"start_logs": tuple(re.findall(r"echo\s+[\"']([^\"']*)[\"']", text))}
    if found := _WAITS.search(text):
        changes["wait_for"] = found[1] + (f":{found[2]}" if found[2] else "")
    if found := re.search(r"nc\s+-l\w*\s+(?:-p\s*)?(\d+)", text):
        changes["listen"] = (int(found[1]),)
    sleeps = sum(float(n) for n in re.findall(r"sleep (\d+(?:\.\d+)?)", text))
    exits = re.search(r"\bexit (\d+)|\b(false)\b", text)
    if exits:
        changes |= {"exit_code": int(exits[1] or 1), "run_seconds": sleeps or 0.3}
    elif not _FOREVER.search(text) and (app.shell or sleeps):
        changes["run_seconds"] = sleeps or 0.3
    return app.but(changes)
