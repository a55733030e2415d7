"""Queues behind the same seam as clusters: a job is an object, a hold or a cancellation a change of its fields.

So the actuator's promises hold for queues as well: what was approved is what is done, a lost answer is settled by reading, and a
submission whose tag is found in the queue is not made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pydantic import JsonValue

from ..fields import Fields
from ..types import Json, JsonObject, Ref, Unreachable
from ..writer import Busy, Conflicted, Mode, Refused, Verb, Writer
from .documents import LIKE, PROGRAM, SHOTS, TAG, job_object, split
from .labels import ISA
from .provider import Order, QuantumProvider
from .types import NAMESPACE, Backend, Capability, Job

_NEEDS: Mapping[str, Capability] = {
    "held": "hold",
    "priority": "priority",
    "cancelled": "cancel",
    "restarts": "requeue",
    "backend": "move",
}
_VERSION = "/metadata/resourceVersion"


class Transpiler(Protocol):
    """Compiles the circuits of a job for a backend as it is now."""

    async def again(self, params: Mapping[str, JsonValue], backend: Backend) -> Mapping[str, JsonValue]:
        """The parameters with new circuits. Raises Refused."""


class QueueWriter:
    """The queues of some providers, as a Writer."""

    def __init__(self, providers: Sequence[QuantumProvider], transpiler: Transpiler | None = None) -> None:
        self._providers = {p.name: p for p in providers}
        self._transpiler = transpiler

    async def read(self, ref: Ref) -> JsonObject | None:
        job = await self._job(ref)
        return job_object(job, ref) if job else None

    async def patch(self, ref: Ref, operations: Sequence[JsonObject], mode: Mode) -> JsonObject:
        job = await self._job(ref)
        if job is None:
            raise Refused(f"{ref} is not in its queue any more.", 404)
        live = Fields(job_object(job, ref))
        wanted: dict[str, Json] = {}
        for operation in operations:
            path, value = str(operation.get("path")), operation.get("value")
            if path == _VERSION and value != live.text("metadata.resourceVersion"):
                raise Conflicted(f"{ref} has changed.")
            if path.startswith("/spec/"):
                wanted[path.removeprefix("/spec/")] = value
        provider, able = self._of(ref), self._of(ref).capabilities()
        for field in wanted:
            if _NEEDS.get(field) not in able:
                raise Refused(f"{provider.name} cannot change {field!r} of a job.")
        if mode == "dry run":
            made = dict(live.raw)
            made["spec"] = {**dict(live.at("spec").raw), **wanted}
            return made
        await self._change(provider, job, wanted)
        stored = await self.read(ref)
        if stored is None:
            raise Busy(f"{ref} cannot be read back.")
        return stored

    async def _change(self, provider: QuantumProvider, job: Job, wanted: Mapping[str, Json]) -> None:
        """Each field by the provider's own call; a release before a priority, which it would set anew."""
        if (how := wanted.get("cancelled")) is not None:
            if how == "before it ran" and job.state == "RUNNING":
                raise Refused(f"Job {job.id} has begun to run: cancelling it now is billed. Ask again.")
            await provider.cancel(job.id)
        if (held := wanted.get("held")) is not None:
            await (provider.hold(job.id) if held else provider.release(job.id))
        if isinstance(backend := wanted.get("backend"), str):
            await provider.move(job.id, backend)
        if isinstance(priority := wanted.get("priority"), int):
            await provider.prioritise(job.id, priority)
        if "restarts" in wanted:
            await provider.requeue(job.id)

    async def create(self, ref: Ref, obj: JsonObject, mode: Mode) -> JsonObject:
        provider, wanted = self._of(ref), Fields(dict(obj))
        tag = split(ref)[2]
        if not tag or not {"submit", "tags"} <= provider.capabilities():
            raise Refused(
                f"{provider.name} cannot find a job by its tag: nothing is submitted that could be submitted twice."
            )
        if (found := await self._tagged(provider, tag)) is not None:
            raise Conflicted(f"{ref} was submitted before, as job {found.id}.")
        original = await self._read(provider, wanted.text("spec.like"))
        if original is None:
            raise Refused(f"Job {wanted.text('spec.like')} is no longer known to {provider.name}.")
        if wanted.text("spec.program") == "transpiled-again" and self._transpiler is None:
            raise Refused("Circuits cannot be transpiled here: pip install 'steersman[quantum]'.")
        if mode == "dry run":
            return obj
        made = await provider.submit(await self._order(provider, tag, original, wanted))
        return job_object(made, ref)

    async def _order(self, provider: QuantumProvider, tag: str, original: Job, wanted: Fields) -> Order:
        backend, program = wanted.text("spec.backend"), wanted.text("spec.program")
        marks = [f"{LIKE}{original.id}", f"{PROGRAM}{program}"]
        kept = [t for t in original.tags if not t.startswith((TAG, LIKE, PROGRAM, SHOTS))]
        params: dict[str, JsonValue] = {}
        if program == "transpiled-again" and self._transpiler is not None:
            target = next((b for b in await provider.backends() if b.name == backend), None)
            if target is None or target.calibration is None:
                raise Refused(f"What {backend} can do is not known: nothing can be transpiled for it.")
            params = dict(await self._transpiler.again(await provider.params(original.id), target))
            at = f"{target.calibration.at:%Y-%m-%dT%H:%M:%SZ}" if target.calibration.at else ""
            kept = [t for t in kept if not t.startswith(ISA)] + [f"{ISA}{backend}@{at}"]
        if (shots := wanted.integer("spec.shots")) is not None:
            marks.append(f"{SHOTS}{shots}")
            before = params or dict(await provider.params(original.id))
            options = before.get("options")
            params = {**before, "options": {**(options if isinstance(options, dict) else {}), "default_shots": shots}}
        limit = wanted.integer("spec.limitSeconds") or (int(original.limit_seconds) if original.limit_seconds else None)
        return Order(
            tag=tag, backend=backend, like=original.id, params=params, tags=(*marks, *kept), limit_seconds=limit
        )

    async def delete(self, ref: Ref, uid: str, mode: Mode) -> None:
        job = await self._job(ref)
        if job is None or f"{job.provider}.{job.id}" != uid:
            raise Conflicted(f"{ref} is another job now.")
        if mode == "for real":
            await self._of(ref).cancel(job.id)

    async def evict(self, pod: Ref, mode: Mode) -> None:
        raise Refused("A queue has no pods.")

    async def may(self, verb: Verb, ref: Ref, subresource: str = "") -> bool:
        return ref.kind == "QuantumJob" and split(ref)[0] in self._providers

    async def pods_on(self, node: str) -> list[Json]:
        return []

    def _of(self, ref: Ref) -> QuantumProvider:
        found = self._providers.get(split(ref)[0])
        if found is None:
            raise Refused(f"{ref} belongs to no quantum provider that is configured here.")
        return found

    async def _job(self, ref: Ref) -> Job | None:
        """The job of that name. A cancelled one that bore a tag counts as gone: that is what its deletion means."""
        provider, (_, id, tag) = self._of(ref), split(ref)
        found = await (self._tagged(provider, tag) if tag else self._read(provider, id))
        return None if tag and found is not None and found.state in ("CANCELLED", "CANCELLING") else found

    async def _tagged(self, provider: QuantumProvider, tag: str) -> Job | None:
        try:
            return await provider.tagged(tag)
        except Unreachable as error:
            raise Busy(str(error)) from error

    async def _read(self, provider: QuantumProvider, id: str) -> Job | None:
        try:
            return await provider.job(id)
        except Unreachable as error:
            raise Busy(str(error)) from error


