"""What a world shows beside its API: /metrics for Prometheus, and the control of its faults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from ..types import Json
from .faults import catalogue
from .series.exporters import EXPORTERS, Sample
from .traffic.flow import quantiles

if TYPE_CHECKING:
    from .world import World

CONTROL = "/world"
"""Below it: POST fault, heal, node; GET state, faults. The lab's control port has the same paths below its root."""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def render(samples: Iterable[Sample]) -> str:
    """Samples in the text format that Prometheus reads."""
    lines = []
    for name, labels, value in samples:
        text = ",".join(f'{k}="{_escaped(v)}"' for k, v in labels.items())
        lines.append(f"{name}{{{text}}} {value:.10g}")
    return "\n".join(lines) + "\n"


def page(world: World, job: str) -> str | None:
    """All series, or those of one exporter; None where there is no such exporter."""
    if job and job not in EXPORTERS:
        return None
    chosen = [EXPORTERS[job]] if job else EXPORTERS.values()
    return "".join(render(exporter(world)) for exporter in chosen)


def control(world: World, method: str, action: str, data: bytes) -> tuple[int, Json]:
    """Faults, healing, operations and the state of the simulated world: status and JSON."""
    try:
        match method, action:
            case "GET", "state":
                return 200, state(world)
            case "GET", "faults":
                return 200, [
                    {"name": f.name, "title": f.title, "story": f.story, "silent": f.silent} for f in catalogue()
                ]
            case "POST", "fault":
                _inject(world, _object(data))
            case "POST", "heal":
                world.heal()
            case "POST", "node":
                body = _object(data)
                result = world.operate(str(body["node"]), str(body["op"]))
                return 200 if result == "done" else 409, {"result": result}
            case _:
                return 404, {"error": f"there is no {method} {CONTROL}/{action}"}
    except KeyError as error:
        return 400, {"error": f"{error.args[0]!r} is missing or unknown"}
    except (ValueError, TypeError, OverflowError) as error:
        return 400, {"error": str(error)}
    return 200, {"ok": True}


def _object(data: bytes) -> dict[str, Any]:
    body = orjson.loads(data or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _inject(world: World, body: dict[str, Any]) -> None:
    """A fault of the catalogue by its name, or any other by what it does."""
    if set(body) != {"name"}:
        world.inject(body)
        return
    chosen = next((f for f in catalogue() if f.name == body["name"]), None)
    if chosen is None:
        raise ValueError(f"the catalogue has no fault {body['name']!r}: GET {CONTROL}/faults lists them")
    chosen.inject(world)


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
