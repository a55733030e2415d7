"""What is known of accelerators, for people: one plain table or a few lines for each question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch

from steersman_tools.gpu import xid
from steersman_tools.gpu.types import Estate, GpuReadings, NodeGpus, Reading
from steersman_tools.types import NotChecked

from ..gpu.defrag import Defrag
from ..gpu.demand import Demand
from ..gpu.energy import Cost, CostReport
from ..gpu.health import HealthReport
from ..gpu.idle import IdleReport
from ..gpu.places import Answer

NONE = "There are no accelerators in what was read.\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns in line."""
    cells = [list(heads), *[["-" if cell is None or cell == "" else str(cell) for cell in row] for row in rows]]
    widths = [max(len(line[at]) for line in cells) for at in range(len(heads))]
    return "".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() + "\n" for line in cells)


@singledispatch
def text(answer: object) -> str:
    """The answer as text."""
    raise TypeError(f"no text for {type(answer).__name__}")


@text.register
def _(answer: Estate) -> str:
    if not answer.nodes:
        return NONE
    rows = [
        (
            n.node,
            c.resource,
            n.model.value if n.model else None,
            _whole(n),
            f"{c.capacity:g}",
            f"{c.allocatable:g}",
            f"{c.requested:g}",
            f"{c.free:g}",
            _notes(n, c.form, c.replicas),
        )
        for n in answer.nodes
        for c in n.counts
    ]
    shown = table(("NODE", "RESOURCE", "MODEL", "DEVICES", "CAPACITY", "ALLOCATABLE", "HELD", "FREE", "NOTES"), rows)
    held = table(
        ("TENANT", "POD", "NODE", "HOLDS", "WORKLOAD", "QUEUE"),
        [
            (a.tenant, a.pod.name, a.node, f"{a.count:g} {a.resource}", f"{a.workload.kind}/{a.workload.name}", a.queue)
            for a in answer.allocations
        ],
    )
    use = table(
        ("TENANT", "HOLDS", "MEAN USE", "POWER"),
        [(t.tenant, f"{t.allocated:g}", _number(t.busy, " %"), _number(t.power, " W")) for t in answer.tenants],
    )
    return f"{shown}\n{held}\n{use}{_gaps(answer.not_checked)}"


@text.register
def _(answer: HealthReport) -> str:
    rows = [
        (
            d.node,
            d.index,
            d.device.name,
            d.model,
            d.state,
            _value(d.values, "use", " %"),
            _value(d.values, "temperature", " °C"),
            _value(d.values, "power", " W"),
            d.owner.name if d.owner else None,
        )
        for d in answer.devices
    ]
    shown = table(("NODE", "GPU", "UUID", "MODEL", "STATE", "USE", "TEMP", "POWER", "USED BY"), rows) if rows else NONE
    found = "".join(f"\n{f.fault}: {f.summary}\n  {f.observed}\n  do: {f.advice}\n" for f in answer.findings)
    past = "".join(f"\nnot of now: {r.why} ({r.entity})\n" for r in answer.ruled_out)
    return f"{shown}{found}{past}{_gaps(answer.not_checked)}"


@text.register
def _(answer: GpuReadings) -> str:
    rows = [
        (
            d.index,
            d.uuid,
            d.model,
            d.driver,
            *(_value({m: r.value for m, r in d.values.items()}, m, unit) for m, unit in _OWN),
            _asks(d.value("recovery-action")),
        )
        for d in answer.devices
    ]
    heads = ("GPU", "UUID", "MODEL", "DRIVER", "USE", "TEMP", "POWER", "LIMIT", "ECC", "REMAP", "DRIVER ASKS FOR")
    return f"{table(heads, rows) if rows else NONE}{_gaps(answer.gaps)}"


_OWN = (
    ("use", " %"),
    ("temperature", " °C"),
    ("power", " W"),
    ("power-limit", " W"),
    ("ecc-double", ""),
    ("remap-failed", ""),
)


def _asks(value: float | None) -> str | None:
    """The driver's verdict in its own words; nothing where it was not collected."""
    return (
        None if value is None else next((v.text for v in xid.verdicts() if v.value == int(value)), f"action {value:g}")
    )


@text.register
def _(answer: Answer) -> str:
    rows = [
        (p.rank, p.node, p.model, p.zone, p.free, f"{p.fragment:+.2f}", f"{p.loss:.2f}", p.why) for p in answer.places
    ]
    shown = (
        table(("RANK", "NODE", "MODEL", "ZONE", "FREE", "FRAGMENT", "LOSS", "WHY"), rows)
        if rows
        else "No node has room.\n"
    )
    group = ""
    if len(answer.group) > 1 or (answer.group and not answer.complete):
        group = f"\ngroup: {', '.join(answer.group)}{'' if answer.complete else ' (and no room for the rest)'}\n"
    moving = f"\n{answer.moving}" if answer.moving else ""
    aside = "".join(
        f"\nmove aside on {p.node}: {', '.join(x.name for x in p.pods)} (frees {p.frees}; {p.why})"
        for p in answer.preemptions
    )
    out = "".join(f"\nnot considered: {line}" for line in answer.left_out[:10])
    return f"{shown}{group}{moving}{aside}{out}".rstrip() + "\n"


