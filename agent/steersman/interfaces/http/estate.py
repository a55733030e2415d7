"""The estate over HTTP: causes, accelerators, queues and forecasts, as the command line prints them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from ..document import Investigation
from ..foreseen import Document
from ..serving.looks import Queues
from ..serving.verbs import LookAt
from .forms import Gpus, Namespace
from .office import Office, TheOffice, Viewer
from .problems import declared

router = APIRouter(prefix="/v1", tags=["estate"], responses=declared(502, 503))
Entity = Annotated[str, Query(max_length=300, description="One thing, such as `shop/Deployment/cart` or `cart`.")]
Horizon = Annotated[float, Query(ge=60, le=604_800, description="How far ahead, in seconds.")]


async def _look(office: Office, order: LookAt) -> Response:
    return Response(await office.look(order), media_type="application/json")


@router.get("/causes", response_model=Investigation)
async def causes(office: TheOffice, who: Viewer, namespace: Namespace = None) -> Response:
    """What is wrong now and why (not older than ten seconds). Nothing is recorded."""
    return await _look(office, LookAt(what="causes", namespace=namespace))


@router.get("/gpus", response_model=Gpus)
async def gpus(office: TheOffice, who: Viewer, namespace: Namespace = None) -> Response:
    """Accelerators, node by node, with who has them, and the state of each."""
    return await _look(office, LookAt(what="gpus", namespace=namespace))


@router.get("/queues", response_model=Queues)
async def queues(office: TheOffice, who: Viewer) -> Response:
    """Quantum backends, their queues and jobs; what is not configured is `not_checked`."""
    return await _look(office, LookAt(what="queues"))


@router.get("/forecasts", response_model=Document)
async def forecasts(
    office: TheOffice, who: Viewer, namespace: Namespace = None, entity: Entity = "", horizon: Horizon = 7200.0
) -> Response:
    """What will reach its limit, and when."""
    return await _look(office, LookAt(what="forecasts", namespace=namespace, entity=entity, horizon_seconds=horizon))
