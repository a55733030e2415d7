"""GPUs that are sick: errors of the driver, dead memory, links, heat. The driver's own verdict counts before any table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from steersman_tools.gpu import xid
from steersman_tools.gpu.types import Device, NodeGpus
from steersman_tools.snapshot import EventRecord
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut
from .. import cite
from ..gpus import exporter_says, node_of, victims
from ..scene import Scene

RECENT = 3600.0
"""Seconds for which an error that left no other trace counts as present."""
HOT = 88.0
"""°C from which NVIDIA's data centre GPUs hold their clocks back (H100, A100: slowdown at 87 to 92)."""
STALLED = 0.1
"""The share of the last minutes in which clocks were held back that is worth a word."""

LOST = 79
_UUID = re.compile(r"\bGPU-[\w-]+")
_XID = "DCGM_FI_DEV_XID_ERRORS"
_FAULTS: dict[xid.Family, Fault] = {
    "lost": Fault.GPU_LOST,
    "ecc": Fault.GPU_ECC_UNCORRECTABLE,
    "ecc-contained": Fault.GPU_ECC_UNCORRECTABLE,
    "row-remap": Fault.GPU_ROW_REMAP,
    "nvlink": Fault.GPU_NVLINK_ERROR,
    "gsp": Fault.GPU_GSP_TIMEOUT,
    "application": Fault.CRASH_ON_START,
}
"""Every other family is a GPU that does not work: gpu-unhealthy."""
_ADVICE: dict[xid.Remedy, str] = {
    "nothing": "Nothing now; reset the GPU when it is idle, and watch whether it comes again",
    "restart-app": "Restart the application from its last checkpoint; leave the node alone",
    "reset-gpu": "Move the pods off {node}, reset the GPU, and reboot the node if that does not help",
    "reboot-node": "Cordon and drain {node}, reboot it, check that all its GPUs are back; a second time: replace the GPU",
    "person": "A person must look at it: {action}",
}


@dataclass
class _Case:
    """What speaks of one device."""

    device: Device
    errors: list[xid.Seen] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    present: bool = False
    """Whether something other than a log line or the exporter's memory shows it now."""
    since: datetime | None = None
    """When the device was last seen without an error: what was before has been mended."""

    def add(self, code: int, at: datetime | None, source: str) -> None:
        """An error that is present for certain."""
        self.errors.append(xid.Seen(code=code, at=at, source=source))
        self.present = True


def device_errors(scene: Scene) -> Iterator[Output]:
    """One finding for each GPU with errors that are present, named by the root of their burst."""
    for node in scene.accelerators.nodes:
        for case in _cases(scene, node):
            yield from _errors(scene, node, case)
            yield from _memory(scene, node, case)
            yield from _heat(scene, node, case)


def _cases(scene: Scene, node: NodeGpus) -> list[_Case]:
    cases = [_Case(device) for device in node.devices]
    for case in cases:
        _exporter(case, _broken(node))
        _events(scene, case)
        for taint in case.device.taints:
            if taint.key.endswith("/xid") and taint.value.isdigit():
                case.add(int(taint.value), taint.since, taint.source)
            elif taint.key.endswith("/gpu-lost"):
                case.add(LOST, taint.since, taint.source)
    return [*cases, *_unlisted(scene, node, cases)]


def _unlisted(scene: Scene, node: NodeGpus, known: list[_Case]) -> list[_Case]:
    """Devices that only the node's events name, where no exporter and no ResourceSlice lists them."""
    machine = scene.nodes.get(node.node)
    told = {event for case in known for event in case.events}
    listed = {case.device.uuid for case in known}
    rebooted = max((e.last for e in scene.events(machine, "Rebooted") if e.last), default=None) if machine else None
    found: dict[str, _Case] = {}
    for event in scene.events(machine) if machine else ():
        seen = xid.read_line(event.message, event.last, "event")
        if not seen or event in told or not scene.within(event.last, RECENT):
            continue
        name = _UUID.search(event.message)
        uuid = name[0] if name else seen.pci
        if uuid in listed or (not name and listed) or (rebooted and event.last and event.last < rebooted):
            continue
        case = found.setdefault(uuid, _Case(Device(uuid=uuid, node=node.node, pci=seen.pci)))
        case.errors.append(seen)
        case.events.append(event)
        case.present = _broken(node) or xid.look_up(seen.code).scope == "application"
    return list(found.values())


