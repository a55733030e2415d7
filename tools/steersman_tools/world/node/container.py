"""One container's life: pull, configuration, start, probes, exit, back-off. Times are Unix seconds of the world's clock."""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from ...quantity import amount
from ..objects import Obj, stamp
from .app import App, Call, program
from .crashes import report
from .probing import probe
from .pulling import pull
from .settings import Unresolved, environment, mounted, read_file

if TYPE_CHECKING:
    from ..store import Store
    from .images import Images
    from .machine import Machine

NEVER = math.inf
LINES = 2000


class Surroundings(Protocol):
    """What containers need of the world."""

    @property
    def store(self) -> Store: ...

    images: Images

    def backoff(self, failures: int) -> float: ...

    def try_call(self, container: Container, call: Call) -> str:
        """The error of one call; '' when it succeeds."""

    def reach(self, container: Container, address: str) -> str:
        """Why a script's wait goes on; '' when it ends."""

    @property
    def backoff_reset(self) -> float: ...


class Host(Protocol):
    """What a container needs of its pod."""

    obj: Obj
    machine: Machine
    world: Surroundings
    deleting_at: float
    ip: str

    @property
    def latency_ms(self) -> float: ...

    @property
    def siblings(self) -> list[Container]: ...

    def tell(self, kind: str, reason: str, message: str, field: str = "") -> None: ...

    def touch(self) -> None: ...

    def fields(self) -> dict[str, str]: ...


@dataclass(slots=True)
class ProbeState:
    next_at: float
    failures: int = 0
    successes: int = 0


def at(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))


