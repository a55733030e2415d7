"""What every route has at hand, and the dependencies by which a route says who may use it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from ...session import new_id
from ...settings import Settings
from ...types import Request as Question
from ..access import Principal, Role, Unknown, require, require_person, roles_of
from ..access.gatekeeper import Gatekeeper
from ..serving.board import Board
from ..serving.engine import Engine
from ..serving.incidents import IncidentStore
from ..serving.verbs import LookAt, Start
from ..serving.views import SessionLine
from .limits import Buckets, Turns
from .meter import Meter

LOOK_SECONDS = 10.0
"""So old may a look at the estate be: many who watch cost the cluster no more than one."""
LOOKS = 64


class NotNow(ToolFailed):
    """The cluster, or what else was to be looked at, gave no answer."""


@dataclass
class Office:
    """One server."""

    settings: Settings
    board: Board
    engine: Engine
    gatekeeper: Gatekeeper
    incidents: IncidentStore
    address: str
    """Where people reach this server: what links begin with."""
    meter: Meter = field(default_factory=Meter)
    asks: Buckets = field(default_factory=lambda: Buckets(per_second=100, burst=400))
    starts: Buckets = field(default_factory=lambda: Buckets(per_second=2, burst=100))
    failures: Buckets = field(default_factory=lambda: Buckets(per_second=1, burst=100))
    streams: int = 1000
    """So many event streams at once."""
    turns: Turns = field(default_factory=Turns)
    _looks: dict[LookAt, tuple[float, asyncio.Future[str]]] = field(default_factory=dict)

    async def start(self, request: Question, by: Principal) -> SessionLine:
        """Begins a session in somebody's name. Raises Refused, TooMany, EngineDown."""
        require(by, "operator")
        if request.approval == "given":
            require_person(by, "approver")
        self.starts.take(by.id)
        name = new_id(WallClock())
        asked = request.model_copy(update={"by": by.id, "roles": roles_of(by)})
        await self.engine.ask(Start(session=name, request=asked))
        self.meter.count("sessions", request.wants)
        return (await self.board.begun(name)).line

    async def look(self, order: LookAt) -> str:
        """A document about the estate, not older than `LOOK_SECONDS`. Raises NotNow, EngineDown."""
        now = time.monotonic()
        self._looks = {k: v for k, v in self._looks.items() if now - v[0] < LOOK_SECONDS}
        if order not in self._looks:
            if len(self._looks) >= LOOKS:
                raise NotNow("Too many different looks at once: try again in a few seconds.")
            self._looks[order] = (now, asyncio.ensure_future(self.engine.ask(order)))
        try:
            return await asyncio.shield(self._looks[order][1])
        except ToolFailed as error:
            self._looks.pop(order, None)
            raise NotNow(str(error)) from error


def office_of(request: Request) -> Office:
    """The server that this request came to."""
    office: Office = request.app.state.office
    return office


async def _at_hand(request: Request) -> Office:
    """The same as a dependency; not a plain function, for which FastAPI would wait for a thread on every request."""
    return office_of(request)


TheOffice = Annotated[Office, Depends(_at_hand)]


async def _in_turn(office: TheOffice) -> None:
    await office.turns.take()


InTurn = Depends(_in_turn)
"""For what hundreds may begin at the same moment."""
_bearer = HTTPBearer(auto_error=False, description="A token of `steersman token create`, or of the OIDC issuer.")


async def identify(request: Request, token: str) -> Principal:
    """Who asks, within the limits. Raises Unknown, TooMany."""
    office = office_of(request)
    address = request.client.host if request.client else ""
    if office.failures.left(address) < 1:
        office.failures.take(address)
    try:
        if not token:
            raise Unknown(
                "Send a token: `Authorization: Bearer …`; `steersman token create NAME --role ROLE` makes one."
            )
        principal = await office.gatekeeper.principal(token)
    except Unknown:
        office.failures.take(address)
        raise
    office.asks.take(principal.id)
    return principal


def caller(role: Role) -> Callable[..., Awaitable[Principal]]:
    """The dependency that lets in whoever has at least that role."""

    async def checked(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        principal = await identify(request, credentials.credentials if credentials else "")
        require(principal, role)
        return principal

    return checked


def person(role: Role) -> Callable[..., Awaitable[Principal]]:
    """The dependency that lets in only people who have at least that role."""

    async def checked(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        principal = await identify(request, credentials.credentials if credentials else "")
        require_person(principal, role)
        return principal

    return checked


Viewer = Annotated[Principal, Depends(caller("viewer"))]
Operator = Annotated[Principal, Depends(caller("operator"))]
ApprovingPerson = Annotated[Principal, Depends(person("approver"))]