@text.register
def _(answer: Defrag) -> str:
    if not answer.needed:
        return f"Nothing needs to move: {answer.node} has {answer.free_before} free {answer.resource}.\n"
    stuck = "".join(f"  stays: {line}\n" for line in answer.immovable[:10])
    if not answer.moves:
        return f"No plan makes room for {answer.wanted} {answer.resource} on one node: {answer.why_not}.\n{stuck}"
    rows = [(m.pod, m.source, m.target, m.pieces, f"{m.cost:g}", m.why) for m in answer.moves]
    shown = table(("MOVE", "FROM", "TO", "PIECES", "COST", "WHY"), rows)
    room = f"{answer.free_before} free, {answer.frees} more; cost {answer.cost:g}"
    head = f"{answer.node} gets room for {answer.wanted} {answer.resource}: {room}.\n"
    return f"{head}{shown}{stuck}"


@text.register
def _(answer: IdleReport) -> str:
    judged = f"{answer.judged} devices judged, {answer.not_judged} not (too new, or their use is not collected).\n"
    if not answer.uses:
        return f"Nothing idle was found. {judged}"
    rows = [
        (
            u.kind,
            u.workload,
            u.tenant,
            len(u.devices),
            f"{u.peak:g} %",
            f"{u.hours:g} h",
            f"{u.cost_per_day:g} {u.currency}",
            u.advice,
        )
        for u in answer.uses
    ]
    shown = table(("KIND", "WORKLOAD", "TENANT", "GPUS", "PEAK", "HELD FOR", "A DAY", "ADVICE"), rows)
    return f"{shown}\nidle devices cost {answer.cost_per_day:g} {answer.currency} a day (prices: {answer.prices}). {judged}"


@text.register
def _(answer: Demand) -> str:
    lines = [
        f"{answer.resource}: {answer.allocated:g} held, {answer.waiting:g} waited for, {answer.queued:g} queued, of {answer.allocatable:g}",
        f"in {answer.minutes:g} minutes: {answer.expected:g} ({answer.low:g} to {answer.high:g}), by {answer.model}"
        if answer.expected is not None
        else "no forecast",
        f"from: {answer.basis}",
        answer.proposal,
    ]
    return "\n".join(lines) + "\n"


@text.register
def _(answer: CostReport) -> str:
    if not answer.workloads:
        return f"Nobody holds an accelerator; the free ones cost {answer.unused_per_day:g} {answer.currency} a day.\n"
    heads = ("", "GPUS", "MEASURED", "WATTS", "KWH/DAY", "CO2 KG/DAY", "POWER/DAY", "HIRE/DAY")
    tenants = table(("TENANT", *heads[1:]), map(_cost, answer.tenants))
    workloads = table(("WORKLOAD", *heads[1:]), map(_cost, answer.workloads))
    caps = "".join(
        f"\nlimit {c.workload} to {c.limit:g} W a device (now {c.watts:g}): {c.slowdown:.1%} slower by the model, "
        f"{c.saves_kwh_per_day:g} kWh a day less; {c.why}"
        for c in answer.caps
    )
    free = f"\nfree devices cost {answer.unused_per_day:g} {answer.currency} a day; prices: {answer.prices}\n"
    return f"{tenants}\n{workloads}{caps}{free}"


def _cost(c: Cost) -> tuple[object, ...]:
    def money(value: float | None) -> str | None:
        return None if value is None else f"{value:g} {c.currency}"

    return (
        c.who,
        f"{c.devices:g}",
        c.measured,
        c.watts,
        c.kwh_per_day,
        c.carbon_kg_per_day,
        money(c.energy_per_day),
        money(c.hire_per_day),
    )


def _whole(node: NodeGpus) -> str | None:
    return f"{node.physical.value:g}" if node.physical else None


def _notes(node: NodeGpus, form: str, replicas: int) -> str:
    notes = [f"{form}, {replicas} turns a device" if form == "shared" else form if form != "full" else ""]
    notes += [
        "cordoned" if not node.schedulable else "",
        f"in the hands of {node.remediator}" if node.remediator else "",
    ]
    return ", ".join(filter(None, notes))


def _value(values: dict[str, float], name: str, unit: str) -> str | None:
    return f"{values[name]:g}{unit}" if name in values else None


def _number(reading: Reading | None, unit: str) -> str | None:
    return f"{reading.value:.0f}{unit}" if reading else None


def _gaps(gaps: Sequence[NotChecked]) -> str:
    return "".join(f"\nnot checked: {gap.what} ({gap.why})" for gap in gaps) + ("\n" if gaps else "")
