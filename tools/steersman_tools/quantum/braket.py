"""Amazon Braket through botocore: devices with their queues, and this account's tasks. Queue sizes such as ">4000" stay bounds.

Braket has no hold, no priority and no requeue. Tasks are found by their tags, and submitted by their owner.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import JsonValue

from ..clock import Clock, WallClock
from ..fields import Fields
from ..types import Unreachable
from ..writer import Busy, Conflicted, Refused
from .labels import deadline_of, transpiled_of
from .provider import Adapter, Order
from .types import (  # fmt: skip
    Backend,
    BackendStatus,
    Calibration,
    Capability,
    Count,
    Failure,
    Job,
    JobState,
    Limits,
    ProviderName,
)

_STATUS: Mapping[str, BackendStatus] = {"ONLINE": "online", "OFFLINE": "offline", "RETIRED": "retired"}
_STATES: Mapping[str, JobState] = {
    "CREATED": "QUEUED", "QUEUED": "QUEUED", "RUNNING": "RUNNING", "COMPLETED": "DONE", "FAILED": "FAILED",
    "CANCELLING": "CANCELLING", "CANCELLED": "CANCELLED",
}  # fmt: skip
MOST_TASKS = 100


class Braket(Adapter):
    """One account in one region."""

    name: ClassVar[ProviderName] = "braket"

    def __init__(self, region: str, endpoint: str | None = None, clock: Clock | None = None) -> None:
        self._region, self._endpoint, self._clock = region, endpoint, clock or WallClock()
        self._client: Any = None

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"cancel", "tags", "position"})

    async def backends(self) -> Sequence[Backend]:
        listed = await self._ask("search_devices", filters=[])
        arns = [d.text("deviceArn") for d in listed.each("devices") if d.text("deviceStatus") != "RETIRED"]
        return [self._backend(await self._ask("get_device", deviceArn=arn), arn) for arn in arns]

    def _backend(self, device: Fields, arn: str) -> Backend:
        queues = {
            (q.text("queue"), q.text("queuePriority") or "Normal"): q.text("queueSize")
            for q in device.each("deviceQueueInfo")
        }
        capabilities = Fields(_json(device.text("deviceCapabilities")))
        shots = capabilities.get("service.shotsRange")
        return Backend(
            provider="braket",
            name=_short(arn),
            status=_STATUS.get(device.text("deviceStatus"), "unknown"),
            raw_status=device.text("deviceStatus"),
            observed_at=self._clock.now(),
            simulator=device.text("deviceType") == "SIMULATOR",
            qubits=capabilities.integer("paradigm.qubitCount"),
            pending=Count.read(queues.get(("QUANTUM_TASKS_QUEUE", "Normal"))),
            limits=Limits(
                shots=shots[1] if isinstance(shots, list) and len(shots) == 2 and isinstance(shots[1], int) else None
            ),
            call=f"aws braket get-device --device-arn {arn} --region {self._region}",
        )

    async def calibrations(self, backend: str, before: Sequence[datetime]) -> Sequence[Calibration]:
        return ()

    async def jobs(self) -> Sequence[Job]:
        listed = await self._ask("search_quantum_tasks", filters=[], maxResults=MOST_TASKS)
        found = [await self._task(t.text("quantumTaskArn")) for t in listed.each("quantumTasks")]
        return [job for job in found if job is not None]

    async def job(self, id: str) -> Job | None:
        listed = await self._ask("search_quantum_tasks", filters=[], maxResults=MOST_TASKS)
        arn = next((a for t in listed.each("quantumTasks") if _short(a := t.text("quantumTaskArn")) == id), "")
        return await self._task(arn) if arn else None

    async def _task(self, arn: str) -> Job | None:
        task = await self._ask("get_quantum_task", quantumTaskArn=arn, additionalAttributeNames=["QueueInfo"])
        raw, tags = task.text("status"), tuple(f"{k}:{v}" if v else k for k, v in task.map("tags").items())
        state = _STATES.get(raw, "UNKNOWN")
        position = Count.read(task.text("queueInfo.position"))
        return Job(
            provider="braket",
            id=_short(arn),
            state=state,
            raw_state=raw,
            observed_at=self._clock.now(),
            backend=_short(task.text("deviceArn")),
            submitted=_moment(task, "createdAt"),
            ended=_moment(task, "endedAt"),
            position=position.value if position and position.bound == "exact" and state == "QUEUED" else None,
            shots=task.integer("shots"),
            waits_for=task.text("queueInfo.message") if state == "QUEUED" else "",
            tags=tags,
            deadline=deadline_of(tags),
            transpiled=transpiled_of(tags),
            failure=Failure(reason=task.text("failureReason")) if state == "FAILED" else None,
            call=f"aws braket get-quantum-task --quantum-task-arn {arn} --region {self._region}",
        )

    async def submit(self, order: Order) -> Job:
        raise Refused("Braket does not hand out a task's program: submit it from where it was written.")

    async def params(self, id: str) -> Mapping[str, JsonValue]:
        raise Refused("Braket does not hand out a task's program.")

    async def cancel(self, id: str) -> None:
        listed = await self._ask("search_quantum_tasks", filters=[], maxResults=MOST_TASKS)
        arn = next((a for t in listed.each("quantumTasks") if _short(a := t.text("quantumTaskArn")) == id), "")
        if not arn:
            raise Refused(f"Braket knows no task {id}.", 404)
        try:
            await self._call("cancel_quantum_task", quantumTaskArn=arn, clientToken=f"steersman-{id}"[:64])
        except Unreachable as error:
            raise Busy(str(error)) from error

    async def move(self, id: str, backend: str) -> None:
        raise Refused("Braket moves no task: submit it there and cancel it here.")

    async def hold(self, id: str) -> None:
        raise Refused("Braket holds no tasks.")

    async def release(self, id: str) -> None:
        raise Refused("Braket holds no tasks.")

    async def prioritise(self, id: str, priority: int) -> None:
        raise Refused("Braket has priority only for Hybrid Jobs, and only when they are submitted.")

    async def requeue(self, id: str) -> None:
        raise Refused("Braket requeues no tasks.")

    async def close(self) -> None:
        if self._client is not None:
            self._client.close()

    async def _ask(self, method: str, **parameters: object) -> Fields:
        return Fields(_plain(await self._call(method, **parameters)))

    async def _call(self, method: str, **parameters: object) -> Any:
        """One request in a thread. Raises Unreachable, Conflicted, Refused."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  slow to load

        try:
            return await asyncio.to_thread(lambda: getattr(self._connected(), method)(**parameters))
        except ClientError as error:
            said = Fields(_plain(error.response))
            code, status = said.text("Error.Code"), said.count("ResponseMetadata.HTTPStatusCode")
            words = f"Braket answers {status} {code}: {said.text('Error.Message')}"
            if status == 409:
                raise Conflicted(words) from error
            if method.startswith("cancel") and 400 <= status < 500 and status != 429:
                raise Refused(words, status) from error
            raise Unreachable(words) from error
        except BotoCoreError as error:
            raise Unreachable(f"Braket is not to be had in {self._region}: {error}") from error

    def _connected(self) -> Any:
        if self._client is None:
            from botocore.session import get_session  # noqa: PLC0415  slow to load

            self._client = get_session().create_client("braket", region_name=self._region, endpoint_url=self._endpoint)
        return self._client


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    """What botocore makes, as JSON: moments as text."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(item: Fields, key: str) -> datetime | None:
    text = item.text(key)
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
