"""Reads the accelerators of this machine through NVML, into the same read model as everything else. Optional: a cluster is read
through its API and its exporters; this is for the node itself.

NVML's functions differ by device and driver: what a device does not support is not collected, and never zero.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..types import NotChecked, ToolFailed
from .types import DeviceReading, GpuReadings, Metric, Reading

RECOVERY_ACTION = 230
"""NVML_FI_DEV_GET_GPU_RECOVERY_ACTION: what the driver asks for (nvidia-ml-py 13.615.71)."""
_THERMAL, _POWER = 0x20 | 0x40, 0x04 | 0x80
"""Clock event reasons: software and hardware thermal slowdown; software power cap and power brake."""


def read(node: str = "") -> GpuReadings:
    """The devices of this machine. Raises ToolFailed where there is no NVIDIA driver."""
    import pynvml  # noqa: PLC0415  loads the driver's library

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise ToolFailed(
            f"NVML does not answer ({error}): this machine has no NVIDIA driver, or it does not work."
        ) from error
    try:
        driver = _try(pynvml, pynvml.nvmlSystemGetDriverVersion) or ""
        devices, gaps = [], []
        for index in range(pynvml.nvmlDeviceGetCount()):
            try:
                handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            except pynvml.NVMLError as error:
                devices.append(_lost(index, node or socket.gethostname(), driver, error))
                gaps.append(NotChecked(what=f"GPU {index}", why=str(error)))
                continue
            devices.append(_device(pynvml, handle, index, node or socket.gethostname(), driver))
        return GpuReadings(devices=tuple(devices), gaps=tuple(gaps))
    finally:
        pynvml.nvmlShutdown()


def _lost(index: int, node: str, driver: str, error: Exception) -> DeviceReading:
    """A device that is counted and does not answer."""
    now = datetime.now(UTC)
    gone: dict[Metric, Reading] = {}
    if "lost" in str(error).lower():
        gone["xid-last"] = Reading(79.0, f"nvmlDeviceGetHandleByIndex({index}): {error}", now)
    return DeviceReading(uuid=f"{node}/{index}", node=node, index=str(index), driver=driver, values=gone)


def _device(nvml: Any, handle: Any, index: int, node: str, driver: str) -> DeviceReading:
    now = datetime.now(UTC)
    found: dict[Metric, Reading] = {}

    def put(name: Metric, call: Callable[[], Any], source: str) -> None:
        value = _try(nvml, call)
        if value is not None:
            found[name] = Reading(float(value), source, now)

    memory = _try(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    if memory is not None:
        for name, value in (("memory-total", memory.total), ("memory-used", memory.used), ("memory-free", memory.free)):
            found[name] = Reading(value / 2**20, "nvmlDeviceGetMemoryInfo", now)  # type: ignore[index]   # three of the names
    use = _try(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    if use is not None:
        found["use"] = Reading(float(use.gpu), "nvmlDeviceGetUtilizationRates", now)
        found["memory-copy"] = Reading(float(use.memory), "nvmlDeviceGetUtilizationRates", now)
    put(
        "temperature",
        lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
        "nvmlDeviceGetTemperature",
    )
    put("power", lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000, "nvmlDeviceGetPowerUsage")
    put("power-limit", lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000, "nvmlDeviceGetEnforcedPowerLimit")
    put(
        "energy", lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000, "nvmlDeviceGetTotalEnergyConsumption"
    )
    put("clock", lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM), "nvmlDeviceGetClockInfo(SM)")
    for name, kind in (
        ("ecc-double", nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED),
        ("ecc-single", nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED),
    ):
        put(
            name,  # type: ignore[arg-type]   # two of the names
            lambda kind=kind: nvml.nvmlDeviceGetTotalEccErrors(handle, kind, nvml.NVML_VOLATILE_ECC),  # type: ignore[misc]
            "nvmlDeviceGetTotalEccErrors(volatile)",
        )
    rows = _try(nvml, lambda: nvml.nvmlDeviceGetRemappedRows(handle))
    if rows is not None:
        names: tuple[Metric, ...] = ("rows-correctable", "rows-uncorrectable", "rows-pending", "remap-failed")
        found |= {n: Reading(float(v), "nvmlDeviceGetRemappedRows", now) for n, v in zip(names, rows, strict=False)}
    reasons = _try(nvml, lambda: nvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
    if reasons is not None:
        found["thermal-stalled"] = Reading(
            float(bool(reasons & _THERMAL)), "nvmlDeviceGetCurrentClocksEventReasons", now
        )
        found["power-stalled"] = Reading(float(bool(reasons & _POWER)), "nvmlDeviceGetCurrentClocksEventReasons", now)
    put(
        "recovery-action", lambda: _field(nvml, handle, RECOVERY_ACTION), f"nvmlDeviceGetFieldValues({RECOVERY_ACTION})"
    )
    pci = _try(nvml, lambda: nvml.nvmlDeviceGetPciInfo(handle))
    return DeviceReading(
        uuid=_text(_try(nvml, lambda: nvml.nvmlDeviceGetUUID(handle))) or f"{node}/{index}",
        node=node,
        index=str(index),
        model=_text(_try(nvml, lambda: nvml.nvmlDeviceGetName(handle))),
        pci=_text(getattr(pci, "busId", "")),
        driver=_text(driver),
        values=found,
    )


def _field(nvml: Any, handle: Any, field: int) -> float | None:
    value = nvml.nvmlDeviceGetFieldValues(handle, [field])[0]
    return float(value.value.uiVal) if value.nvmlReturn == 0 else None


def _try(nvml: Any, call: Callable[[], Any]) -> Any:
    """The answer; None where the device or the driver does not have it."""
    try:
        return call()
    except (nvml.NVMLError, AttributeError):
        return None


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
