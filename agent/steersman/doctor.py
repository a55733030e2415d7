"""What is reachable, what is permitted, what is missing, and for each gap the line that mends it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Literal

from steersman_tools.metrics import Query
from steersman_tools.types import Frozen, NotChecked, Unreachable

from .app import sources
from .gather import Sources
from .settings import Settings, config_file

WANTED_SERIES = {
    "kube-state-metrics": "kube_pod_info",
    "cAdvisor": "container_memory_working_set_bytes",
    "node-exporter": "node_memory_MemAvailable_bytes",
    "dcgm-exporter (GPUs)": "DCGM_FI_DEV_GPU_UTIL",
}


class Check(Frozen):
    """One thing that was checked."""

    what: str
    state: Literal["ok", "missing", "broken"]
    text: str
    mend: str = ""
    """The line that mends it."""


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Checks everything in turn; what is missing never stops the rest."""
    yield Check(what="steersman", state="ok", text=f"{version('steersman')} on Python {sys.version.split()[0]}")
    file = config_file()
    yield Check(what="settings", state="ok", text=f"{file}{'' if file.exists() else ' (not there: the defaults hold)'}")
    try:
        with sources(settings) as opened:
            async for check in _cluster(opened):
                yield check
            async for check in _metrics(opened, settings):
                yield check
    except Unreachable as error:
        yield Check(what="cluster", state="broken", text=str(error), mend="steersman demo    # needs no cluster")


async def _cluster(opened: Sources) -> AsyncIterator[Check]:
    snapshot = await opened.reader.snapshot(None)
    nodes, pods = (len(snapshot.by_kind.get(kind, ())) for kind in ("Node", "Pod"))
    where = f"context {snapshot.context}" + (f", Kubernetes {snapshot.version}" if snapshot.version else "")
    yield Check(what="cluster", state="ok", text=f"{where}: {pods} pods on {nodes} nodes")
    for gap in snapshot.not_checked:
        yield _gap(gap)
    if not snapshot.not_checked:
        yield Check(what="permissions", state="ok", text="everything that diagnosis asks for may be read")


def _gap(gap: NotChecked) -> Check:
    if "forbidden" in gap.why.lower() or "cannot list" in gap.why:
        mend = "kubectl create clusterrolebinding steersman --clusterrole=view --user=<you>"
        return Check(what="permissions", state="missing", text=f"{gap.what}: {gap.why}", mend=mend)
    return Check(what="cluster", state="missing", text=f"{gap.what}: {gap.why}")


async def _metrics(opened: Sources, settings: Settings) -> AsyncIterator[Check]:
    if opened.metrics is None:
        mend = "export PROMETHEUS_URL=http://...    # or --prometheus URL"
        yield Check(what="metrics", state="missing", text="no Prometheus is configured", mend=mend)
        return
    try:
        alerts = await opened.metrics.alerts()
        yield Check(what="metrics", state="ok", text=f"{settings.prometheus}: {len(alerts)} alerts pending or firing")
        for name, metric in WANTED_SERIES.items():
            if not await opened.metrics.instant(Query(metric=metric, aggregate="count")):
                yield Check(
                    what="metrics",
                    state="missing",
                    text=f"no series of {name} ({metric})",
                    mend=f"install {name} and have it scraped",
                )
        if opened.silencer:
            await opened.silencer.suppressed(())
            yield Check(what="silences", state="ok", text=str(settings.alertmanager))
    except Unreachable as error:
        yield Check(what="metrics", state="broken", text=str(error), mend="check --prometheus and --alertmanager")
