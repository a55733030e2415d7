"""Series without a limit that people ask about: the requests that a service gets."""

from __future__ import annotations

from datetime import datetime, timedelta

from steersman_tools.metrics import MetricsSource, Query, Series
from steersman_tools.types import Ref

from .pulse import DAY, Pulse


def requests(pulse: Pulse) -> Query:
    """Requests a second of each service."""
    return Query(
        metric="http_requests_total", function="rate", window=pulse.window, aggregate="sum", by=("namespace", "service")
    )


async def demand(source: MetricsSource, now: datetime, pulse: Pulse, step: float) -> dict[Ref, Series]:
    """By service: its requests a second over two days at most. Raises ToolFailed."""
    reach = min(2 * DAY, pulse.history)
    found = await source.range(requests(pulse), now - timedelta(seconds=reach), now, step)
    return {
        Ref(each.labels.get("namespace", ""), "Service", each.labels["service"]): each
        for each in found
        if each.labels.get("service") and len(each.times)
    }
