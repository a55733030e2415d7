"""Inference that suffers: a full KV cache, a canary worse than what it replaces, a scaler at its limit."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.gpu.types import ServerReading
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output, Symptom
from .. import cite
from ..scene import Scene

FULL = 0.95
"""The share of the KV cache from which new requests wait."""


def caches(scene: Scene) -> Iterator[Output]:
    """Servers whose key-value cache is full while requests wait or are thrown out of it."""
    readings = scene.snapshot.gpus.servers if scene.snapshot.gpus else ()
    full: dict[Ref, list[ServerReading]] = {}
    for reading in readings:
        workload = scene.workload_of.get(reading.pod)
        use, waits, out = (reading.value(m) for m in ("cache-use", "waiting", "preemptions"))
        if workload and use is not None and use >= FULL and ((waits or 0) > 0 or (out or 0) > 0):
            full.setdefault(workload.ref, []).append(reading)
    for ref, those in full.items():
        worst = max(those, key=lambda r: r.value("waiting") or 0)
        shown = {m: worst.value(m) for m in ("cache-use", "waiting", "running", "preemptions")}
        words = ", ".join(f"{name} {value:g}" for name, value in shown.items() if value is not None)
        where = f'{{namespace="{ref.namespace}",pod="{worst.pod.name}"}}'
        yield Symptom(kind="slow", entity=ref, text=f"requests wait at {ref.name}: {words}", weight=1.5)
        yield Finding(
            fault=Fault.KV_CACHE_EXHAUSTED,
            entity=ref,
            field="vllm:kv_cache_usage_perc",
            observed=f"{len(those)} of its servers have a full cache: {words}",
            expected=f"below {FULL:.0%}, with nobody waiting",
            summary=f"The key-value cache of {ref.kind} {ref.name} is full: {words}",
            advice="Scale out, lower max_num_seqs or max_model_len, or shed load; more memory for the container does not help",
            certainty=0.9,
            breaks=(ref,),
            needs_symptom=False,
            observations=(cite.metric(scene, f"vllm:kv_cache_usage_perc{where}", [f"{n}: {v:g}" for n, v in shown.items() if v is not None]),),
        )  # fmt: skip


def canaries(scene: Scene) -> Iterator[Output]:
    """InferenceServices whose newest revision does not get ready while it is given traffic, or is to be given it."""
    for service in scene.snapshot.all("InferenceService"):
        part = service.at("status.components.predictor")
        newest, rolled = part.text("latestCreatedRevision"), part.text("latestReadyRevision")
        percent = service.integer("spec.predictor.canaryTrafficPercent")
        ready = service.condition("PredictorReady") or service.condition("Ready")
        behind = bool(newest) and newest != rolled
        if ready.text("status") != "False" and not behind:
            continue
        split = _split(service)
        yield Symptom(kind="unready", entity=service.ref, text=f"InferenceService {service.name} is not ready: {ready.text('reason')}", weight=2.0)  # fmt: skip
        yield Finding(
            fault=Fault.RELEASE_REGRESSION,
            entity=service.ref,
            field="spec.predictor.canaryTrafficPercent" if split else "spec.predictor",
            observed=f"revision {newest or 'unnamed'} is not ready ({ready.text('message') or ready.text('reason')}), canary {percent if percent is not None else 100} %",
            expected=f"traffic on {rolled}" if rolled else "a revision that gets ready",
            summary=f"The newest revision of InferenceService {service.name} does not get ready",
            advice=f"Set canaryTrafficPercent to 0, so that {rolled or 'the previous revision'} serves"
            if split
            else "Put the previous predictor back: traffic can only be split in the serverless mode",
            certainty=0.8,
            breaks=(service.ref,),
            observations=(cite.fields(scene, service, "spec.predictor.canaryTrafficPercent", "status.components.predictor", "status.conditions"),),
        )  # fmt: skip


def _split(service: Resource) -> bool:
    """Whether the deployment mode lets traffic be split."""
    mode = service.annotations.get("serving.kserve.io/deploymentMode", "") or service.text("status.deploymentMode")
    return mode.lower() in ("", "serverless", "knative")


def scalers(scene: Scene) -> Iterator[Output]:
    """KEDA scalers that cannot read what they scale by."""
    for item in scene.snapshot.all("ScaledObject"):
        ready = item.condition("Ready")
        target = Ref(item.namespace, item.text("spec.scaleTargetRef.kind", "Deployment"), item.text("spec.scaleTargetRef.name"))  # fmt: skip
        if ready.text("status") == "False":
            yield Finding(
                fault=Fault.HPA_MISCONFIGURED,
                entity=item.ref,
                field="spec.triggers",
                observed=f"{ready.text('reason')}: {ready.text('message')}",
                expected="a trigger whose metric can be read",
                summary=f"ScaledObject {item.name} does not scale {target.kind} {target.name}: {ready.text('message')}",
                advice="Correct the trigger's address, query or authentication",
                certainty=0.85,
                breaks=(target,),
                needs_symptom=False,
                observations=(cite.fields(scene, item, "spec.triggers", "status.conditions"),),
            )
