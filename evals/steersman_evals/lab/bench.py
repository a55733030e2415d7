"""One running lab: brought up, broken, put back as it was, taken down."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from steersman.settings import Settings
from steersman_tools.fields import Fields
from steersman_tools.kinds import BY_NAME
from steersman_tools.kubernetes.transport import Reply, Transport, connect
from steersman_tools.types import Json, Ref

CONTENT = {
    "strategic": "application/strategic-merge-patch+json",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
}
OPERATIONS = "node.lab/operation"
"""The annotation by which the lab's machines are asked for a reboot."""
_VERSIONS = {"CronJob": ("v1", "v1beta1"), "PodDisruptionBudget": ("v1", "v1beta1")}


class NoLab(Exception):
    """There is no lab to run; the text says how to get one."""


@dataclass(frozen=True)
class Bench:
    """A lab that runs."""

    directory: Path
    port: int

    @property
    def settings(self) -> Settings:
        """What steersman needs to look at it."""
        return Settings(
            kubeconfig=self.directory / "kubeconfig",
            prometheus=f"http://127.0.0.1:{self.port + 7}",
            alertmanager=f"http://127.0.0.1:{self.port + 8}",
            node_operations=OPERATIONS,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KUBECONFIG": str(self.directory / "kubeconfig"),
            "PROMETHEUS_URL": f"http://127.0.0.1:{self.port + 7}",
            "ALERTMANAGER_URL": f"http://127.0.0.1:{self.port + 8}",
            "LAB_CONTROL_URL": f"http://127.0.0.1:{self.port + 6}",
        }

    def connect(self) -> Transport:
        return connect(self.directory / "kubeconfig", None)

    def control(self, path: str, body: Json = None) -> Json:
        """Asks the simulated world: /state, /fault, /heal, /node."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port + 6}{path}", data=data, method="GET" if data is None else "POST"
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: Json = json.load(response)
        return answer

    def state(self) -> Fields:
        return Fields(self.control("/state"))

    def alerts(self) -> list[Fields]:
        """The alerts that are pending or firing; none where the lab runs without metrics."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port + 7}/api/v1/alerts", timeout=5) as response:
                return Fields(json.load(response)).each("data.alerts")
        except OSError:
            return []


def lab_home() -> Path:
    """The folder of the lab's program. Raises NoLab."""
    home = Path(os.environ.get("STEERSMAN_LAB") or Path(__file__).resolve().parents[4] / "shared" / "lab")
    if not (home / "lab").exists():
        raise NoLab(f"There is no lab at {home}: put it beside the checkout, or name its folder in STEERSMAN_LAB.")
    return home


@contextmanager
def running_lab(directory: Path, port: int, *options: str, wait: float = 60) -> Iterator[Bench]:
    """A lab of one's own. Raises NoLab where it cannot be started."""
    program = str(lab_home() / "lab")
    place = ["--dir", str(directory), "--port", str(port)]
    started = subprocess.run(
        [program, "up", *place, "--wait", str(wait), *options], capture_output=True, text=True, check=False
    )
    try:
        if started.returncode:
            raise NoLab(f"The lab does not start: {started.stderr.strip().splitlines()[-1:]}")
        yield Bench(directory, port)
    finally:
        subprocess.run([program, "down", *place], capture_output=True, check=False)


def answers(bench: Bench) -> bool:
    """Whether the lab runs."""
    try:
        return bool(bench.state()) and (bench.directory / "kubeconfig").exists()
    except (OSError, ValueError):
        return False


class Cluster:
    """Writes to the lab's API server as people do."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    async def path(self, ref: Ref) -> str:
        kind = BY_NAME[ref.kind]
        for version in _VERSIONS.get(ref.kind, kind.versions):
            root = kind.path(version).rsplit("/", 1)[0]
            served = Fields((await self.transport.get(root)).json())
            if any(r.text("name") == kind.plural for r in served.each("resources")):
                return kind.path(version, ref.namespace, ref.name)
        raise LookupError(f"this server does not serve {ref.kind}")

    async def get(self, ref: Ref) -> Json:
        reply = await self.transport.get(await self.path(ref))
        return reply.json() if reply.ok else None

    async def patch(self, ref: Ref, body: Json, form: str = "strategic", manager: str = "kubectl-edit") -> None:
        path = await self.path(ref)
        _check(await self.transport.request("PATCH", path, {"fieldManager": manager}, body, CONTENT[form]), ref)

    async def create(self, obj: Json) -> Ref:
        view = Fields(obj)
        ref = Ref(view.text("metadata.namespace"), view.text("kind"), view.text("metadata.name"))
        path = (await self.path(ref)).rsplit("/", 1)[0]
        root, inside, _ = path.partition("/namespaces/")
        version = (root if inside else path.rsplit("/", 1)[0]).removeprefix("/apis/").removeprefix("/api/")
        body = {**view.raw, "apiVersion": version}
        reply = await self.transport.request("POST", path, {"fieldManager": "kubectl-create"}, body)
        if reply.status != 409:
            _check(reply, ref)
        return ref

    async def put(self, ref: Ref, obj: Json) -> Reply:
        return await self.transport.request("PUT", await self.path(ref), None, obj)

    async def delete(self, ref: Ref) -> None:
        reply = await self.transport.request("DELETE", await self.path(ref), {"propagationPolicy": "Background"})
        if reply.status != 404:
            _check(reply, ref)

    async def release(self, ref: Ref) -> None:
        """Takes the finalizers off an object that is being deleted; one that is gone is fine."""
        body: Json = {"metadata": {"finalizers": None}}
        await self.transport.request("PATCH", await self.path(ref), None, body, CONTENT["merge"])

    async def delete_pods(self, namespace: str, selector: str) -> None:
        await self.transport.request("DELETE", f"/api/v1/namespaces/{namespace}/pods", {"labelSelector": selector})

    async def restart(self, ref: Ref) -> None:
        stamp: Json = {"kubectl.kubernetes.io/restartedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        await self.patch(ref, {"spec": {"template": {"metadata": {"annotations": stamp}}}}, manager="kubectl-rollout")


def _check(reply: Reply, ref: Ref) -> None:
    if not reply.ok:
        raise RuntimeError(f"{ref}: {reply.status} {reply.message}")


async def until(what: str, check: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came to hold in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if check():
                return True
        except (OSError, ValueError, KeyError):
            pass
        await asyncio.sleep(0.5)
    return False
