"""The hands of the assistant: the only module that holds the actuator. It weighs a plan, takes its steps, and takes them back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from steersman_tools.actions import Unfit
from steersman_tools.actuator import Actuator, Voided
from steersman_tools.actuator_types import Prepared, Receipt, Undone
from steersman_tools.clock import Clock
from steersman_tools.fields import Fields, read_time
from steersman_tools.types import Frozen, Json, JsonObject, Ref, ToolFailed
from steersman_tools.writer import Busy, Conflicted, Mode, Refused, Verb, Writer

from .remedy import Plan, Step

LEASE_SECONDS = 900
TRIES = 5
PAUSE_SECONDS = 0.5


class Weighed(Frozen):
    """What the API server says of a plan before anything is done: by step, the missing right and the refusal."""

    rights: dict[int, str]
    dry_run: dict[int, str]
    untried: tuple[int, ...]


class Taken(Exception):
    """Another session is healing the same thing. The catcher stops and says who."""


class Hands:
    """What acts for one session."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock = writer, clock
        self._actuator = Actuator(writer, clock)

    async def weigh(self, plan: Plan) -> Weighed:
        """Rights and dry runs of every step; steps that build on earlier ones are tried when their turn comes."""
        rights, refusals, untried, touched = dict[int, str](), dict[int, str](), list[int](), set[Ref]()
        for number, step in enumerate(plan.steps):
            ref = step.action.target
            for verb, subresource in _rights(step):
                if not await self._writer.may(verb, ref, subresource):
                    rights[number] = (
                        f"{verb} {ref.kind}{f'/{subresource}' if subresource else ''} in {ref.namespace or 'the cluster'}"
                    )
            if ref in touched or number in rights:
                continue
            touched.add(ref)
            try:
                prepared = await self._actuator.prepare(step.action)
            except (Unfit, Refused, Conflicted) as error:
                refusals[number] = str(error)
                continue
            except Busy as error:
                if step.action.effect != "evict":
                    raise
                refusals[number] = str(error)  # a disruption budget is no passing trouble: it says no
                continue
            if prepared.dry_run == "not supported":
                untried.append(number)
        return Weighed(rights=rights, dry_run=refusals, untried=tuple(untried))

    async def prepare(self, step: Step) -> Prepared:
        """The step, ready. Raises Voided when it would no longer change exactly what was approved; Refused, Busy."""
        try:
            prepared = await self._actuator.prepare(step.action)
        except Unfit as error:
            raise Voided(str(error)) from error
        if step.action.effect in ("edit", "drain", "replace") and prepared.changes and prepared.changes != step.changes:
            raise Voided(f"{step.action.target} is no longer as the plan saw it; diagnose again.")
        return prepared

    async def commit(self, prepared: Prepared) -> Receipt:
        """Takes the step; after a crash, finds out whether it was taken. Raises Voided, Refused, Busy."""
        return await self._actuator.commit(prepared)

    async def undo(self, receipt: Receipt) -> Undone:
        """Takes the step back, as far as nobody has written over it. Raises Refused, Busy."""
        return await self._actuator.undo(receipt)

    async def hold(self, entity: Ref, session: str) -> str:
        """Takes the Lease on an entity, so that no two sessions heal the same thing; returns '' or why it could not be had.

        Raises Taken while another session holds it, Busy. Where Leases may not be written, the session goes on without.
        """
        ref, now = _lease(entity), self._clock.now()
        spec: dict[str, Json] = {
            "holderIdentity": f"steersman-{session}",
            "leaseDurationSeconds": LEASE_SECONDS,
            "acquireTime": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
            "renewTime": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        body: dict[str, Json] = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": ref.name,
                "namespace": ref.namespace,
                "annotations": {"steersman.dev/entity": str(entity)},
            },
            "spec": spec,
        }
        for attempt in range(TRIES):
            try:
                await self._acquire(ref, entity, f"steersman-{session}", body, spec)
                break
            except Conflicted as error:
                raise Taken(f"Another session has just begun to heal {entity}.") from error
            except Busy:
                if attempt == TRIES - 1:
                    raise
                await self._clock.sleep(PAUSE_SECONDS * 2**attempt)
            except ToolFailed as error:
                return f"no Lease could be taken ({error})"
        return ""

    async def _acquire(self, ref: Ref, entity: Ref, holder: str, body: JsonObject, spec: JsonObject) -> None:
        live = await self._writer.read(ref)
        if live is None:
            await self._writer.create(ref, body, "for real")
            return
        held = Fields(dict(live))
        other, renewed = held.text("spec.holderIdentity"), read_time(held.text("spec.renewTime"))
        fresh = renewed is not None and self._clock.now() - renewed < timedelta(seconds=LEASE_SECONDS)
        if other != holder and fresh:
            name = other.removeprefix("steersman-")
            raise Taken(f"{name} is already healing {entity}; wait for it or look at `steersman show`.")
        await self._seize(ref, live, dict(spec), "for real")

    async def _seize(self, ref: Ref, live: JsonObject, spec: Json, mode: Mode) -> None:
        version = Fields(dict(live)).text("metadata.resourceVersion")
        await self._writer.patch(
            ref,
            [
                {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
                {"op": "replace", "path": "/spec", "value": spec},
            ],
            mode,
        )

    async def release(self, entity: Ref, session: str) -> None:
        """Gives the Lease back, if it is this session's."""
        ref = _lease(entity)
        try:
            live = await self._writer.read(ref)
            if live and Fields(dict(live)).text("spec.holderIdentity") == f"steersman-{session}":
                await self._writer.delete(ref, Fields(dict(live)).text("metadata.uid"), "for real")
        except ToolFailed:
            return  # it expires by itself


def _lease(entity: Ref) -> Ref:
    digest = hashlib.sha256(str(entity).encode()).hexdigest()[:16]
    namespace = (
        entity.namespace if entity.namespace not in ("", "quantum", "gpu") else "default"
    )  # those are no cluster's
    return Ref(namespace, "Lease", f"steersman-{digest}")


def _rights(step: Step) -> Iterable[tuple[Verb, str]]:
    match step.action.effect:
        case "edit":
            yield "patch", ""
        case "create":
            yield "create", ""
            yield "delete", ""
        case "delete" | "replace":
            yield "delete", ""
            if step.action.reversible:
                yield "create", ""
        case "drain":
            yield "patch", ""
        case "evict":
            yield "create", "eviction"
