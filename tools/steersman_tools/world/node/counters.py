"""What a pod's applications have done so far, and what they did in the last stretch of time."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Counters:
    """Counters grow for ever; the other values are of the last stretch."""

    rps: float = 0.0
    served: float = 0.0
    error_ratio: float = 0.0
    latency_ms: float = 0.0
    utilisation: float = 0.0
    seconds: float = 0.0
    codes: dict[str, float] = field(default_factory=dict)
    upstream: dict[tuple[str, str], float] = field(default_factory=dict)
    """(target, ok or error): calls."""
    buckets: list[float] = field(default_factory=list)
