"""The twin's answers: a method, a path, a query and a body become a status and JSON. No sockets here."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from pydantic import JsonValue

from ...fields import read_time
from .state import FINAL, Twin, TwinJob, TwinSession

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Answer:
    """A status with JSON; `text` is sent as it is."""

    status: int
    body: JsonValue = None
    text: str | None = None


@dataclass(frozen=True)
class Question:
    """A request."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Mapping[str, JsonValue]
    signed: bool

    def one(self, key: str) -> str:
        return self.query.get(key, [""])[0]


_Routes: TypeAlias = "tuple[tuple[str, str, str], ...]"
_ROUTES: _Routes = (
    ("GET", r"/backends", "_backends"),
    ("GET", r"/backends/([^/]+)/(status|configuration|properties|defaults)", "_backend"),
    ("GET", r"/instances/usage|/usage", "_usage"),
    ("GET", r"/instances/configuration|/instance", "_instance"),
    ("GET", r"/workloads(?:/me)?", "_workloads"),
    ("POST", r"/sessions", "_open"),
    ("GET", r"/sessions/([^/]+)", "_session"),
    ("PATCH", r"/sessions/([^/]+)", "_close"),
    ("DELETE", r"/sessions/([^/]+)/close", "_close"),
    ("POST", r"/jobs", "_post"),
    ("GET", r"/jobs", "_jobs"),
    ("GET", r"/jobs/([^/]+)", "_job"),
    ("DELETE", r"/jobs/([^/]+)", "_delete"),
    ("GET", r"/jobs/([^/]+)/results", "_results"),
    ("GET", r"/jobs/([^/]+)/metrics", "_metrics"),
    ("GET", r"/jobs/([^/]+)/(?:logs|interim_results|transpiled_circuits)", "_nothing"),
    ("POST", r"/jobs/([^/]+)/cancel", "_cancel"),
    ("PUT", r"/jobs/([^/]+)/tags", "_tags"),
)


