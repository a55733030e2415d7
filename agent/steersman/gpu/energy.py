"""Power, money and carbon by workload and tenant, and where power could be saved at what loss of speed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from steersman_tools.gpu.types import Allocation, Device, Estate
from steersman_tools.types import Frozen, Ref

from .prices import Prices

CAPS = (0.9, 0.8, 0.7, 0.6)
"""Power limits that are considered, as parts of the usual limit."""
MOST_SLOWDOWN = 0.05
"""The predicted loss of speed that a proposal may cost."""


class Cost(Frozen):
    """What one workload or tenant uses."""

    who: str
    tenant: str
    devices: float
    """Pieces held."""
    measured: int
    """Devices whose power is known."""
    watts: float | None = None
    """Of those devices, the mean of the last hour; None where none was collected."""
    kwh_per_day: float | None = None
    """With the rest of the node and the building."""
    carbon_kg_per_day: float | None = None
    energy_per_day: float | None = None
    """Money for electricity."""
    hire_per_day: float
    """Money for the devices, whether they work or not."""
    currency: str


class Cap(Frozen):
    """A lower power limit for a workload's devices."""

    workload: Ref
    devices: int
    watts: float
    """Now, each."""
    limit: float
    slowdown: float
    """Predicted: the loss of speed, as a part."""
    saves_kwh_per_day: float
    saves_per_day: float
    why: str


class CostReport(Frozen):
    """By tenant and by workload, the dearest first."""

    tenants: tuple[Cost, ...] = ()
    workloads: tuple[Cost, ...] = ()
    caps: tuple[Cap, ...] = ()
    unused_per_day: float = 0.0
    """What devices that nobody holds cost."""
    currency: str = ""
    prices: str = ""


def cost(estate: Estate, table: Prices) -> CostReport:
    """What everybody uses and pays, and which power limits would save more than they cost."""
    devices: dict[Ref, list[Device]] = defaultdict(list)
    for device in estate.devices:
        if device.owner:
            devices[device.owner.pod].append(device)
    zones = {n.node: n.zone for n in estate.nodes}
    models = {n.node: n.model.value if n.model else "" for n in estate.nodes}

    def of(who: str, tenant: str, held: Sequence[Allocation]) -> Cost:
        mine = [d for pod in {a.pod for a in held} for d in devices[pod]]
        hire = sum(a.count * table.of(models.get(a.node, "")).hour * 24 for a in held)
        return _cost(who, tenant, sum(a.count for a in held), mine, hire, zones, table)

    by_tenant, by_workload = (
        _by(estate.allocations, lambda a: a.tenant),
        _by(estate.allocations, lambda a: str(a.workload)),
    )
    tenants = [of(name, name, held) for name, held in by_tenant.items()]
    workloads = [of(name, held[0].tenant, held) for name, held in by_workload.items()]
    free = [(c.free, table.of(models[n.node]).hour) for n in estate.nodes for c in n.counts if c.form != "shared"]
    return CostReport(
        tenants=tuple(sorted(tenants, key=lambda c: -c.hire_per_day)),
        workloads=tuple(sorted(workloads, key=lambda c: -c.hire_per_day)),
        caps=tuple(_caps(estate, table)),
        unused_per_day=round(sum(count * hour * 24 for count, hour in free), 2),
        currency=table.currency,
        prices=table.source,
    )


def _by(held: Iterable[Allocation], key: Callable[[Allocation], str]) -> dict[str, list[Allocation]]:
    found: dict[str, list[Allocation]] = defaultdict(list)
    for allocation in held:
        found[key(allocation)].append(allocation)
    return found


def watts(device: Device) -> float | None:
    """The mean of the last hour, else the power now."""
    mean = device.value("power-mean")
    return device.value("power") if mean is None else mean


def _cost(
    who: str, tenant: str, count: float, mine: Sequence[Device], hire: float, zones: dict[str, str], table: Prices
) -> Cost:
    known = [(d, w) for d in mine if (w := watts(d)) is not None]
    if not known:
        return Cost(
            who=who, tenant=tenant, devices=count, measured=0, hire_per_day=round(hire, 2), currency=table.currency
        )
    kwh = [(d, w * 24 / 1000 * (1 + table.share_of_node) * table.pue) for d, w in known]
    total = sum(k for _, k in kwh)
    return Cost(
        who=who,
        tenant=tenant,
        devices=count,
        measured=len(known),
        watts=round(sum(w for _, w in known), 1),
        kwh_per_day=round(total, 2),
        carbon_kg_per_day=round(sum(k * table.grams(zones.get(d.node, "")) for d, k in kwh) / 1000, 2),
        energy_per_day=round(total * table.electricity, 2),
        hire_per_day=round(hire, 2),
        currency=table.currency,
    )


def slowdown(now: float, cap: float, idle: float, compute: float) -> float:
    """The predicted loss of speed under a cap: a device that would draw `now` watts may draw `cap`.

    Dynamic power grows with the cube of the clock (P ~ f V², V ~ f), idle power stays; only the part `compute` of the time waits for
    the clock, the rest for memory and links. A model, not a measurement: try it on one device first.
    """
    if cap >= now or now <= idle:
        return 0.0
    clock: float = max((cap - idle) / (now - idle), 1e-3) ** (1 / 3)
    longer = compute / clock + (1 - compute)
    return 1 - 1 / longer


def _caps(estate: Estate, table: Prices) -> Iterable[Cap]:
    """By workload the lowest cap whose predicted loss of speed is small, where that saves anything."""
    by_workload: dict[Ref, list[Device]] = defaultdict(list)
    for device in estate.devices:
        if device.owner and watts(device) is not None:
            by_workload[device.owner.workload].append(device)
    for workload, those in by_workload.items():
        model = table.of(those[0].model.value if those[0].model else "")
        usual = max(those[0].value("power-limit") or 0.0, 0.0) or model.limit_watts
        mean = sum(watts(d) or 0.0 for d in those) / len(those)
        active = [v for d in those if (v := d.value("tensor-active") or d.value("compute-active")) is not None]
        compute = min(sum(active) / len(active), 1.0) if active else 1.0
        fitting = [c * usual for c in CAPS if slowdown(mean, c * usual, model.idle_watts, compute) <= MOST_SLOWDOWN]
        if not fitting or (limit := min(fitting)) >= mean:
            continue
        kwh = len(those) * (mean - limit) * 24 / 1000 * table.pue
        yield Cap(
            workload=workload,
            devices=len(those),
            watts=round(mean, 1),
            limit=round(limit),
            slowdown=round(slowdown(mean, limit, model.idle_watts, compute), 4),
            saves_kwh_per_day=round(kwh, 2),
            saves_per_day=round(kwh * table.electricity, 2),
            why=_why(compute) if active else "how its cores are used is not collected: taken as all of the time",
        )


def _why(compute: float) -> str:
    return f"its tensor cores work {compute:.0%} of the time"