@dataclass(eq=False)
class Container:
    """A container of a pod, init containers included."""

    pod: Host
    spec: Obj
    init: bool
    new_id: Callable[[], str]
    phase: str = "waiting"
    reason: str = "ContainerCreating"
    message: str = ""
    retry_at: float = 0.0
    pulled: bool = False
    pull_until: float = 0.0
    failed_pulls: int = 0
    restarts: int = 0
    crashes: int = 0
    exits: list[Obj] = field(default_factory=list)
    started_at: float = 0.0
    finished_at: float = 0.0
    ready: bool = False
    started: bool = False
    id: str = ""
    env: dict[str, str] = field(default_factory=dict)
    app: App = field(default_factory=App)
    model_key: tuple[str, int] = ("", -1)
    fate: tuple[float, int, list[str]] | None = None
    """How this run will end, as far as is known: (time, exit code, last lines)."""
    probes: dict[str, ProbeState] = field(default_factory=dict)
    log: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=LINES))
    previous: deque[tuple[float, str]] | None = None
    gpus: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0
    cpu_now: float = 0.0
    memory_now: float = 0.0
    periods: float = 0.0
    throttled: float = 0.0
    limits: dict[str, float] = field(default_factory=dict)
    requests: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        resources = self.spec.get("resources") or {}
        self.limits = {k: amount(str(v)) for k, v in (resources.get("limits") or {}).items()}
        self.requests = self.limits | {k: amount(str(v)) for k, v in (resources.get("requests") or {}).items()}

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def sidecar(self) -> bool:
        return self.init and self.spec.get("restartPolicy") == "Always"

    @property
    def done(self) -> bool:
        return self.phase == "terminated" and self.retry_at == NEVER

    def tell(self, kind: str, reason: str, message: str) -> None:
        part = "initContainers" if self.init else "containers"
        self.pod.tell(kind, reason, message, f"spec.{part}{{{self.name}}}")

    def write(self, now: float, *lines: str) -> None:
        self.log.extend((now, line) for line in lines)

    def setting(self, key: str) -> str | None:
        """A variable, or the text of a file."""
        if not key.startswith("/"):
            return self.env.get(key)
        try:
            return read_file(self.pod.world.store, self.pod.obj, self.spec, key)
        except Unresolved:
            return None

    def model(self) -> str:
        """Works out what the container runs; why it cannot, or ''."""
        images = self.pod.world.images
        found = program(
            images.app(self.spec.get("image", "")), self.spec.get("command") or [], self.spec.get("args") or []
        )
        app = found.app
        for effect in app.effects:
            if re.search(effect["match"], self.setting(effect["key"]) or ""):
                app = app.but(effect["set"])
        if images.ailments:
            app = app.but(images.ailments.get(self.fingerprint(), {}))
        self.app, self.model_key = app, (self.spec.get("image", ""), images.revision)
        return found.problem or app.refused

    def fingerprint(self) -> str:
        """What decides how a container behaves: its image, command, variables, files and resources; not its name or place."""
        own = {
            e["name"]
            for e in self.spec.get("env") or ()
            if (e.get("valueFrom") or {}).keys() & {"fieldRef", "resourceFieldRef"}
        }
        env = sorted((k, v) for k, v in self.env.items() if k not in own)
        parts = [self.spec.get(key) for key in ("image", "command", "args", "resources")]
        return json.dumps([*parts, env, mounted(self.pod.world.store, self.pod.obj, self.spec)], sort_keys=True)

    # -- life --------------------------------------------------------------------------------------------------------
    def wait(self, reason: str, message: str, until: float) -> float:
        self.phase, self.reason, self.message, self.retry_at = "waiting", reason, message, until
        self.pod.touch()
        return until

    def drive(self, now: float) -> float:
        """Brings the container up to date; returns when to look again."""
        if self.phase == "waiting":
            return self._begin(now) if now >= self.retry_at else self.retry_at
        if self.phase == "running":
            return self._run(now)
        if self.retry_at <= now:
            return self._begin(now)
        if self.retry_at < NEVER and now >= self.finished_at + 0.5:
            return self._back_off()
        return self.retry_at if self.retry_at == NEVER else min(self.retry_at, self.finished_at + 0.5)

    def _back_off(self) -> float:
        meta = self.pod.obj["metadata"]
        self.tell("Warning", "BackOff", "Back-off restarting failed container")
        seconds = round(self.retry_at - self.finished_at)
        shown = f"{seconds}s" if seconds < 60 else f"{seconds // 60}m{seconds % 60}s"
        text = f"back-off {shown} restarting failed container={self.name} pod={meta['name']}_{meta['namespace']}({meta['uid']})"
        return self.wait("CrashLoopBackOff", text, self.retry_at)

    def _begin(self, now: float) -> float:
        if not self.pulled:
            if (due := pull(self, now)) is not None:
                return due
            self.pulled = True
        try:
            self.env = environment(self.pod.world.store, self.pod.obj, self.spec, self.pod.fields())
        except Unresolved as problem:
            self.tell("Warning", "Failed", f"Error: {problem}")
            return self.wait("CreateContainerConfigError", str(problem), now + 5)
        if self.exits:
            self.restarts += 1
            self.previous, self.log = self.log, deque(maxlen=LINES)
        fault = self.model()
        self.id, self.started_at = self.new_id(), now
        self.tell("Normal", "Created", f"Created container {self.name}")
        if lost := [g for g in self.gpus if not self.pod.machine.gpu(g).usable]:
            fault = f"nvidia-container-cli: device error: {lost[0]}: unknown device"
        if fault:
            text = f"failed to create containerd task: failed to create shim task: OCI runtime create failed: {fault}: unknown"
            self.tell("Warning", "Failed", f"Error: {text}")
            self.exit(now, 128, "StartError", text)
            return self.drive(now)
        self.tell("Normal", "Started", f"Started container {self.name}")
        return self._start(now)

    def _start(self, now: float) -> float:
        self.phase, self.fate = "running", self._foretell(now)
        kinds = [k for k in ("startup", "readiness", "liveness") if f"{k}Probe" in self.spec]
        self.probes = {k: ProbeState(now + self.spec[f"{k}Probe"].get("initialDelaySeconds", 0)) for k in kinds}
        self.started = "startup" not in self.probes
        self.ready = self.started and "readiness" not in self.probes
        listening = [] if self.fate else [f'level=info msg="listening" port={port}' for port in self.app.listen]
        self.write(now, *self.app.start_logs, *listening)
        self.pod.touch()
        return self._run(now)

    def _foretell(self, now: float) -> tuple[float, int, list[str]] | None:
        """How a run that starts now will end."""
        app = self.app
        for name in app.needs_env:
            if name not in self.env:
                return now + 0.3, 1, report(app, f"environment variable {name} is not set", f"KeyError: '{name}'")
        for path in app.needs_files:
            if self.setting(path) is None:
                text = f"No such file or directory: '{path}'"
                return (
                    now + 0.3,
                    1,
                    report(app, f"open {path}: no such file or directory", f"FileNotFoundError: [Errno 2] {text}"),
                )
        for key, pattern in app.needs_config.items():
            value = self.setting(key)
            if value is None or not re.search(pattern, value):
                shown = "a missing value" if value is None else repr(value[:80])
                return (
                    now + 0.3,
                    1,
                    report(
                        app,
                        f"invalid configuration: {key}: {shown}",
                        f"ValueError: invalid configuration: {key}: {shown}",
                    ),
                )
        for port in app.listen:
            if other := next(
                (c for c in self.pod.siblings if c is not self and c.phase == "running" and port in c.app.listen), None
            ):
                return (
                    now + 0.3,
                    1,
                    [f'level=fatal msg="listen tcp :{port}: bind: address already in use" ({other.name})'],
                )
        if app.gpu_util and not self.gpus:
            return now + 0.5, 1, report(app, "no CUDA device", "RuntimeError: No CUDA GPUs are available")
        for call in app.calls:
            if call.at_start and (error := self.pod.world.try_call(self, call)):
                return now + 0.6, 1, report(app, f"cannot connect: {error}", f"ConnectionError: {error}")
        if app.panic:
            return now + app.panic_after, app.exit_code or 2, list(app.panic)
        if app.run_seconds is not None and not app.wait_for:
            return now + app.run_seconds, app.exit_code, []
        return None

    def _run(self, now: float) -> float:
        if self.model_key != (self.spec.get("image", ""), self.pod.world.images.revision):
            self.model()
            if self.fate is None and (self.app.panic or self.app.run_seconds is not None):
                self.fate = self._foretell(now)
        if self.app.wait_for and not self.fate:
            if error := self.pod.world.reach(self, self.app.wait_for):
                self.write(now, f"waiting for {self.app.wait_for}: {error}")
                return now + 1
            self.fate = (now, self.app.exit_code, [])
        if self.fate and now >= self.fate[0]:
            self.write(now, *self.fate[2])
            self.exit(now, self.fate[1])
            return self.drive(now)
        due = min(self.fate[0] if self.fate else NEVER, self.full_at(now))
        if due <= now:
            self.exit(now, 137, "OOMKilled")
            return self.drive(now)
        for kind, state in self.probes.items():
            if (kind == "startup") == self.started:
                continue
            if now >= state.next_at:
                probe(self, kind, state, now)
                state.next_at = now + self.spec[f"{kind}Probe"].get("periodSeconds", 10)
                if self.phase != "running":
                    return self.drive(now)
            due = min(due, state.next_at)
        return due

    def exit(self, now: float, code: int, reason: str = "", message: str = "") -> None:
        """Ends the run, and decides when the next begins."""
        state: Obj = {"exitCode": code, "reason": reason or ("Error" if code else "Completed"), "startedAt": at(self.started_at),
                      "finishedAt": at(now), "containerID": f"containerd://{self.id}"}  # fmt: skip
        self.exits = [*self.exits[-1:], state | ({"message": message} if message else {})]
        self.phase, self.ready, self.started, self.fate, self.finished_at = "terminated", False, False, None, now
        self.cpu_now = self.memory_now = 0.0
        policy = "Always" if self.sidecar else self.pod.obj["spec"].get("restartPolicy", "Always")
        always = policy == "Always" and (not self.init or self.sidecar or bool(code))
        again = (always or (policy == "OnFailure" and bool(code))) and not self.pod.deleting_at
        if now - self.started_at > self.pod.world.backoff_reset:
            self.crashes = 0
        self.retry_at = now + self.pod.world.backoff(self.crashes) if again else NEVER
        self.crashes += 1
        self.pod.touch()

    # -- what it is doing --------------------------------------------------------------------------------------------
    @property
    def answers_at(self) -> float:
        """The time from which the application answers: little CPU makes it slower to start."""
        return self.started_at + self.app.startup_seconds * max(1.0, 0.05 / (self.limits.get("cpu") or 1.0))

    def listens(self, port: int, now: float) -> bool:
        return self.phase == "running" and port in self.app.listen and now >= self.answers_at

    def memory(self, now: float) -> float:
        age = now - self.started_at
        return self.app.bytes * min(1.0, 0.3 + age / max(self.app.startup_seconds, 0.1)) + self.app.growth * age

    def full_at(self, now: float) -> float:
        """When the container's memory reaches its limit."""
        limit = self.limits.get("memory", 0.0)
        if not limit or (self.app.bytes <= limit and not self.app.growth):
            return NEVER
        if self.memory(now) > limit:
            return now
        if self.app.bytes > limit:
            return self.started_at + max(0.0, limit / self.app.bytes - 0.3) * max(self.app.startup_seconds, 0.1) + 0.05
        return self.started_at + (limit - self.app.bytes) / self.app.growth + 0.05

    def status(self) -> Obj:
        """The containerStatus."""
        waiting = {"reason": self.reason} | ({"message": self.message} if self.message else {})
        state: Obj = {"waiting": {"waiting": waiting}, "running": {"running": {"startedAt": at(self.started_at)}},
                      "terminated": {"terminated": self.exits[-1] if self.exits else {}}}[self.phase]  # fmt: skip
        past = self.exits[:-1] if self.phase == "terminated" else self.exits
        ready = self.ready if not self.init or self.sidecar else self.done and self.exits[-1]["exitCode"] == 0
        made: Obj = {"name": self.name, "image": self.spec.get("image", ""), "imageID": f"{self.spec.get('image', '')}@world" if self.pulled else "",
                     "ready": ready, "started": self.started, "restartCount": self.restarts, "state": state,
                     "lastState": {"terminated": past[-1]} if past else {}}  # fmt: skip
        return made | ({"containerID": f"containerd://{self.id}"} if self.id else {})
