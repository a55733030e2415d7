"""What a world shows beside its API: /metrics for Prometheus, and the control of its faults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from ..types import Json
from .series.exporters import EXPORTERS, Sample
from .traffic.flow import quantiles

if TYPE_CHECKING:
    from .world import World

CONTROL = "/world"
"""Below it: POST fault, heal, node; GET state. The lab's control port has the same paths below its root."""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def render(samples: Iterable[Sample]) -> str:
    """Samples in the text format that Prometheus reads."""
    lines = []
    for name, labels, value in samples:
        text = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items())
        lines.append(f"{name}{{{text}}} {value:.10g}")
    return "\n".join(lines) + "\n"


def exposition(world: World, job: str) -> web.Response:
    """All series, or those of one exporter."""
    if job and job not in EXPORTERS:
        return web.Response(status=404, text=f"There is no exporter {job}; there are {', '.join(EXPORTERS)}.\n")
    chosen = [EXPORTERS[job]] if job else EXPORTERS.values()
    return web.Response(text="".join(render(exporter(world)) for exporter in chosen), content_type="text/plain")


async def control(world: World, request: web.Request) -> web.Response:
    """Faults, healing, operations and the state of the simulated world."""
    action = request.path.removeprefix(CONTROL).strip("/")
    try:
        body = orjson.loads(await request.read() or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body must be a JSON object")
        match request.method, action:
            case "GET", "state":
                return web.json_response(text=orjson.dumps(state(world)).decode())
            case "POST", "fault":
                world.inject(body)
            case "POST", "heal":
                world.heal()
            case "POST", "node":
                result = world.operate(str(body["node"]), str(body["op"]))
                return web.json_response({"result": result}, status=200 if result == "done" else 409)
            case _:
                return web.json_response({"error": f"there is no {request.method} {request.path}"}, status=404)
    except (KeyError, ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response({"ok": True})


def state(world: World) -> dict[str, Json]:
    """Entries, services, failing calls, nodes and pods: what is really so, whatever the API says."""
    flow, kubelets, now = world.flow, world.kubelets, world.kubelets.time
    services: dict[str, dict[str, float]] = {}
    for pod in kubelets.pods.values():
        counters = pod.counters
        entry = services.setdefault(
            f"{pod.namespace}/{pod.app_name}", {"rps": 0.0, "errors": 0.0, "busy": 0.0, "pods": 0, "ready": 0}
        )
        entry["pods"] += not pod.terminal
        entry["ready"] += pod.ready
        entry["rps"] += counters.rps
        entry["errors"] += counters.rps * counters.error_ratio
        entry["busy"] += counters.rps * counters.latency_ms
    shown: dict[str, Json] = {}
    for name, entry in services.items():
        rps = entry["rps"] or 1.0
        shown[name] = {"pods": entry["pods"], "ready": entry["ready"], "rps": round(entry["rps"], 2),
                       "error_ratio": round(entry["errors"] / rps, 4), **quantiles(entry["busy"] / rps)}  # fmt: skip
    entries: dict[str, Json] = {name: {"rps": round(flow.entry_rps.get(name, 0.0), 2), "error_ratio": round(1 - o.success, 4), "error": o.error,
                                       **quantiles(o.latency_ms)} for name, o in flow.entries.items()}  # fmt: skip
    calls: list[Json] = [
        {"from": c, "to": to, "error_ratio": round(ratio, 4), "error": error}
        for (c, to), (ratio, error) in flow.failing.items()
    ]
    nodes: dict[str, Json] = {m.name: {"kubelet_up": m.kubelet_up(now), "network_up": m.network_up(now), "faults": list[Json](sorted(m.faults)),
                                       "gpus": [{"uuid": g.uuid, "health": g.health, "xid": g.xid} for g in m.gpus]} for m in kubelets.machines.values()}  # fmt: skip
    pods: Json = {"total": len(kubelets.pods), "ready": sum(p.ready for p in kubelets.pods.values())}
    return {
        "time": world.registry.now(),
        "pods": pods,
        "nodes": nodes,
        "entries": entries,
        "services": shown,
        "failing_calls": calls,
    }
