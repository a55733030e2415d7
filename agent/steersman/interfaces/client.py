"""A typed client of the HTTP API: `Client("https://…", token)`. What it gives back are the types of `steersman.types` and of the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, TypeAdapter

from ..types import Closed, Entry
from .document import Investigation
from .foreseen import Document
from .http.forms import Approval, ApprovalCode, Gpus, NewSession, Rejection
from .serving.incidents import Incident
from .serving.looks import Queues
from .serving.views import SessionDocument, SessionLine

if TYPE_CHECKING:
    import httpx

T = TypeVar("T", bound=BaseModel)
AGAIN_SECONDS, TRIES = 0.5, 240
"""A server that is being started again is waited for: two minutes."""


class ApiError(Exception):
    """The server has refused, or does not answer. The text is one sentence; `status` is 0 where there was no answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Client:
    """One caller of one server. To be closed, or used in a `with` block."""

    def __init__(self, address: str, token: str, seconds: float = 30.0) -> None:
        import httpx  # noqa: PLC0415  only for those who call

        self._http = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=seconds)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def create(self, asked: NewSession) -> SessionLine:
        """Begins a session."""
        return self._post("/v1/sessions", asked, SessionLine)

    def sessions(self, most: int = 50) -> list[SessionLine]:
        """The latest, the newest first."""
        return TypeAdapter(list[SessionLine]).validate_json(self._call("GET", f"/v1/sessions?most={most}").content)

    def session(self, session: str) -> SessionDocument:
        """Everything about one session but its single events."""
        return self._get(f"/v1/sessions/{session}", SessionDocument)

    def entries(self, session: str, after: int = 0) -> list[Entry]:
        """Its events so far."""
        answer = self._call("GET", f"/v1/sessions/{session}/entries?after={after}")
        return TypeAdapter(list[Entry]).validate_json(answer.content)

    def events(self, session: str, after: int = 0) -> Iterator[Entry]:
        """Its events as they happen, until it is closed; a broken connection goes on where it was. Raises ApiError."""
        import httpx  # noqa: PLC0415  only for those who call

        tries = 0
        while True:
            try:
                for entry in self._stream(session, after):
                    after, tries = entry.number, 0
                    yield entry
                    if isinstance(entry.event, Closed):
                        return
                if self.session(session).state == "closed":
                    return
            except (httpx.TransportError, ApiError) as error:
                tries += 1
                if tries > TRIES or (isinstance(error, ApiError) and error.status not in (0, 429, 502, 503)):
                    raise ApiError(getattr(error, "status", 0), str(error)) from error
                time.sleep(AGAIN_SECONDS)

    def approve(self, session: str, digest: str) -> SessionLine:
        """Lets the plan of that digest be carried out."""
        return self._post(f"/v1/sessions/{session}/approve", Approval(digest=digest), SessionLine)

    def reject(self, session: str, digest: str, why: str = "") -> SessionLine:
        """Refuses the plan of that digest."""
        return self._post(f"/v1/sessions/{session}/reject", Rejection(digest=digest, why=why), SessionLine)

    def approval_code(self, session: str, digest: str) -> ApprovalCode:
        """The caller's approval of that plan, for an assistant to hand in."""
        return self._post(f"/v1/sessions/{session}/approval-code", Approval(digest=digest), ApprovalCode)

    def cancel(self, session: str) -> SessionLine:
        """Stops a session."""
        return self._post(f"/v1/sessions/{session}/cancel", None, SessionLine)

    def undo(self, session: str) -> SessionLine:
        """Takes back what a closed session did."""
        return self._post(f"/v1/sessions/{session}/undo", None, SessionLine)

    def causes(self, namespace: str | None = None) -> Investigation:
        """What is wrong now and why."""
        return self._get("/v1/causes", Investigation, namespace=namespace)

    def gpus(self, namespace: str | None = None) -> Gpus:
        """Accelerators with who has them, and the state of each."""
        return self._get("/v1/gpus", Gpus, namespace=namespace)

    def queues(self) -> Queues:
        """Quantum backends, queues and jobs."""
        return self._get("/v1/queues", Queues)

    def forecasts(self, namespace: str | None = None, entity: str = "", horizon_seconds: float = 7200.0) -> Document:
        """What will reach its limit, and when."""
        return self._get("/v1/forecasts", Document, namespace=namespace, entity=entity, horizon=str(horizon_seconds))

    def incidents(self) -> list[Incident]:
        """What alerts have begun, the newest first."""
        return TypeAdapter(list[Incident]).validate_json(self._call("GET", "/v1/incidents").content)

    def _stream(self, session: str, after: int) -> Iterator[Entry]:
        headers = {"Last-Event-ID": str(after)}
        with self._http.stream("GET", f"/v1/sessions/{session}/events", headers=headers, timeout=60) as answer:
            if answer.status_code != 200:
                answer.read()
                _check(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield Entry.model_validate_json(line.removeprefix("data: "))

    def _get(self, path: str, form: type[T], **query: str | None) -> T:
        params = {name: value for name, value in query.items() if value is not None}
        return form.model_validate_json(self._call("GET", path, params=params).content)

    def _post(self, path: str, body: BaseModel | None, form: type[T]) -> T:
        content = body.model_dump_json() if body else None
        return form.model_validate_json(self._call("POST", path, content=content).content)

    def _call(
        self, method: str, path: str, content: str | None = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        import httpx  # noqa: PLC0415  only for those who call

        headers = {"Content-Type": "application/json"} if content else {}
        try:
            answer = self._http.request(method, path, content=content, params=params, headers=headers)
        except httpx.TransportError as error:
            raise ApiError(0, f"{self._http.base_url} does not answer ({error}).") from error
        _check(answer)
        return answer


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = answer.text[:200]
    raise ApiError(answer.status_code, detail)
