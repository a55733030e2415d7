"""What the NVML reader sees on this machine: needs nvidia-ml-py, pydantic and this package, and a machine with an NVIDIA driver.

PYTHONPATH=tools python benchmarks/nvml.py
"""

from __future__ import annotations

import sys
import time

from steersman_tools.gpu.nvml import read
from steersman_tools.types import ToolFailed


def main() -> int:
    began = time.perf_counter()
    try:
        readings = read()
    except ToolFailed as error:
        print(error, file=sys.stderr)
        return 1
    seconds = time.perf_counter() - began
    for device in readings.devices:
        print(f"{device.node} GPU {device.index}: {device.model} {device.uuid} pci {device.pci} driver {device.driver}")
        for name, reading in sorted(device.values.items()):
            print(f"  {name:<20} {reading.value:>16,.2f}  {reading.source}")
    for gap in readings.gaps:
        print(f"not checked: {gap.what} ({gap.why})")
    print(f"{len(readings.devices)} devices in {seconds * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
