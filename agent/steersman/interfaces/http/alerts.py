"""The webhook of Alertmanager: one session an incident, however often and in however many groups it is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body

from steersman_tools.clock import WallClock

from ...session import new_id
from ...types import Request
from ..access import Principal
from ..serving.incidents import Incident, Placed, Webhook, lines_of, place
from .forms import Taken
from .office import Office, Operator, TheOffice, Viewer
from .problems import declared

router = APIRouter(prefix="/v1", tags=["alerts"])
_one_at_a_time = asyncio.Lock()
_EXAMPLE = {
    "version": "4", "groupKey": '{}:{namespace="shop"}', "status": "firing", "receiver": "steersman",
    "alerts": [{
        "status": "firing", "fingerprint": "9f2c11aa42d0b7e1", "startsAt": "2026-03-14T15:09:00Z",
        "labels": {"alertname": "ErrorRateHigh", "namespace": "shop", "service": "checkout", "severity": "page"},
        "annotations": {"summary": "7 % of requests to checkout fail"},
    }],
}  # fmt: skip


@router.post("/alerts", status_code=202, responses=declared(503))
async def alerts(office: TheOffice, who: Operator, told: Annotated[Webhook, Body(examples=[_EXAMPLE])]) -> Taken:
    """Takes a delivery of Alertmanager (webhook version 4). What is known already begins nothing; 503 makes it try again."""
    async with _one_at_a_time:
        lines, now = lines_of(told), datetime.now(UTC)
        fresh = [new_id(WallClock()) for _ in lines]
        placed = place(lines, office.incidents.recent(), now, fresh)
        kept = [await _kept(office, p, who) for p in placed]
    for p in kept:
        office.meter.count("alerts", p.what)
    return Taken(
        incidents=tuple(Taken.Line(incident=p.incident.id, session=p.incident.session, what=p.what) for p in kept)
    )


async def _kept(office: Office, placed: Placed, who: Principal) -> Placed:
    """The incident with its session, on record. A session that could not be begun leaves no incident: it is told again."""
    incident = placed.incident
    if placed.what == "begun":
        namespace = incident.place.split("/", 1)[1]
        question = f"alerts: {', '.join(incident.names)[:300]}" + (f" in {namespace}" if namespace else "")
        request = Request(question=question, namespace=namespace or None, wants=office.settings.alerts_want)
        line = await office.start(request, who)
        incident = incident.model_copy(update={"session": line.session})
    office.incidents.keep(incident)
    return placed.model_copy(update={"incident": incident})


@router.get("/incidents", responses=declared())
async def incidents(office: TheOffice, who: Viewer) -> list[Incident]:
    """The latest incidents that alerts have begun, the newest first."""
    return office.incidents.latest(100)
