"""Sessions over HTTP: begin, list, read, follow, and a person's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from steersman_tools.types import ToolFailed

from ...types import Entry
from ..access import roles_of
from ..access.signed import CODE_MINUTES, approval_code
from ..serving.board import Board, Line
from ..serving.verbs import Approve, Cancel, Reject, Undo
from ..serving.views import SessionDocument, SessionLine
from .forms import Approval, ApprovalCode, NewSession, Rejection, SessionName
from .limits import TooMany
from .office import ApprovingPerson, InTurn, Operator, TheOffice, Viewer
from .problems import declared

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `id` is the entry's number, `event` its kind, `data` the entry as JSON.",
        "content": {
            "text/event-stream": {"schema": {"type": "string"}, "example": "id: 1\nevent: question\ndata: {}\n\n"}
        },
    },
    204: {"description": "The session is closed, and nothing comes after that number: do not come back."},
}


@router.post("", status_code=201, dependencies=[InTurn], responses=declared(503))
async def create(office: TheOffice, who: Operator, asked: NewSession, response: Response) -> SessionLine:
    """Begins a session. A diagnosis changes nothing; healing asks for approval wherever policy says so."""
    line = await office.start(asked.request(), who)
    response.headers["Location"] = f"/v1/sessions/{line.session}"
    return line


@router.get("", responses=declared())
async def latest(office: TheOffice, who: Viewer, most: Annotated[int, Query(ge=1, le=500)] = 50) -> list[SessionLine]:
    """The latest sessions, the newest first."""
    return office.board.lines(most)


@router.get("/{session}", response_model=SessionDocument, responses=declared(404))
async def read(office: TheOffice, who: Viewer, session: SessionName) -> Response:
    """Everything about one session but its single events."""
    return Response(office.board.get(session).json, media_type="application/json")


@router.get("/{session}/entries", response_model=list[Entry], responses=declared(404))
async def entries(
    office: TheOffice, who: Viewer, session: SessionName, after: Annotated[int, Query(ge=0, le=1_000_000)] = 0
) -> Response:
    """The session's events so far, as they stand in the audit log."""
    office.board.get(session)
    bodies = [body for _, _, body in office.board.journal.bodies(session, after)]
    return Response(f"[{','.join(bodies)}]", media_type="application/json")


@router.get(
    "/{session}/events",
    response_class=StreamingResponse,
    dependencies=[InTurn],
    responses={**declared(404, 503), **_STREAM},
)
async def events(
    office: TheOffice,
    who: Viewer,
    session: SessionName,
    last_event_id: Annotated[
        int, Header(ge=0, le=1_000_000, description="The number of the last entry that arrived.")
    ] = 0,
) -> Response:
    """The session's events as they happen, from the one after `Last-Event-ID` on, until it is closed."""
    board = office.board
    if board.get(session).line.state == "closed" and board.get(session).last <= last_event_id:
        return Response(status_code=204)
    if board.streams >= office.streams:
        raise TooMany(5)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(board, session, last_event_id), media_type="text/event-stream", headers=headers)


async def _frames(board: Board, session: str, after: int) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for line in board.follow(session, after):
        yield frame(line) if line else b": still here\n\n"


def frame(line: Line) -> bytes:
    """One entry as a server-sent event; its JSON has no line breaks."""
    return f"id: {line.number}\nevent: {line.kind}\ndata: {line.body}\n\n".encode()


@router.post("/{session}/approve", status_code=202, responses=declared(404, 409, 503))
async def approve(office: TheOffice, who: ApprovingPerson, session: SessionName, word: Approval) -> SessionLine:
    """Lets the plan of that digest, and no other, be carried out."""
    office.board.get(session)
    await office.engine.ask(Approve(session=session, digest=word.digest, by=who.id))
    office.meter.count("decisions", "approved")
    return office.board.get(session).line


@router.post("/{session}/reject", status_code=202, responses=declared(404, 409, 503))
async def reject(office: TheOffice, who: ApprovingPerson, session: SessionName, word: Rejection) -> SessionLine:
    """Refuses the plan of that digest; the session is closed with nothing changed."""
    office.board.get(session)
    await office.engine.ask(Reject(session=session, digest=word.digest, by=who.id, why=word.why))
    office.meter.count("decisions", "rejected")
    return office.board.get(session).line


@router.post("/{session}/approval-code", responses=declared(404, 409))
async def code(office: TheOffice, who: ApprovingPerson, session: SessionName, word: Approval) -> ApprovalCode:
    """A person's word on one plan, for an assistant to hand in: it is good for that plan alone, and for minutes."""
    if office.board.get(session).line.waits_for != word.digest:
        raise ToolFailed(f"Session {session} does not wait for plan {word.digest}: read it again.")
    signed = approval_code(session, word.digest, who.id, office.gatekeeper.tokens.key())
    return ApprovalCode(code=signed, minutes=CODE_MINUTES)


@router.post("/{session}/cancel", status_code=202, responses=declared(404, 409, 503))
async def cancel(office: TheOffice, who: Operator, session: SessionName) -> SessionLine:
    """Stops a session; what it has done stays on record and can be undone."""
    if office.board.get(session).line.state == "closed":
        raise ToolFailed(f"Session {session} is over.")
    await office.engine.ask(Cancel(session=session, by=who.id))
    return office.board.get(session).line


@router.post("/{session}/undo", status_code=202, responses=declared(404, 409, 503))
async def undo(office: TheOffice, who: ApprovingPerson, session: SessionName) -> SessionLine:
    """Takes back what a closed session did, the last step first; what somebody has written since is left alone."""
    if office.board.get(session).line.state != "closed":
        raise ToolFailed(f"Session {session} is not over: cancel it first.")
    await office.engine.ask(Undo(session=session, by=who.id, roles=roles_of(who)))
    return office.board.get(session).line
