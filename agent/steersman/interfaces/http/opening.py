"""What a serving process opens, and closes at its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from ...journal import FileJournal
from ...settings import Settings
from ..access.gatekeeper import Gatekeeper
from ..access.oidc import Oidc
from ..access.tokens import TokenStore
from ..serving.board import watched
from ..serving.engine import engine
from ..serving.incidents import IncidentStore
from ..serving.verbs import Charter
from .meter import Meter
from .office import Office


@asynccontextmanager
async def opened(settings: Settings, charter: Charter, address: str, meter: Meter) -> AsyncIterator[Office]:
    """The office of this process; its engine may still be starting."""
    data = settings.data
    with (
        closing(FileJournal(data / "sessions.db")) as journal,
        closing(TokenStore(data / "access.db")) as tokens,
        closing(IncidentStore(data / "incidents.db")) as incidents,
    ):
        async with watched(journal) as board, engine(charter) as handle:
            yield Office(settings, board, handle, Gatekeeper(tokens, oidc_of(settings)), incidents, address, meter)


def oidc_of(settings: Settings) -> Oidc | None:
    """The identity provider of the settings; None where none is set."""
    if not settings.oidc_issuer:
        return None
    return Oidc(settings.oidc_issuer, settings.oidc_audience, settings.oidc_roles_claim, settings.oidc_person_claim)