class WithQueues:
    """A cluster's writer and a queue's as one: what lies in the namespace `quantum` and is no cluster's kind goes to the queue."""

    def __init__(self, cluster: Writer | None, queues: QueueWriter) -> None:
        self._cluster, self._queues = cluster, queues

    def _for(self, ref: Ref) -> Writer:
        if ref.namespace == NAMESPACE and ref.kind == "QuantumJob":
            return self._queues
        if self._cluster is None:
            raise Refused("No cluster is configured here: give --kubeconfig or --context.")
        return self._cluster

    async def read(self, ref: Ref) -> JsonObject | None:
        return await self._for(ref).read(ref)

    async def patch(self, ref: Ref, operations: Sequence[JsonObject], mode: Mode) -> JsonObject:
        return await self._for(ref).patch(ref, operations, mode)

    async def create(self, ref: Ref, obj: JsonObject, mode: Mode) -> JsonObject:
        return await self._for(ref).create(ref, obj, mode)

    async def delete(self, ref: Ref, uid: str, mode: Mode) -> None:
        await self._for(ref).delete(ref, uid, mode)

    async def evict(self, pod: Ref, mode: Mode) -> None:
        await self._for(pod).evict(pod, mode)

    async def may(self, verb: Verb, ref: Ref, subresource: str = "") -> bool:
        return await self._for(ref).may(verb, ref, subresource)

    async def pods_on(self, node: str) -> list[Json]:
        return await self._cluster.pods_on(node) if self._cluster else []
