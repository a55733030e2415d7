"""A batch of answers as the things that judges judge: services with their signals, calls between them, and what was changed when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from steersman_tools.metrics import Series
from steersman_tools.types import Ref

from .anomaly import Mark
from .graph import Edge
from .grid import Grid, resets
from .live import Batch
from .service import ServiceSeries, Signal

KINDS: Mapping[str, Signal] = {"rate": "rate", "slow": "duration"}


def service_of(labels: Mapping[str, str]) -> Ref:
    """The service that a series is about."""
    return Ref(labels.get("namespace", ""), "Service", labels.get("service", ""))


def services(batch: Batch) -> tuple[ServiceSeries, ...]:
    """Every service with all of its series, by name: its requests, and the processors and memories of its pods."""
    found: dict[str, dict[tuple[Signal, str], Grid]] = defaultdict(dict)
    rates = {str(service_of(each.labels)): batch.grid("rate", each) for each in batch.of("rate")}
    for question, signal in KINDS.items():
        for each in batch.of(question):
            found[str(service_of(each.labels))][signal, question] = batch.grid(question, each)
    for each in batch.of("errors"):
        name = str(service_of(each.labels))
        found[name]["errors", "errors"] = _share(batch.grid("errors", each), rates.get(name))
    owners = _owners(batch, rates)
    for question in ("cpu", "memory", "throttled", "gpu-memory"):
        for each in batch.of(question):
            owner = owners.get(
                (each.labels.get("namespace", ""), each.labels.get("pod", each.labels.get("exported_pod", "")))
            )
            if owner:
                key = f"{question} {each.labels.get('pod', '')} {each.labels.get('container', '')}".strip()
                found[owner]["saturation", key] = batch.grid(question, each)
    return tuple(ServiceSeries(name, series, rates.get(name)) for name, series in sorted(found.items()))


def edges(batch: Batch) -> tuple[Edge, ...]:
    """Who calls whom, by what callers count. A target is an address: `cart:8080`, `cart.shop.svc.cluster.local`."""
    found = {(str(service_of(each.labels)), str(target_of(each.labels))) for each in batch.of("calls")}
    return tuple(Edge(caller=caller, callee=callee) for caller, callee in sorted(found) if caller != callee)


def hosts(batch: Batch) -> Mapping[str, str]:
    """Pod (namespace/Pod/name) → node it runs on."""
    return {
        str(Ref(each.labels.get("namespace", ""), "Pod", each.labels.get("pod", ""))): each.labels["node"]
        for each in batch.of("pods")
        if each.labels.get("node")
    }


def marks(batch: Batch) -> tuple[Mark, ...]:
    """What was changed, oldest first: rollouts and configuration by a Deployment's generation, scaling by its replicas, restarts by
    their counter."""
    found: list[Mark] = []
    scaled: dict[str, set[float]] = defaultdict(set)
    for each in batch.of("replicas"):
        name = str(Ref(each.labels.get("namespace", ""), "Deployment", each.labels.get("deployment", "")))
        scaled[name] = set(_changes(each))
        found += [Mark(kind="scale", name=name, at=at) for at in scaled[name]]
    for each in batch.of("generation"):
        name = str(Ref(each.labels.get("namespace", ""), "Deployment", each.labels.get("deployment", "")))
        found += [Mark(kind="rollout", name=name, at=at) for at in _changes(each) if at not in scaled[name]]
    for each in batch.of("restarts"):
        name = str(Ref(each.labels.get("namespace", ""), "Pod", each.labels.get("pod", "")))
        found += [Mark(kind="restart", name=name, at=at) for at in _changes(each)]
    return tuple(sorted(found, key=lambda mark: (mark.at, mark.kind, mark.name)))


def restarts_of_counter(series: Series) -> tuple[float, ...]:
    """The moments (Unix seconds) at which a counter began anew, which is when its process did."""
    return tuple(series.times[at] for at in resets(np.asarray(series.values, float)).tolist())


def _changes(series: Series) -> Iterable[float]:
    values = np.asarray(series.values, float)
    return [series.times[at + 1] for at in np.flatnonzero(np.diff(values)).tolist()]


def _share(failed: Grid, rate: Grid | None) -> Grid:
    """Failed requests as a share of all, on the grid of the failed ones; NaN where there was no request."""
    if rate is None:
        return failed
    at = np.rint((failed.times - rate.start) / rate.step).astype(int)
    inside = (at >= 0) & (at < len(rate.values))
    total = np.where(inside, rate.values[np.clip(at, 0, len(rate.values) - 1)], np.nan)
    values = np.divide(failed.values, total, out=np.full(len(total), np.nan), where=total > 0)
    return replace(failed, values=values)


def _owners(batch: Batch, rates: Mapping[str, Grid]) -> Mapping[tuple[str, str], str]:
    """(namespace, pod) → service: the longest service name that the pod's begins with. A pod of no service is its own."""
    names = sorted((Ref.parse(text) for text in rates), key=lambda ref: (-len(ref.name), ref))
    found: dict[tuple[str, str], str] = {}
    for question in ("cpu", "memory"):
        for each in batch.of(question):
            key = each.labels.get("namespace", ""), each.labels.get("pod", "")
            fits = (str(ref) for ref in names if ref.namespace == key[0] and f"{key[1]}-".startswith(f"{ref.name}-"))
            found[key] = next(fits, str(Ref(key[0], "Pod", key[1])))
    return found


def target_of(labels: Mapping[str, str]) -> Ref:
    """The Service that a caller's address would mean: `cart:8080`, `cart.shop.svc.cluster.local`."""
    parts = labels.get("target", "").split("://")[-1].split(":")[0].split("/")[0].split(".")
    return Ref(parts[1] if len(parts) > 1 else labels.get("namespace", ""), "Service", parts[0])
