"""Accelerators that are held and not used, or used far below their size, with what they cost a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from steersman_tools.gpu.types import Device, Estate
from steersman_tools.types import Frozen, Ref

from .prices import Prices

USE, SIZE = 3.0, 30.0
"""Percent at the peak of the last hour below which a device counts as idle, or as larger than needed."""
MEMORY = 0.3
"""The share of its memory below which the work would fit on a smaller one."""


class IdleUse(Frozen):
    """One workload's devices that do little or nothing."""

    kind: Literal["idle", "oversized"]
    workload: Ref
    tenant: str
    pods: tuple[Ref, ...]
    devices: tuple[str, ...]
    peak: float
    """Percent of use, the highest of its devices within the last hour."""
    memory_share: float | None = None
    hours: float
    """How long the youngest of its pods has held them."""
    cost_per_day: float
    currency: str
    advice: str


class IdleReport(Frozen):
    """All of them, the dearest first. `not_judged`: devices that are held, but whose use nobody collects or which are too new."""

    uses: tuple[IdleUse, ...] = ()
    cost_per_day: float = 0.0
    currency: str = ""
    prices: str = ""
    judged: int = 0
    not_judged: int = 0


def idle(estate: Estate, table: Prices, least: timedelta = timedelta(hours=1)) -> IdleReport:
    """Workloads none of whose devices works, by their peak within the last hour; those held for less than `least` are left out."""
    by_workload: dict[Ref, list[Device]] = defaultdict(list)
    skipped = judged = 0
    for device in estate.devices:
        owner = device.owner
        if owner is None:
            continue
        young = owner.since is None or estate.at - owner.since < least
        if young or device.value("use-peak") is None:
            skipped += 1
            continue
        judged += 1
        by_workload[owner.workload].append(device)
    uses = sorted(
        (u for w, those in by_workload.items() for u in _judge(estate, w, those, table)), key=lambda u: -u.cost_per_day
    )
    total = sum(u.cost_per_day for u in uses if u.kind == "idle")
    return IdleReport(
        uses=tuple(uses),
        cost_per_day=round(total, 2),
        currency=table.currency,
        prices=table.source,
        judged=judged,
        not_judged=skipped,
    )


def _judge(estate: Estate, workload: Ref, those: list[Device], table: Prices) -> Iterator[IdleUse]:
    peak = max(d.value("use-peak") or 0.0 for d in those)
    filled = [s for d in those if (s := _filled(d)) is not None]
    full = max(filled, default=None)
    if peak > SIZE or (peak > USE and (full is None or full > MEMORY)):
        return
    held = {d.owner.pod: d.owner for d in those if d.owner}
    since = max(o.since for o in held.values() if o.since)
    model = those[0].model.value if those[0].model else ""
    stopped = peak <= USE
    yield IdleUse(
        kind="idle" if stopped else "oversized",
        workload=workload,
        tenant=next(iter(held.values())).tenant,
        pods=tuple(held),
        devices=tuple(d.uuid for d in those),
        peak=peak,
        memory_share=None if full is None else round(full, 3),
        hours=round((estate.at - since).total_seconds() / 3600, 1),
        cost_per_day=round(len(those) * table.of(model).hour * 24, 2),
        currency=table.currency,
        advice=_advice(workload, full)
        if stopped
        else "Give it a partition (MIG), a turn at a shared device, or a smaller model",
    )


def _advice(workload: Ref, full: float | None) -> str:
    loaded = " (its memory is in use: a loaded model, or a leak)" if full and full > 0.05 else ""
    if workload.kind in ("Job", "TrainJob", "PyTorchJob", "JobSet"):
        return f"Ask its owner, then suspend it: what it holds goes to others, and it can be resumed{loaded}"
    return f"Ask its owner, then scale it down; it can be scaled up again{loaded}"


def _filled(device: Device) -> float | None:
    used, memory = device.value("memory-used"), device.memory.value if device.memory else None
    return used / memory if used is not None and memory else None
