"""Reads accelerators and inference servers from metrics: two looks at everything, a few minutes apart, and three at the last hour.

The exporters' traps are dealt with here: blank sentinels, names with and without `exported_`, counters that restart, the last XID
that never decays (it comes with when it began), series that are off by default (absent, never zero).
"""

from __future__ import annotations

import asyncio
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Literal, cast

from ..metrics import Function, Match, MetricsSource, Query, Series
from ..types import Frozen, NotChecked, Ref, Unreachable
from .types import SENTINEL, DeviceReading, GpuReadings, Metric, Reading, ServerMetric, ServerReading

MINUTES = 10.0
"""Counters are taken as increases over so many minutes."""
HOUR = 3600.0
STEP = 5.0
"""Seconds between two looks at the last code within the hour."""
MOST_SICK = 200
_XID = "DCGM_FI_DEV_XID_ERRORS"


class _Field(Frozen):
    series: str
    value: str
    kind: Literal["gauge", "counter", "stall"] = "gauge"
    default: bool = True
    scale: float = 1.0


@lru_cache(maxsize=1)
def _table() -> Mapping[str, tuple[_Field, ...]]:
    raw = tomllib.loads(files(__package__).joinpath("exporter.toml").read_text(encoding="utf-8"))
    return {part: tuple(_Field(**entry) for entry in raw[part]) for part in ("device", "server")}


def everything() -> Query:
    """The one question that fetches every series."""
    names = "|".join(dict.fromkeys(f.series for part in _table().values() for f in part))
    return Query(metric="", match=(Match(label="__name__", value=names, operator="=~"),))


def _over(function: Function, series: str) -> Query:
    return Query(metric=series, function=function, window=HOUR)


@dataclass(frozen=True)
class Looks:
    """The answers of a metrics source."""

    at: datetime
    now: Sequence[Series] = ()
    before: Sequence[Series] = ()
    peaks: Sequence[Series] = ()
    powers: Sequence[Series] = ()
    errors: Sequence[Series] = ()
    minutes: float = MINUTES


async def read(metrics: MetricsSource, at: datetime | None = None) -> GpuReadings:
    """Everything that metrics say of accelerators; what is not answered becomes a gap."""
    moment = at or datetime.now(UTC)
    try:
        now, before, peaks, powers = await asyncio.gather(
            metrics.instant(everything(), at),
            metrics.instant(everything(), moment - timedelta(minutes=MINUTES)),
            metrics.instant(_over("max_over_time", "DCGM_FI_DEV_GPU_UTIL"), at),
            metrics.instant(_over("avg_over_time", "DCGM_FI_DEV_POWER_USAGE"), at),
        )
        errors = await _errors(metrics, now, moment)
    except Unreachable as error:
        return GpuReadings(gaps=(NotChecked(what="GPU metrics", why=str(error)),))
    return assemble(Looks(moment, now, before, peaks, powers, errors))


async def _errors(metrics: MetricsSource, now: Sequence[Series], moment: datetime) -> list[Series]:
    """How the last code went within the hour, of the devices that show one now: so the exporter's memory gets a time."""
    sick = dict.fromkeys(_identity(s.labels)[0] for s in now if s.labels.get("__name__") == _XID and _last(s))
    if not sick:
        return []
    names = "|".join(list(sick)[:MOST_SICK])
    query = Query(metric=_XID, match=(Match(label="UUID", value=names, operator="=~"),))
    return await metrics.range(query, moment - timedelta(seconds=HOUR), moment, STEP)


def assemble(looks: Looks) -> GpuReadings:
    """The readings in the answers: pure."""
    exported = any("exported_pod" in s.labels for s in looks.now)
    drafts: dict[tuple[str, str], _Draft] = {}
    for entry in _table()["device"]:
        old = {_identity(s.labels): _last(s) for s in looks.before if s.labels.get("__name__") == entry.series}
        for series in looks.now:
            if series.labels.get("__name__") == entry.series and (who := _identity(series.labels))[0]:
                draft = drafts.setdefault(who, _Draft())
                draft.notice(series.labels, exported)
                draft.put(cast(Metric, entry.value), entry, _last(series), old.get(who), looks)
    for name, query, found in (
        ("use-peak", "max_over_time(DCGM_FI_DEV_GPU_UTIL[1h])", looks.peaks),
        ("power-mean", "avg_over_time(DCGM_FI_DEV_POWER_USAGE[1h])", looks.powers),
    ):
        for who, value in _by_device(found).items():
            if who in drafts:
                drafts[who].values[cast(Metric, name)] = Reading(value, query, looks.at)
    codes = _codes(looks.errors)
    devices = tuple(draft.made(*who, codes.get(who, ())) for who, draft in sorted(drafts.items()))
    gaps = _gaps(looks.now) if devices else ()
    return GpuReadings(devices, tuple(_servers(looks, exported)), gaps)


