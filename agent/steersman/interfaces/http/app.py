"""The web application: its routes, and what is opened when it starts and closed when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from ...settings import Settings
from ..mcp.mounted import mount, running
from ..page import routes as page
from ..serving.verbs import Charter
from . import alerts, chat, estate, operations, problems, sessions
from .limits import BodyLimit
from .meter import Meter, Metered
from .opening import opened

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
    mount(app)
    problems.install(app, page.problem_page)
    app.add_middleware(BodyLimit)
    app.add_middleware(Metered, meter=meter)
    _describe(app)
    return app


def _opened(
    settings: Settings, given: dict[str, str], address: str, meter: Meter
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, Charter(owner=OWNER, given=given), address, meter) as office, running(app):
            app.state.office = office
            yield

    return lifespan


def _describe(app: FastAPI) -> None:
    """Adds the form of problems to the description, which routes refer to by name."""
    made = app.openapi

    def described() -> dict[str, object]:
        schema = made()
        schema["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
        return schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way
