"""A small live cloud in one process: the API, the control plane, machines, applications and their traffic, on one clock."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from ..clock import WallClock
from ..snapshot import Snapshot
from ..types import Json, JsonObject
from . import admission, bootstrap
from .addresses import ServiceAddresses
from .api.access import Access
from .api.caller import APISERVER, Caller, User
from .api.handler import Api
from .api.kinds import Types
from .api.plant import Plant
from .api.reading import decode
from .api.registry import Registry
from .api.requests import Request
from .api.status import ApiError
from .clock import MovableClock, ShiftedClock, SimulatedClock
from .engine import Engine
from .exposition import state
from .loading import load
from .node.kubelets import NODE, Kubelets
from .node.worldfile import BadWorld, WorldFile, read
from .objects import Obj
from .plane import control_plane
from .recorder import Recorder
from .schedule.scheduler import Scheduler
from .series.scraping import Scraper
from .store import Store
from .traffic.flow import Flow
from .traffic.routes import Routes
from .webhooks import why_silent

log = logging.getLogger(__name__)
EXAMPLE = Path(__file__).parent / "worlds" / "shop.yaml"
VERSION = "v1.33.1"
_COARSE = 15.0
"""Seconds between two looks at the traffic in a past that is lived through at once, but for its last minute."""


class World:
    """A world. Between requests it lives by `live()` (served) or `run_for()` (tests and rehearsals)."""

    def __init__(
        self, file: WorldFile | None = None, clock: MovableClock | None = None, version: str = VERSION
    ) -> None:
        self.file = file or WorldFile()
        self.clock: MovableClock = clock or ShiftedClock(WallClock())
        self.version = version
        self.rng = random.Random(self.file.settings.seed)
        self.types = Types()
        self.store = Store(self.types)
        self.registry = Registry(self.store, self.clock, self.rng)
        self.recorder = Recorder(self.registry)
        self.engine = Engine(self.store, self.clock)
        self.access = Access(self.store)
        self._changed: asyncio.Event | None = None
        self._assemble()
        for type_id, obj in bootstrap.objects(self.file.settings.provisioner):
            self.registry.create(self.types[type_id], obj, APISERVER)
        for name in self.kubelets.machines:
            self.engine.now(self.kubelets.name, (NODE, name))

    def _assemble(self) -> None:
        """Joins the parts."""
        modern = tuple(int(n) for n in self.version.removeprefix("v").split(".")[:2]) >= (1, 28)
        self.registry.modern = modern
        self.kubelets = Kubelets(self.registry, self.recorder, self.file)
        self.kubelets.version = self.version
        self.routes = Routes(self.store, self.kubelets, self.file.externals)
        self.flow = Flow(self.kubelets, self.routes, self.file.loads, random.Random(self.file.settings.seed + 1))
        self.kubelets.network = self.flow
        self.scraper = Scraper(self)
        self.scheduler = Scheduler(self.registry, self.recorder)
        self.scheduler.modern = modern
        for controller in (self.scheduler, *control_plane(self, modern=modern), self.kubelets):
            self.engine.add(controller)
        self.plant = Plant(self.types, self.store, self.registry, self.access, self.clock, self.scraper, self.version)
        self.api = Api(self.plant)
        registry, settings = self.registry, self.file.settings
        self.registry.admission += [
            admission.NamespaceLifecycle(registry), admission.ServiceAccounts(registry), admission.Priorities(registry),
            admission.DefaultTolerations(settings.eviction_seconds), admission.LimitRanges(registry), admission.DefaultStorageClass(registry), admission.Protection(),
            ServiceAddresses(registry), admission.Webhooks(registry, lambda hook: why_silent(self.routes, hook)), admission.Quotas(registry),
        ]  # fmt: skip

    # -- beginnings --------------------------------------------------------------------------------------------------
    @classmethod
    def from_file(cls, path: Path = EXAMPLE, clock: MovableClock | None = None, version: str = VERSION) -> World:
        """The world of a world file, its objects created and no time passed. Raises BadWorld."""
        world = cls(read(path), clock, version)
        for obj in world.file.objects():
            world.apply(obj)
        return world

    @classmethod
    def load(cls, snapshot: Snapshot, clock: MovableClock | None = None, version: str = "") -> World:
        """A world that goes on from a snapshot: for rehearsing plans. What runs in images is inferred from the objects."""
        return load(cls, snapshot, clock or SimulatedClock(snapshot.taken_at), version or snapshot.version or VERSION)

    def apply(self, obj: Mapping[str, Any], manager: str = "kubectl-client-side-apply") -> None:
        """Creates an object as `kubectl apply` does; one that exists is left alone. Raises BadWorld."""
        text = orjson.dumps(obj).decode()
        group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
        kind = self.types.of_kind(group, str(obj.get("kind", "")))
        if kind is None:
            raise BadWorld(
                f"The world serves no {obj.get('apiVersion')} {obj.get('kind')}: create its CustomResourceDefinition first."
            )
        try:
            made = decode(kind, version, orjson.loads(text)).obj
            notes = made["metadata"].setdefault("annotations", {})
            notes["kubectl.kubernetes.io/last-applied-configuration"] = text + "\n"
            if kind.namespaced:
                made["metadata"].setdefault("namespace", "default")
            self.registry.create(kind, made, Caller(User("admin", ("system:masters",)), manager, version=version))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise BadWorld(
                    f"{obj.get('kind')} {made['metadata'].get('name', '')} is refused: {error.message}"
                ) from error
        self.engine.settle()

    # -- time --------------------------------------------------------------------------------------------------------
    def settle(self) -> None:
        """Does all that is to be done at this moment."""
        self.engine.settle()
        self.kubelets.flush()
        self.engine.settle()

    def run_for(self, seconds: float) -> None:
        """Lives through so many seconds at once; the clock stands at their end."""
        end = self.clock.now() + timedelta(seconds=seconds)
        self.settle()
        while True:
            near = (end - self.clock.now()).total_seconds() <= 60
            step = self.scraper.interval if near else max(_COARSE, self.scraper.interval)
            due = self._next(step)
            if due > end:
                break
            self.clock.move_to(due)
            self._step(step)
        self.clock.move_to(end)
        self._step(self.scraper.interval)

    def _next(self, step: float) -> datetime:
        """The next moment at which something happens, when traffic flows every `step` seconds."""
        moments = [self.scraper.last + timedelta(seconds=step)]
        if self.engine.next_due is not None:
            moments.append(max(self.engine.next_due, self.clock.now()))
        return min(moments)

    def _step(self, step: float) -> None:
        """Lets traffic flow since it last did, if that is `step` seconds ago, and does what is due."""
        self.engine.settle()
        now = self.clock.now()
        elapsed = (now - self.scraper.last).total_seconds()
        if elapsed >= step:
            self.scraper.last = now
            self.flow.tick(elapsed)
            self.scraper.scrape()
            self.recorder.forget()
        self.settle()

    async def live(self) -> None:
        """Lives by the clock until cancelled."""
        self._changed = asyncio.Event()
        while True:
            try:
                self._step(self.scraper.interval)
            except Exception:  # what a client has sent must not stop a world that others use
                log.exception("the world stumbled")
            now = self.clock.now()
            waits = [self.scraper.interval - (now - self.scraper.last).total_seconds()]
            if self.engine.next_due is not None:
                waits.append((self.engine.next_due - now).total_seconds())
            pause = max(0.005, min([w for w in waits if not math.isnan(w)]))
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):  # wait_for of Python 3.11 may swallow the cancellation
                    await self._changed.wait()

    def wake(self) -> None:
        """Has a living world look at what a request has changed."""
        if self._changed is not None:
            self._changed.set()

    # -- faults ------------------------------------------------------------------------------------------------------
    def inject(self, fault: JsonObject) -> None:
        """Changes the simulated world: a node, GPU, image, load or external, as the lab's `POST /fault`. ValueError says what is wrong."""
        values: dict[str, Any] = dict(fault)
        match values:
            case {"gpu": uuid}:
                self.kubelets.gpu_fault(str(uuid), values)
                self._refresh_nodes()
            case {"image": image}:
                self.file.images.override(str(image), values.get("override") or {})
                for key in self.kubelets.pods:
                    self.engine.now(self.kubelets.name, key)
            case {"load": name}:
                load = next((e for e in self.file.loads if e.name == name), None)
                if load is None:
                    raise ValueError(f"there is no load {name!r}")
                load.rps = float(values["rps"])
            case {"external": name}:
                self.file.externals[str(name)] = {k: v for k, v in values.items() if k != "external"}
            case {"node": name}:
                self.kubelets.node_fault(str(name), str(values.get("kind", "")), values)
                self._refresh_nodes()
            case _:
                raise ValueError("a fault names a gpu, an image, an external, a load or a node")
        self.kubelets.flush()
        for key in self.kubelets.pods:
            self.engine.now(self.kubelets.name, key)
        self.wake()

    def _refresh_nodes(self) -> None:
        for name in self.kubelets.machines:
            self.engine.now(self.kubelets.name, (NODE, name))

    def heal(self) -> None:
        """Ends all injected faults; the objects of the API are left as they are."""
        for machine in self.kubelets.machines.values():
            machine.heal()
        for repository in list(self.file.images.overrides):
            self.file.images.override(repository, {})
        if self.file.path:
            fresh = read(self.file.path)
            for load in self.file.loads:
                load.rps = next((e.rps for e in fresh.loads if e.name == load.name), load.rps)
            self.file.externals.clear()
            self.file.externals.update(fresh.externals)
        self._refresh_nodes()
        for key in self.kubelets.pods:
            self.engine.now(self.kubelets.name, key)
        self.wake()

    def operate(self, node: str, operation: str) -> str:
        """Carries out an operation on a machine (reboot, kubelet_restart, clean_disk, gpu_reset, replace); says what came of it."""
        result = self.kubelets.operate(node, operation)
        self.kubelets.flush()
        self._refresh_nodes()
        self.wake()
        return result

    # -- looking -----------------------------------------------------------------------------------------------------
    def request(
        self, method: str, path: str, body: object = None, content_type: str = "application/json", **query: str
    ) -> tuple[int, Json]:
        """One request of the API without HTTP, as the admin: status and JSON; the body is anything that JSON can hold. For tests and rehearsals."""
        bare, _, inline = path.partition("?")
        asked = dict(p.partition("=")[::2] for p in inline.split("&") if p) | query
        data = b"" if body is None else orjson.dumps(body)
        answer = self.api.handle(
            Request(method, bare, asked, {"content-type": content_type, "user-agent": "steersman"}, data)
        )
        reply = getattr(answer, "body", b"null")
        try:
            made: Json = orjson.loads(reply)
        except orjson.JSONDecodeError:
            made = reply.decode(errors="replace")
        return int(getattr(answer, "status", 200)), made

    def get(self, type_id: str, namespace: str, name: str) -> Obj | None:
        """An object as it is stored, such as `get("deployments.apps", "shop", "cart")`."""
        return self.store.get(type_id, namespace, name)

    @property
    def metrics(self) -> Scraper:
        """The world's MetricsSource."""
        return self.scraper

    def state(self) -> dict[str, Json]:
        """What the simulated world does: the oracle of tests."""
        return state(self)