@dataclass
class _Draft:
    """A device's reading in the making."""

    labels: dict[str, str] = field(default_factory=dict)
    pod: Ref | None = None
    container: str = ""
    values: dict[Metric, Reading] = field(default_factory=dict)

    def notice(self, labels: Mapping[str, str], exported: bool) -> None:  # noqa: FBT001  a fact about the batch, no mode
        self.labels.update(labels)
        owner = _owner(labels, exported)
        if owner:
            self.pod, self.container = owner, labels.get("exported_container" if exported else "container", "")

    def put(self, name: Metric, entry: _Field, value: float | None, old: float | None, looks: Looks) -> None:
        if value is None:
            return
        if entry.kind != "gauge":
            if old is None:
                return
            value = value - old if value >= old else value
        if entry.kind == "stall":
            value = min(value / 1e9 / (looks.minutes * 60), 1.0)
        if name in ("nvlink-errors",) and name in self.values:
            value += self.values[name].value
        self.values[name] = Reading(value * entry.scale, entry.series, looks.at)

    def made(self, uuid: str, instance: str, codes: tuple[tuple[datetime, int], ...]) -> DeviceReading:
        say = self.labels.get
        return DeviceReading(
            uuid=uuid,
            node=say("Hostname") or say("hostname") or say("node") or "",
            index=say("gpu", ""),
            model=say("modelName") or say("model_name") or "",
            pci=say("pci_bus_id", ""),
            driver=say("DCGM_FI_DRIVER_VERSION", ""),
            profile=say("GPU_I_PROFILE", ""),
            instance=instance,
            pod=self.pod,
            container=self.container,
            values=self.values,
            codes=codes,
        )


def _identity(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("UUID") or labels.get("gpu_uuid") or "", labels.get("GPU_I_ID", "")


def _owner(labels: Mapping[str, str], exported: bool) -> Ref | None:  # noqa: FBT001  a fact about the batch, no mode
    """Who uses the device. Where a scrape kept its own labels, the workload's begin with `exported_` and the plain ones are the
    exporter's."""
    prefix = "exported_" if exported else ""
    pod = labels.get(f"{prefix}pod", "")
    return Ref(labels.get(f"{prefix}namespace", ""), "Pod", pod) if pod else None


def _last(series: Series) -> float | None:
    value = series.values[-1] if series.values else math.nan
    return None if math.isnan(value) or value >= SENTINEL else value


def _by_device(series: Iterable[Series]) -> dict[tuple[str, str], float]:
    """By device the largest value, over series that came and went with the pods on it."""
    found: dict[tuple[str, str], float] = {}
    for one in series:
        value = _last(one)
        if value is not None:
            who = _identity(one.labels)
            found[who] = max(found.get(who, value), value)
    return found


def _codes(series: Iterable[Series]) -> dict[tuple[str, str], tuple[tuple[datetime, int], ...]]:
    """By device: each code that was shown, with when it began, over series that came and went with the pods on it."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in series:
        points.setdefault(_identity(one.labels), []).extend(zip(one.times, one.values, strict=True))
    found = {}
    for who, those in points.items():
        steps: list[tuple[datetime, int]] = []
        for at, value in sorted(those):
            if value < SENTINEL and (not steps or steps[-1][1] != int(value)):
                steps.append((datetime.fromtimestamp(at, UTC), int(value)))
        found[who] = tuple(steps)
    return found


def _servers(looks: Looks, exported: bool) -> Iterable[ServerReading]:  # noqa: FBT001  a fact about the batch, no mode
    values: dict[Ref, dict[ServerMetric, Reading]] = {}
    models: dict[Ref, str] = {}
    for entry in _table()["server"]:
        old = {_owner_of_server(s): _last(s) for s in looks.before if s.labels.get("__name__") == entry.series}
        for series in looks.now:
            if series.labels.get("__name__") != entry.series:
                continue
            pod, value = _owner_of_server(series), _last(series)
            if pod is None or value is None:
                continue
            if entry.kind == "counter":
                before = old.get(pod)
                if before is None:
                    continue
                value = value - before if value >= before else value
            values.setdefault(pod, {})[cast(ServerMetric, entry.value)] = Reading(value, entry.series, looks.at)
            models[pod] = series.labels.get("model_name", models.get(pod, ""))
    for pod, found in sorted(values.items()):
        yield ServerReading(pod, models.get(pod, ""), found)


def _owner_of_server(series: Series) -> Ref | None:
    """A server's metrics are scraped from itself: the scrape's labels name it."""
    labels = series.labels
    pod = labels.get("pod") or labels.get("exported_pod", "")
    return Ref(labels.get("namespace") or labels.get("exported_namespace", ""), "Pod", pod) if pod else None


def _gaps(now: Sequence[Series]) -> tuple[NotChecked, ...]:
    """What exporters can tell but are not configured to."""
    collected = {s.labels.get("__name__", "") for s in now}
    asked: dict[str, list[str]] = {}
    for entry in _table()["device"]:
        if not entry.default:
            asked.setdefault(entry.value, []).append(entry.series)
    missing = [names[0] for value, names in asked.items() if not collected & set(names) and value in _WANTED]
    if not missing:
        return ()
    why = "dcgm-exporter does not collect it by default: add it to its counters file"
    return (NotChecked(what=f"GPU series {', '.join(sorted(missing))}", why=why),)


_WANTED = frozenset({"ecc-double", "thermal-stalled", "power-stalled", "nvlink-errors", "xid-recent"})
"""Those of the series that are off by default whose absence leaves a fault unseen."""
