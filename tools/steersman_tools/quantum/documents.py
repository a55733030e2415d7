"""A queue's jobs as objects with `spec` and `status`: what is planned, gated, changed and undone like any other object.

`spec` holds what can be changed (held, priority, cancelled, how often it was put back); `status` what happens by itself. A job that
steersman submits is named by its tag, `ibm.@steersman-1a2b3c4d`: the name exists before the job does, so that it is made once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal, TypeAlias

import orjson

from ..types import Json, Ref
from .types import NAMESPACE, Backend, Job

KIND = "QuantumJob"
TAG = "steersman-"
LIKE, PROGRAM, SHOTS = "like:", "program:", "shots:"
Cancelled: TypeAlias = Literal["", "before it ran", "while it ran"]
Program: TypeAlias = Literal["as-it-was", "transpiled-again"]


def tag_for(like: str, backend: str, program: str) -> str:
    """The tag of a job that repeats another one there: the same for the same wish, so that it is submitted once."""
    return TAG + hashlib.sha256(f"{like} {backend} {program}".encode()).hexdigest()[:12]


def named(provider: str, tag: str) -> Ref:
    """The name of the job that will bear the tag."""
    return Ref(NAMESPACE, KIND, f"{provider}.@{tag}")


def split(ref: Ref) -> tuple[str, str, str]:
    """The provider, the id, and the tag of a job's name; either id or tag is empty."""
    provider, _, rest = ref.name.partition(".")
    return (provider, "", rest[1:]) if rest.startswith("@") else (provider, rest, "")


def cancelled(job: Job) -> Cancelled:
    if job.state not in ("CANCELLED", "CANCELLING"):
        return ""
    return "while it ran" if job.started else "before it ran"


def job_object(job: Job, ref: Ref | None = None) -> dict[str, Json]:
    """The job as an object, under the name by which it was asked for."""
    spec: dict[str, Json] = {
        "provider": job.provider,
        "backend": job.backend,
        "held": job.state == "HELD",
        "cancelled": cancelled(job),
        "restarts": job.restarts,
    }
    if job.priority is not None:
        spec["priority"] = job.priority
    if job.limit_seconds:
        spec["limitSeconds"] = int(job.limit_seconds)
    for key, mark in (("like", LIKE), ("program", PROGRAM)):
        if found := next((t.removeprefix(mark) for t in job.tags if t.startswith(mark)), ""):
            spec[key] = found
    if shots := next((t.removeprefix(SHOTS) for t in job.tags if t.startswith(SHOTS)), ""):
        spec["shots"] = int(shots)
    status: dict[str, Json] = {
        "state": job.state,
        "rawState": job.raw_state,
        "position": job.position,
        "waitsFor": job.waits_for,
        "failure": job.failure.kind if job.failure else "",
    }
    labels: dict[str, Json] = {"provider": job.provider, "backend": job.backend, "state": job.state}
    return {
        "apiVersion": "steersman.dev/v1",
        "kind": KIND,
        "metadata": {
            "name": (ref or job.ref).name,
            "namespace": NAMESPACE,
            "uid": f"{job.provider}.{job.id}",
            "resourceVersion": _version(spec),
            "labels": labels,
        },
        "spec": spec,
        "status": status,
    }


def aliases(job: Job) -> list[Ref]:
    """The names under which the job is known: its own, and that of its tag where steersman submitted it."""
    tags = [t for t in job.tags if t.startswith(TAG)]
    return [job.ref, *(named(job.provider, tag) for tag in tags if job.state != "CANCELLED")]


def backend_object(backend: Backend) -> dict[str, Json]:
    """The backend as an object, for those who look at what a plan's targets are."""
    return {
        "apiVersion": "steersman.dev/v1",
        "kind": "Backend",
        "metadata": {"name": backend.name, "namespace": NAMESPACE, "labels": {"provider": backend.provider}},
        "spec": {"provider": backend.provider, "qubits": backend.qubits},
        "status": {"status": backend.status, "reason": backend.reason},
    }


def _version(spec: Mapping[str, Json]) -> str:
    return hashlib.sha256(orjson.dumps(dict(spec), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
