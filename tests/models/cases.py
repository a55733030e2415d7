"""Cases that the tests of answers share: a shop with a cart that crashes, and models that explain it."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from steersman.ask import Case, open_case
from steersman.gather import Sources
from steersman.models import Budget, Model
from steersman.seams import Aide
from steersman_tools.testing import FakeReader, Stage

from ..diagnose.helpers import crashing, shop

SECRET = "hunter2-hunter2"


def broken() -> Stage:
    """The frontend calls a cart whose environment lacks a variable."""
    stage = shop()
    pods = stage.deployment("cart", replicas=2, ready=0, state=crashing(), env={"DB_PASSWORD": SECRET})
    stage.service("cart")
    for pod in pods:
        stage.log(pod, "starting", f"password={SECRET} for ops@example.com", "KeyError: 'DATABASE_URL'", previous=True)
        stage.log(pod, "starting", "KeyError: 'DATABASE_URL'")
    return stage


def sources(stage: Stage, model: Model | None = None, budget: Budget | None = None) -> Sources:
    """The stage as a session reads it."""
    return replace(Sources(FakeReader(stage.snapshot())), aide=Aide(model, budget or Budget()) if model else None)


async def case(question: str = "why is cart failing?", stage: Stage | None = None) -> Case:
    return await open_case(sources(stage or broken()), None, question)


GOOD: dict[str, JsonValue] = {
    "sentences": [
        {
            "cites": ["E2"],
            "text": "Container cart of Deployment cart exits because DATABASE_URL is not set: KeyError: 'DATABASE_URL'.",
        }
    ],
    "order": [1],
    "hypotheses": [],
}
"""An answer that holds."""
