"""Sessions that outlive their process: DBOS keeps what was done and starts again what was interrupted (SQLite by default).

This module alone knows DBOS. A workflow is named by its session; the executor by its owner, so that one process never
resumes what another still runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from .remedy import Decision

T = TypeVar("T", bound=BaseModel)
Work = Callable[[str, str], Awaitable[str]]
"""Runs the session of that name for that request (JSON), and returns its outcome."""

WAIT_SECONDS = 3600.0


class Recorded:
    """The Durable of code that runs inside a workflow."""

    async def once(self, name: str, work: Callable[[], Awaitable[T]], of: type[T]) -> T:
        from dbos import DBOS  # noqa: PLC0415  a second of imports

        async def done() -> str:
            return (await work()).model_dump_json()

        return of.model_validate_json(await DBOS.run_step_async({"name": name}, done))

    async def decision(self, digest: str) -> Decision:
        from dbos import DBOS  # noqa: PLC0415  a second of imports

        while True:
            said = await DBOS.recv_async(digest, timeout_seconds=WAIT_SECONDS)
            if isinstance(said, str):
                return Decision.model_validate_json(said)

    def decide(self, decision: Decision) -> None:
        raise TypeError("decisions are sent to a session by its name")


class Workflows:
    """Starts sessions, and tells them what people have decided."""

    async def start(self, session: str, request: str) -> None:
        """Begins the session; one that has begun is left as it is."""
        from dbos import DBOS, SetWorkflowID  # noqa: PLC0415  a second of imports

        with SetWorkflowID(session):
            await DBOS.start_workflow_async(_heal, session, request)

    async def decide(self, session: str, decision: Decision) -> None:
        """Sends a person's word to a session, which may be waiting in another process."""
        from dbos import DBOS  # noqa: PLC0415  a second of imports

        await DBOS.send_async(session, decision.model_dump_json(), decision.digest)

    async def cancel(self, session: str) -> None:
        """Stops the session before its next piece of work."""
        from dbos import DBOS  # noqa: PLC0415  a second of imports

        await DBOS.cancel_workflow_async(session)

    async def resume(self, session: str) -> None:
        """Goes on with a session whose process has died."""
        from dbos import DBOS  # noqa: PLC0415  a second of imports

        await DBOS.resume_workflow_async(session)


_work: list[Work] = []


async def _heal(session: str, request: str) -> str:
    return await _work[-1](session, request)


@contextmanager
def workflows(database: Path | str, owner: str, work: Work) -> Iterator[Workflows]:
    """Opens the engine: what its owner left unfinished goes on at once. The database is a file, or a Postgres URL."""
    global _heal
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dbos import DBOS  # noqa: PLC0415  a second of imports

        url = database if isinstance(database, str) else f"sqlite:///{database}"
        DBOS(config={
            "name": "steersman", "system_database_url": url, "log_level": "CRITICAL",
            "executor_id": owner, "application_version": "1", "enable_otlp": False,
        })  # fmt: skip
        if not _work:
            _heal = DBOS.workflow(name="heal")(_heal)
        _work.append(work)
        DBOS.launch()
    try:
        yield Workflows()
    finally:
        DBOS.destroy(workflow_completion_timeout_sec=0)
        _work.pop()
