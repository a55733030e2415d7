"""The web application: its routes, and what is opened when it starts and closed when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from importlib.metadata import version

from fastapi import FastAPI

from ...journal import FileJournal
from ...settings import Settings
from ..access.gatekeeper import Gatekeeper
from ..access.oidc import Oidc
from ..access.tokens import TokenStore
from ..page import routes as page
from ..serving.board import watched
from ..serving.engine import engine
from ..serving.incidents import IncidentStore
from ..serving.verbs import Charter
from . import alerts, chat, estate, operations, problems, sessions
from .limits import BodyLimit
from .meter import Meter, Metered
from .office import Office

OWNER = "serve"
_WORDS = (
    "Operations assistant for AI clouds: root causes with evidence, plans with undo. Every answer is made from the record of a "
    "session; every change needs a plan, policy's verdict and, where it asks, a person's approval of exactly that plan."
)


def build(settings: Settings, given: dict[str, str], address: str) -> FastAPI:
    """The application. `given` are the settings that the engine process is started with beside its environment."""
    meter = Meter()
    app = FastAPI(
        title="steersman", version=version("steersman"), description=_WORDS, lifespan=_opened(settings, given, address, meter),
        docs_url=None, redoc_url=None, separate_input_output_schemas=False,
    )  # fmt: skip
    for part in (sessions, estate, alerts, chat, operations, page):
        app.include_router(part.router)
    problems.install(app, page.problem_page)
    app.add_middleware(BodyLimit)
    app.add_middleware(Metered, meter=meter)
    _describe(app)
    return app


def _opened(
    settings: Settings, given: dict[str, str], address: str, meter: Meter
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        data = settings.data
        with (
            closing(FileJournal(data / "sessions.db")) as journal,
            closing(TokenStore(data / "access.db")) as tokens,
            closing(IncidentStore(data / "incidents.db")) as incidents,
        ):
            async with watched(journal) as board, engine(Charter(owner=OWNER, given=given)) as handle:
                gatekeeper = Gatekeeper(tokens, oidc_of(settings))
                app.state.office = Office(settings, board, handle, gatekeeper, incidents, address, meter)
                yield

    return opened


def oidc_of(settings: Settings) -> Oidc | None:
    """The identity provider of the settings; None where none is set."""
    if not settings.oidc_issuer:
        return None
    return Oidc(settings.oidc_issuer, settings.oidc_audience, settings.oidc_roles_claim, settings.oidc_person_claim)


def _describe(app: FastAPI) -> None:
    """Adds the form of problems to the description, which routes refer to by name."""
    made = app.openapi

    def described() -> dict[str, object]:
        schema = made()
        schema["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
        return schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way