def _exporter(case: _Case, broken: bool) -> None:  # noqa: FBT001  a fact about the node
    """The exporter's last code: a memory that never fades, so something must show that it is of now."""
    reading = case.device.reading
    last = case.device.value("xid-last")
    if not reading or not last:
        return
    shown = list(reading.codes)
    resets = [at for at, code in shown if code == 0]
    case.since = max(resets, default=None)
    for at, code in shown:
        if code and (case.since is None or at > case.since):
            case.errors.append(xid.Seen(code=code, at=at if len(shown) > 1 else None, source=_XID))
    if not case.errors:
        case.errors.append(xid.Seen(code=int(last), source=_XID))
    case.present = broken or len(shown) > 1 or (case.device.value("xid-recent") or 0) > 0


def _events(scene: Scene, case: _Case) -> None:
    """What the node's events say of the device, unless it has been reset since."""
    node, device = scene.nodes.get(case.device.node), case.device
    if device.value("xid-last") == 0:
        return  # the exporter's memory is empty: the driver was loaded anew
    for event in scene.events(node) if node else ():
        seen = xid.read_line(event.message, event.last, "event")
        if not seen or not scene.within(event.last, RECENT) or (case.since and event.last and event.last < case.since):
            continue
        if device.uuid in event.message or (device.pci and _same_pci(device.pci, seen.pci)):
            case.errors.append(seen)
            case.events.append(event)
            case.present = case.present or device.value("xid-last") is not None


def _broken(node: NodeGpus) -> bool:
    """Whether the node offers fewer devices than it has."""
    return any(c.out_of_service for c in node.counts) or missing(node) > 0


def missing(node: NodeGpus) -> float:
    """How many of the node's devices are not even counted any more."""
    counts = [c for c in node.counts if c.form == "full"]
    if node.physical is None or not counts:
        return 0.0
    return max(node.physical.value - sum(c.capacity for c in counts), 0.0)


def _errors(scene: Scene, node: NodeGpus, case: _Case) -> Iterator[Output]:
    recovery = case.device.value("recovery-action")
    judged = xid.judge(case.errors, int(recovery) if recovery else None)
    if judged is None:
        return
    fault = _FAULTS.get(judged.root.family, Fault.GPU_UNHEALTHY)
    if not case.present and not (case.events and _broken(node)):
        why = f"XID {judged.root.code} is the last error seen, but nothing shows that it is of now"
        yield RuledOut(fault=fault, entity=node_of(node), why=why)
        return
    harmed = victims(scene, node, case.device)
    entity = case.device.ref
    if fault is Fault.CRASH_ON_START:
        if not harmed:
            return
        entity = harmed[0]
    root = judged.root
    verdict = f"; the driver asks for: {judged.verdict.text}" if judged.verdict and judged.verdict.value else ""
    after = f", followed by {', '.join(map(str, judged.consequences))}" if judged.consequences else ""
    yield Finding(
        fault=fault,
        entity=entity,
        field=f"xid[{root.code}]",
        observed=f"XID {root.code}: {root.meaning}{after}{verdict}",
        expected="no errors",
        summary=f"GPU {case.device.index or case.device.uuid} of node {node.node}: {root.meaning} (XID {root.code}){verdict}",
        advice=_advice(judged, node),
        certainty=0.95 if root.scope in ("gpu", "node") else 0.86,
        breaks=(node_of(node), *harmed),
        needs_symptom=root.scope not in ("gpu", "node") and not _broken(node),
        observations=tuple(_shown(scene, case, judged)),
    )


def _advice(judged: xid.Judged, node: NodeGpus) -> str:
    said = _ADVICE[judged.remedy].format(node=node.node, action=judged.action)
    official = f" (official: {judged.action}; if it comes again: {judged.root.recurs})"
    differs = f". Sources differ: {'; '.join(judged.root.differs)}" if judged.root.differs else ""
    hands_off = f". {node.remediator} is at work on this node: leave it to it" if node.remediator else ""
    return said + official + differs + hands_off


def _shown(scene: Scene, case: _Case, judged: xid.Judged) -> Iterator[Observation]:
    for event in case.events[:2]:
        yield cite.event(scene, event)
    if case.device.value("xid-last") is not None:
        yield exporter_says(scene, case.device, "xid-last", "ecc-double", "temperature", "recovery-action")
    node = scene.nodes.get(case.device.node)
    if node:
        yield cite.fields(scene, node, "status.capacity", "status.allocatable")
    for taint in case.device.taints:
        yield cite.listing(scene, taint.source, [f"{taint.key}={taint.value}:{taint.effect}"])


