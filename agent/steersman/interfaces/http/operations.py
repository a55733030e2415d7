"""For those who run the server: is it alive, is it ready, and how much has it done."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from .forms import Health
from .office import TheOffice, Viewer
from .problems import declared

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def alive() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health, "description": "The engine is not ready."}})
async def is_ready(office: TheOffice, response: Response) -> Health:
    """Sessions can be begun, and their record can be read."""
    office.board.journal.latest(1)
    if office.engine.state == "ready":
        return Health(status="ok")
    response.status_code = 503
    return Health(status="starting" if office.engine.state == "starting" else "down", detail=office.engine.problem)


@router.get("/metrics", response_class=PlainTextResponse, responses=declared())
async def metrics(office: TheOffice, who: Viewer) -> Response:
    """Figures of this server for Prometheus."""
    waiting = [line.state for line in office.board.lines(200)]
    text = office.meter.text({
        "streams": office.board.streams, "engine_ready": float(office.engine.state == "ready"), "engine_starts": office.engine.starts,
        "sessions_open": sum(s != "closed" for s in waiting), "sessions_waiting_for_approval": waiting.count("waiting"),
    })  # fmt: skip
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
