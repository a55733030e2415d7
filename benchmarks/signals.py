"""How long the judging of metrics takes: ranking, forecasting, one service with many series. No network, made data.

    python benchmarks/signals.py

Each figure is the median of five runs in one process; on a machine that others use as well, only the time at work means anything.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from steersman.signals.capacity import exhaustion
from steersman.signals.causal import rank
from steersman.signals.flow import Calls, excess
from steersman.signals.forecast import forecast_grid
from steersman.signals.graph import Edge
from steersman.signals.grid import Grid
from steersman.signals.own import beyond
from steersman.signals.service import ServiceSeries, judge

RUNS = 5
SERVICES, POINTS, ROWS = 500, 240, 20


def main() -> None:
    """Prints one line a figure, with what the issue demands."""
    generator = np.random.default_rng(0)
    _say("rank 500 services with 2,000 series (latency, errors, requests, processor)", _ranking(generator), 1.0)
    day = 10 + np.sin(np.arange(4320) * 2 * np.pi / 1440) + generator.normal(size=4320) * 0.2
    _say(
        "forecast of a series of 4,320 points, 30 minutes ahead",
        lambda: forecast_grid(Grid(0.0, 60.0, day), 1800.0),
        0.05,
    )
    _say("when the same series reaches a limit", lambda: exhaustion(Grid(0.0, 60.0, day), 20.0, 7200.0), 0.05)
    one = ServiceSeries(
        "shop/Service/cart", {("saturation", f"{at}"): Grid(0.0, 15.0, generator.normal(size=480)) for at in range(200)}
    )
    _say("a service with 200 series of two hours, judged in one pass", lambda: judge(one, 7200.0), None)


def _ranking(generator: np.random.Generator) -> Callable[[], object]:
    """A layered graph of 500 services, each calling three of the next layer; one of them is slow."""
    names = tuple(f"s{at:03}" for at in range(SERVICES))
    edges = [
        Edge(caller=names[at], callee=names[min(SERVICES - 1, at + 25 + by)])
        for at in range(SERVICES - 30)
        for by in generator.choice(25, 3, replace=False).tolist()
    ]
    waits = 0.05 + generator.normal(size=(POINTS, SERVICES)) * 0.002
    lost = np.abs(generator.normal(size=(POINTS, SERVICES))) * 0.001
    count = np.full((POINTS, SERVICES), 500.0)
    processor = np.abs(generator.normal(size=(POINTS, SERVICES))) + 1
    waits[-ROWS:, 300] += 0.5

    def run() -> object:
        flows = [
            excess(Calls(kind, names, each[:-ROWS], each[-ROWS:], count[:-ROWS], count[-ROWS:]))
            for kind, each in (("latency", waits), ("errors", lost))  # type: ignore[arg-type]  # a literal in a tuple
        ]
        evidence = {
            name: {"cpu": beyond(processor[:-ROWS, at], processor[-ROWS:, at])} for at, name in enumerate(names)
        }
        return rank(flows, edges, names[0], evidence)

    return run


def _say(what: str, run: Callable[[], object], most: float | None) -> None:
    took, worked = [], []
    for _ in range(RUNS):
        begun, busy = time.perf_counter(), time.process_time()
        run()
        took.append(time.perf_counter() - begun)
        worked.append(time.process_time() - busy)
    demanded = f"  (at most {most * 1000:.0f} ms)" if most else ""
    print(
        f"{what}: {statistics.median(took) * 1000:.1f} ms, {statistics.median(worked) * 1000:.1f} of them at work{demanded}"
    )


if __name__ == "__main__":
    main()
