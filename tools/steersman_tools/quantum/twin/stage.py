"""An example account: three devices of different size, speed and queue, calibrated this morning."""

from __future__ import annotations

from datetime import timedelta

from ...clock import Clock, WallClock
from .devices import Device
from .state import Twin


def account(clock: Clock | None = None) -> Twin:
    """A twin where all is well."""
    twin = Twin(clock or WallClock())
    morning = twin.clock.now() - timedelta(hours=5)
    twin.add(Device("ibm_fez", 16, calibrated_at=morning), others=12)
    twin.add(Device("ibm_torino", 12, calibrated_at=morning, two_qubit_error=0.008, readout_error=0.02), others=3)
    twin.add(Device("ibm_marrakesh", 20, calibrated_at=morning, two_qubit_error=0.003), others=40)
    return twin