def _memory(scene: Scene, node: NodeGpus, case: _Case) -> Iterator[Output]:
    """Counters of memory that no error code announced."""
    device = case.device
    known = {_FAULTS.get(xid.look_up(e.code).family) for e in case.errors}
    failed, pending, double = (device.value(m) for m in ("remap-failed", "rows-pending", "ecc-double-new"))
    if (failed or pending) and Fault.GPU_ROW_REMAP not in known:
        what = "has failed: the GPU should be replaced" if failed else "is pending: it takes effect at the next reset"
        yield _device(scene, node, device, Fault.GPU_ROW_REMAP, "remap-failed" if failed else "rows-pending", f"row remapping {what}", 0.93 if failed else 0.75)  # fmt: skip
    silent = device.value("xid-last") is None  # an exporter with an empty memory says that the device was reset since
    if double and silent and not known & {Fault.GPU_ECC_UNCORRECTABLE, Fault.GPU_ROW_REMAP}:
        words = f"{double:g} uncorrectable memory errors within the last ten minutes"
        yield _device(scene, node, device, Fault.GPU_ECC_UNCORRECTABLE, "ecc-double", words, 0.86)
    links = device.value("nvlink-errors")
    if links and links >= 100 and Fault.GPU_NVLINK_ERROR not in known:
        words = f"{links:g} NVLink errors within ten minutes"
        yield _device(scene, node, device, Fault.GPU_NVLINK_ERROR, "nvlink-errors", words, 0.8)


def _heat(scene: Scene, node: NodeGpus, case: _Case) -> Iterator[Output]:
    """GPUs whose clocks are held back by heat or power, unless an error is what ails them."""
    device = case.device
    if case.present and any(xid.look_up(e.code).scope in ("gpu", "node") for e in case.errors):
        return
    heat, thermal, power = (device.value(m) for m in ("temperature", "thermal-stalled", "power-stalled"))
    if (heat or 0) >= HOT or (thermal or 0) >= STALLED:
        hot = [d for d in node.devices if (d.value("temperature") or 0) >= HOT]
        words = f"{heat:g} °C" if heat is not None else f"held back by heat {thermal or 0:.0%} of the time"
        rest = f"; {len(hot)} GPUs of this node are that hot: look at its cooling" if len(hot) > 1 else ""
        yield _device(scene, node, device, Fault.GPU_THROTTLED, "temperature", words + rest, 0.9)
    elif (power or 0) >= 3 * STALLED:
        words = f"held back by its power limit {power or 0:.0%} of the time"
        yield _device(scene, node, device, Fault.GPU_THROTTLED, "power-stalled", words, 0.72)


_EXPECTED = {
    Fault.GPU_THROTTLED: f"below {HOT:g} °C, at full clocks",
    Fault.GPU_ROW_REMAP: "no remapping that failed or waits for a reset",
    Fault.GPU_ECC_UNCORRECTABLE: "no uncorrectable errors",
    Fault.GPU_NVLINK_ERROR: "links without errors",
}
_TO_DO = {
    Fault.GPU_THROTTLED: "Improve the cooling, lower the power limit, or move load away; a whole rack is the facility's matter",
    Fault.GPU_ROW_REMAP: "Drain the node and reset the GPU; where remapping has failed, have it replaced",
    Fault.GPU_ECC_UNCORRECTABLE: "Drain the node and reset the GPU; replace it if the SRAM threshold is exceeded",
    Fault.GPU_NVLINK_ERROR: "Find the faulty end (both peers count errors), drain, reset the fabric, check the seating",
}


def _device(
    scene: Scene, node: NodeGpus, device: Device, fault: Fault, metric: str, words: str, certainty: float
) -> Finding:
    return Finding(
        fault=fault,
        entity=device.ref,
        field=metric,
        observed=words,
        expected=_EXPECTED[fault],
        summary=f"GPU {device.index or device.uuid} of node {node.node}: {words}",
        advice=_TO_DO[fault],
        certainty=certainty,
        breaks=(node_of(node), *_owner(scene, device)),
        needs_symptom=False,
        observations=(
            exporter_says(
                scene,
                device,
                "temperature",
                "thermal-stalled",
                "power-stalled",
                "remap-failed",
                "rows-pending",
                "ecc-double",
                "nvlink-errors",
            ),
        ),
    )


def _owner(scene: Scene, device: Device) -> tuple[Ref, ...]:
    owner = scene.workload_of.get(device.owner.pod) if device.owner else None
    return (owner.ref,) if owner else ()


def _same_pci(one: str, other: str) -> bool:
    """`00000000:5A:00.0` and `0000:5a:00` name one device."""
    short = [text.lower().split(".")[0].split(":")[-2:] for text in (one, other)]
    return short[0] == short[1]
