"""The fault families, a file each: functions from a scene to what is wrong in it. A new one is added to this list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from ...types import Output
from ..scene import Scene
from . import (
    addresses,
    admission,
    callers,
    config,
    crashes,
    images,
    memory,
    nodes,
    policies,
    probes,
    scale,
    scheduling,
    services,
    storage,
    symptoms,
)

Analyzer: TypeAlias = Callable[[Scene], Iterable[Output]]

ANALYZERS: tuple[Analyzer, ...] = (
    callers.caller_logs,
    symptoms.unavailable,
    symptoms.unfinished_jobs,
    symptoms.no_endpoints,
    symptoms.calls_failing,
    symptoms.nodes,
    symptoms.alerts,
    admission.refused,
    scheduling.unschedulable,
    storage.claims,
    images.image_pull,
    config.missing_config,
    memory.oom_killed,
    crashes.crashes,
    probes.probes,
    services.selectors,
    services.target_ports,
    services.missing,
    services.healthy_paths,
    addresses.wrong_addresses,
    policies.blocked_calls,
    scale.scaled_to_zero,
    nodes.unready_nodes,
    nodes.pressure,
)
