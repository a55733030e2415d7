"""IBM Quantum by its REST API: queues are read and jobs cancelled or submitted without any of IBM's packages.

IBM has no hold, no priority and no moving of a queued job: a move is a new job and a cancellation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import httpx
from pydantic import JsonValue

from ..clock import Clock, WallClock
from ..fields import Fields
from ..types import ToolFailed, Unreachable
from ..writer import Busy, Conflicted, Refused
from . import ibm_parse
from .provider import Adapter, Order
from .types import Backend, Calibration, Capability, Job, ProviderName, Session, Usage

ENDPOINT = "https://quantum.cloud.ibm.com/api/v1"
IAM = "https://iam.cloud.ibm.com"
VERSION = "2025-05-01"
TIMEOUT_SECONDS = 20.0
MOST_JOBS = 200
LATELY = timedelta(days=2)
TRIES = 3


class IbmQuantum(Adapter):
    """One instance of IBM Quantum."""

    name: ClassVar[ProviderName] = "ibm"

    def __init__(
        self, key: str, instance: str, endpoint: str = ENDPOINT, iam: str = IAM, clock: Clock | None = None
    ) -> None:
        self._key, self._instance, self._iam = key, instance, iam.rstrip("/")
        self._endpoint, self._clock = endpoint.rstrip("/"), clock or WallClock()
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
        self._past: dict[tuple[str, datetime], Calibration] = {}
        self._token, self._expires = "", datetime.min.replace(tzinfo=self._clock.now().tzinfo)

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"submit", "cancel", "tags", "position", "history"})

    async def backends(self) -> Sequence[Backend]:
        now, body = self._clock.now(), await self._get("/backends")
        found = [ibm_parse.backend(item, now, self._call("/backends")) for item in body.each("devices")]
        return await asyncio.gather(*map(self._detailed, found))

    async def _detailed(self, found: Backend) -> Backend:
        """With configuration and calibration, where the provider gives them."""
        try:
            configuration = await self._get(f"/backends/{found.name}/configuration")
            properties = await self._get(f"/backends/{found.name}/properties")
        except Unreachable:
            return found
        return ibm_parse.detailed(found, configuration, ibm_parse.calibration(properties))

    async def calibrations(self, backend: str, before: Sequence[datetime]) -> Sequence[Calibration]:
        found = await asyncio.gather(*(self._calibration(backend, moment) for moment in before))
        return list({c.at: c for c, m in zip(found, before, strict=True) if c.at and c.at <= m}.values())

    async def _calibration(self, backend: str, moment: datetime) -> Calibration:
        """What was in force then: the past does not change, so it is asked for once."""
        if (backend, moment) not in self._past:
            body = await self._get(
                f"/backends/{backend}/properties", {"updated_before": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
            )
            self._past[backend, moment] = ibm_parse.calibration(body)
        return self._past[backend, moment]

    async def jobs(self) -> Sequence[Job]:
        since = f"{self._clock.now() - LATELY:%Y-%m-%dT%H:%M:%SZ}"
        query = {"limit": str(MOST_JOBS), "exclude_params": "true"}
        waiting = await self._get("/jobs", {**query, "pending": "true"})
        lately = await self._get("/jobs", {**query, "created_after": since})
        call = self._call("/jobs")
        by_id = {i.text("id"): i for i in (*lately.each("jobs"), *waiting.each("jobs"))}
        found = [ibm_parse.job(i, self._clock.now(), call) for i in by_id.values()]
        return [await self._measured(job) if job.pending else job for job in found]

    async def _measured(self, found: Job) -> Job:
        try:
            return ibm_parse.measured(found, await self._get(f"/jobs/{found.id}/metrics"))
        except Unreachable:
            return found

    async def job(self, id: str) -> Job | None:
        path = f"/jobs/{id}"
        response = await self._ask("GET", path, {"exclude_params": "true"})
        if response.status_code == 404:
            return None
        found = ibm_parse.job(_json(response), self._clock.now(), self._call(path))
        return await self._measured(found)

    async def tagged(self, tag: str) -> Job | None:
        body = await self._get("/jobs", {"tags": tag, "limit": "10", "exclude_params": "true"})
        found = [i for i in body.each("jobs") if tag in i.texts("tags")]
        return ibm_parse.job(found[0], self._clock.now(), self._call(f"/jobs?tags={tag}")) if found else None

    async def sessions(self, ids: Sequence[str]) -> Sequence[Session]:
        found = []
        for id in ids:
            response = await self._ask("GET", f"/sessions/{id}", {})
            if response.status_code == 200:
                found.append(ibm_parse.session(_json(response), self._call(f"/sessions/{id}")))
        return found

    async def usage(self) -> Usage | None:
        return ibm_parse.usage(await self._get("/instances/usage"), self._call("/instances/usage"))

    async def submit(self, order: Order) -> Job:
        body: dict[str, JsonValue] = {"program_id": order.program, "params": order.params}
        if order.like:
            original = _json(await self._checked("GET", f"/jobs/{order.like}"))
            params = original.get("params")
            if not isinstance(params, dict):
                raise Refused(
                    f"The program of job {order.like} is no longer kept; submit it from where it was written."
                )
            body = {"program_id": original.text("program.id"), "params": params}
            if order.params:
                body["params"] = {**params, **order.params}
        body |= {"backend": order.backend, "tags": [order.tag, *order.tags]}
        if order.limit_seconds:
            body["cost"] = order.limit_seconds
        if order.session:
            body["session_id"] = order.session
        made = _json(await self._checked("POST", "/jobs", body))
        found = await self.job(made.text("id"))
        if found is None:
            raise Busy(f"Job {made.text('id')} was accepted and is not listed yet.")
        return found

    async def params(self, id: str) -> Mapping[str, JsonValue]:
        """What the job was submitted with, as it was sent. Raises Refused where it is no longer kept."""
        found = _json(await self._checked("GET", f"/jobs/{id}")).get("params")
        if not isinstance(found, dict):
            raise Refused(f"The program of job {id} is no longer kept.")
        return found

    async def cancel(self, id: str) -> None:
        await self._checked("POST", f"/jobs/{id}/cancel")

    async def move(self, id: str, backend: str) -> None:
        raise Refused("IBM Quantum moves no queued job: submit it there and cancel it here.")

    async def hold(self, id: str) -> None:
        raise Refused("IBM Quantum cannot hold a job: cancel it, or let it wait.")

    async def release(self, id: str) -> None:
        raise Refused("IBM Quantum holds no jobs.")

    async def prioritise(self, id: str, priority: int) -> None:
        raise Refused("IBM Quantum has no priorities: its fair share orders the queue.")

    async def requeue(self, id: str) -> None:
        raise Refused("IBM Quantum requeues no jobs: submit it again.")

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Fields:
        response = await self._ask("GET", path, query or {})
        if response.status_code >= 400:
            raise Unreachable(f"IBM Quantum answers {response.status_code} to GET {path}: {_words(response)}")
        return _json(response)

    async def _checked(
        self, method: Literal["GET", "POST", "DELETE"], path: str, body: dict[str, JsonValue] | None = None
    ) -> httpx.Response:
        """A write, or a read that a write needs. Raises Refused, Conflicted, Busy."""
        try:
            response = await self._once(method, path, {}, body)
        except httpx.HTTPError as error:
            raise Busy(f"IBM Quantum gave no answer to {method} {path} ({type(error).__name__}).") from error
        except Unreachable as error:
            raise Refused(str(error)) from error
        said = f"IBM Quantum answers {response.status_code} to {method} {path}: {_words(response)}"
        match response.status_code:
            case 409:
                raise Conflicted(said)
            case 429 | 500 | 502 | 503 | 504:
                raise Busy(said)
            case status if status >= 400:
                raise Refused(said, status)
        return response

    async def _ask(self, method: str, path: str, query: Mapping[str, str]) -> httpx.Response:
        """A read, tried again where the service is only busy. Raises Unreachable."""
        for attempt in range(TRIES):
            try:
                response = await self._once(method, path, query, None)
                if response.status_code not in (429, 500, 502, 503, 504):
                    break
                said = f"it answers {response.status_code}: {_words(response)}"
            except httpx.HTTPError as error:
                said = f"{type(error).__name__} at {self._endpoint}"
            if attempt == TRIES - 1:
                raise Unreachable(f"IBM Quantum is not to be had: {said}")
            await self._clock.sleep(0.5 * 2**attempt)
        if response.status_code in (401, 403):
            raise Unreachable("IBM Quantum does not accept the key: check quantum.ibm_key and quantum.ibm_instance.")
        return response

    async def _once(
        self, method: str, path: str, query: Mapping[str, str], body: dict[str, JsonValue] | None
    ) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {await self._bearer()}",
            "Service-CRN": self._instance,
            "IBM-API-Version": VERSION,
            "Accept": "application/json",
        }
        return await self._http.request(method, self._endpoint + path, params=dict(query), json=body, headers=headers)

    async def _bearer(self) -> str:
        if self._clock.now() < self._expires:
            return self._token
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": self._key}
        response = await self._http.post(f"{self._iam}/identity/token", data=form)
        if response.status_code >= 400:
            raise Unreachable("IBM's identity service does not accept the API key: check quantum.ibm_key.")
        body = _json(response)
        self._token = body.text("access_token")
        self._expires = self._clock.now() + timedelta(seconds=max(body.count("expires_in", 3600) - 120, 1))
        return self._token

    def _call(self, path: str) -> str:
        return f"curl -H 'Service-CRN: …' -H 'Authorization: Bearer …' {self._endpoint}{path}"


def _json(response: httpx.Response) -> Fields:
    try:
        return Fields(response.json())
    except ValueError as error:
        raise ToolFailed(f"{response.url} answers what is no JSON.") from error


def _words(response: httpx.Response) -> str:
    try:
        body = Fields(response.json())
    except ValueError:
        return response.reason_phrase
    said = [f"{e.text('code')} {e.text('message')}".strip() for e in body.each("errors")]
    return "; ".join(said)[:300] or response.reason_phrase