class Routes:
    """The API of one account."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin

    def answer(self, asked: Question) -> Answer:
        """What IBM would answer."""
        with self._twin.lock:
            self._twin.tick()
            if asked.path == "/identity/token":
                return Answer(200, self._token())
            if not asked.path.startswith(PREFIX):
                return _error(404, 1234, f"there is no {asked.path}")
            if not asked.signed:
                return _error(401, 1200, "not authorized")
            path = asked.path.removeprefix(PREFIX)
            for method, pattern, name in _ROUTES:
                if method == asked.method and (found := re.fullmatch(pattern, path)):
                    made = getattr(self, name)(asked, *found.groups())
                    assert isinstance(made, Answer)
                    return made
            return _error(404, 1234, f"there is no {asked.method} {path}")

    def _token(self) -> JsonValue:
        now = int(self._twin.clock.now().timestamp())
        claims = json.dumps({"iat": now, "exp": now + 3600, "account": {"bss": "abc"}}).encode()
        header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
        body = base64.urlsafe_b64encode(claims).decode().rstrip("=")
        return {
            "access_token": f"{header}.{body}.AAAA", "refresh_token": "none", "token_type": "Bearer", "expires_in": 3600,
            "expiration": now + 3600,
        }  # fmt: skip

    def _backends(self, asked: Question) -> Answer:
        return Answer(200, {"devices": [self._listed(name) for name in self._twin.backends]})

    def _listed(self, name: str) -> JsonValue:
        found = self._twin.backends[name]
        return {
            "name": name, "status": {"name": found.state, "reason": found.reason}, "is_simulator": False,
            "qubits": found.device.qubits, "queue_length": self._twin.pending(name),
            "processor_type": {"family": "Heron", "revision": "2"}, "clops": {"type": "hardware", "value": int(found.device.clops)},
            "performance_metrics": {},
        }  # fmt: skip

    def _backend(self, asked: Question, name: str, part: str) -> Answer:
        found = self._twin.backends.get(name)
        if found is None:
            return _error(404, 1602, f"Backend {name} not found")
        match part:
            case "status":
                return Answer(200, {
                    "state": found.state == "online", "status": "active" if found.state == "online" else found.reason, "message": "",
                    "length_queue": self._twin.pending(name), "backend_version": "1.0.0",
                })  # fmt: skip
            case "configuration":
                return Answer(200, found.device.configuration())
            case "properties":
                return Answer(200, found.device.properties(read_time(asked.one("updated_before"))))
        return Answer(200, {})

    def _usage(self, asked: Question) -> Answer:
        twin = self._twin
        reached = twin.used_seconds >= twin.limit_seconds
        return Answer(200, {
            "instance_id": "crn", "plan_id": "open", "usage_consumed_seconds": int(twin.used_seconds),
            "usage_limit_seconds": int(twin.limit_seconds), "usage_limit_reached": reached,
            "usage_remaining_seconds": max(int(twin.limit_seconds - twin.used_seconds), 0),
        })  # fmt: skip

    def _instance(self, asked: Question) -> Answer:
        return Answer(200, {"instance_id": "crn", "plan": "open", "backends": list(self._twin.backends)})

    def _workloads(self, asked: Question) -> Answer:
        made: list[JsonValue] = [
            {"id": j.id, "mode": "session" if j.session else "job", "status": j.status, "status_reason": j.reason, "backend": j.backend,
             "created_at": _written(j.created), "usage_seconds": 2.0 if j.status == "Completed" else 0.0}
            for j in self._twin.jobs.values()
        ]  # fmt: skip
        return Answer(200, {"workloads": made, "total_count": len(made)})

    def _open(self, asked: Question) -> Answer:
        twin, backend = self._twin, str(asked.body.get("backend") or "")
        if backend and backend not in twin.backends:
            return _error(404, 1602, f"Backend {backend} not found")
        made = TwinSession(twin.new_id(), backend, str(asked.body.get("mode") or "dedicated"), started=twin.clock.now())
        twin.sessions[made.id] = made
        return Answer(200, _session(made))

    def _session(self, asked: Question, id: str) -> Answer:
        found = self._twin.sessions.get(id)
        return Answer(200, _session(found)) if found else _error(404, 1622, "Session not found")

    def _close(self, asked: Question, id: str) -> Answer:
        found = self._twin.sessions.get(id)
        if found is None:
            return _error(404, 1622, "Session not found")
        self._twin.close(found)
        return Answer(204)

    def _post(self, asked: Question) -> Answer:
        twin, body = self._twin, asked.body
        backend, session = str(body.get("backend") or ""), body.get("session_id")
        if backend not in twin.backends:
            return _error(404, 1602, f"Backend {backend} not found")
        if session and not (str(session) in twin.sessions and twin.sessions[str(session)].accepting):
            return _error(400, 1217, "Session has been closed.")
        if twin.used_seconds >= twin.limit_seconds:
            return _error(403, 1203, "The usage limit of this instance is reached.")
        params, tags, cost = body.get("params"), body.get("tags"), body.get("cost")
        made = twin.submit(
            backend,
            str(body.get("program_id")),
            dict(params) if isinstance(params, dict) else {},
            [str(t) for t in tags] if isinstance(tags, list) else [],
            int(cost) if isinstance(cost, int) else 0,
            str(session) if session else None,
        )
        return Answer(200, {"id": made.id, "backend": backend, "session_id": made.session})

    def _jobs(self, asked: Question) -> Answer:
        found = sorted(self._twin.jobs.values(), key=lambda j: j.created, reverse=True)
        if backend := asked.one("backend"):
            found = [j for j in found if j.backend == backend]
        if pending := asked.one("pending"):
            found = [j for j in found if (j.status not in FINAL) == (pending == "true")]
        if tags := asked.query.get("tags"):
            found = [j for j in found if set(tags) <= set(j.tags)]
        if session := asked.one("session_id"):
            found = [j for j in found if j.session == session]
        if (after := read_time(asked.one("created_after"))) is not None:
            found = [j for j in found if j.created >= after]
        limit, offset = int(asked.one("limit") or 200), int(asked.one("offset") or 0)
        page: list[JsonValue] = [_job(j) for j in found[offset : offset + limit]]
        return Answer(200, {"jobs": page, "count": len(found), "limit": limit, "offset": offset})

    def _job(self, asked: Question, id: str) -> Answer:
        found = self._twin.jobs.get(id)
        if found is None:
            return _error(404, 1291, "Job not found")
        body = _job(found)
        if asked.one("exclude_params") != "true" and isinstance(body, dict):
            body["params"] = found.params
        return Answer(200, body)

    def _delete(self, asked: Question, id: str) -> Answer:
        return Answer(204) if self._twin.jobs.pop(id, None) else _error(404, 1291, "Job not found")

    def _results(self, asked: Question, id: str) -> Answer:
        found = self._twin.jobs.get(id)
        if found is None:
            return _error(404, 1291, "Job not found")
        if found.status != "Completed":
            return Answer(204)
        if found.result is None:
            from .execution import execute  # noqa: PLC0415  loads qiskit, where it is installed

            found.result = execute(found.params)
        return Answer(200, text=found.result) if found.result else Answer(204)

    def _metrics(self, asked: Question, id: str) -> Answer:
        found = self._twin.jobs.get(id)
        if found is None:
            return _error(404, 1291, "Job not found")
        start = self._twin.clock.now() + timedelta(seconds=found.wait_left)
        body: dict[str, JsonValue] = {
            "timestamps": {"created": _written(found.created), "running": _maybe(found.running), "finished": _maybe(found.finished)},
            "bss": {"seconds": 2}, "usage": {"quantum_seconds": 2 if found.finished else 0, "seconds": 2}, "qiskit_version": "2.0.0",
            "caller": "qiskit",
        }  # fmt: skip
        if found.status == "Queued":
            body |= {"position_in_queue": self._twin.position(found), "estimated_start_time": _written(start)}
        return Answer(200, body)

    def _nothing(self, asked: Question, id: str) -> Answer:
        return Answer(204)

    def _cancel(self, asked: Question, id: str) -> Answer:
        found = self._twin.jobs.get(id)
        if found is None:
            return _error(404, 1291, "Job not found")
        if found.status in FINAL:
            return _error(409, 1316, "Job is not in a cancellable state")
        self._twin.cancel(found)
        return Answer(204)

    def _tags(self, asked: Question, id: str) -> Answer:
        found, tags = self._twin.jobs.get(id), asked.body.get("tags")
        if found is None:
            return _error(404, 1291, "Job not found")
        found.tags = [str(t) for t in tags] if isinstance(tags, list) else []
        return Answer(204)


def _job(job: TwinJob) -> JsonValue:
    state: dict[str, JsonValue] = {"status": job.status.partition(" - ")[0]}
    if job.reason:
        state["reason"] = job.reason
    if job.code is not None:
        state["reason_code"] = job.code
    if job.solution:
        state["reason_solution"] = job.solution
    return {
        "id": job.id, "backend": job.backend, "program": {"id": job.program}, "created": _written(job.created), "state": state,
        "status": job.status, "cost": job.cost, "tags": list(job.tags), "session_id": job.session, "private": False,
        "usage": {"quantum_seconds": 2} if job.finished else {},
        **({"ended": _written(job.finished)} if job.finished else {}),
    }  # fmt: skip


def _session(found: TwinSession) -> JsonValue:
    return {
        "id": found.id, "backend_name": found.backend, "mode": found.mode, "state": found.state, "accepting_jobs": found.accepting,
        "max_ttl": 28800, "interactive_ttl": 60, "active_ttl": 28000, "started_at": _maybe(found.started),
        "closed_at": _maybe(found.closed),
    }  # fmt: skip


def _error(status: int, code: int, message: str) -> Answer:
    return Answer(status, {"errors": [{"code": code, "message": message}], "trace": "twin"})


def _written(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"


def _maybe(moment: object) -> str | None:
    return _written(moment) if moment else None
