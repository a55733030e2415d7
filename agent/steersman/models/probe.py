"""What an endpoint can do: does it answer, in a JSON schema, with tool calls, how much does it take in, how fast is it?"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import httpx
from pydantic import BaseModel, ConfigDict, JsonValue

from steersman_tools.types import Frozen

from .base import JsonObject, Model, ModelFailed, Prompt, ToolSpec
from .budget import Budget, Meter, OverBudget
from .loops import Looping
from .reading import Unfit

SECONDS = 60.0
SMALL_CONTEXT = 6_000
"""Tokens below which an investigation does not fit."""
_SYSTEM = "You are being tested. Do exactly what is asked, as briefly as possible."


class Probed(Frozen):
    """What was found out."""

    answers: bool
    problem: str = ""
    """Why it does not answer; one sentence."""
    shapes: bool = False
    """Whether it keeps to a JSON schema."""
    tools: bool = False
    """Whether it calls a tool when told to, in whatever form."""
    context: int | None = None
    """Tokens that it takes in, where it says so."""
    per_second: float | None = None
    """Tokens that it writes in a second, waiting included."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    colours: list[str]


class _Bell:
    """A tool that notes that it was rung."""

    spec = ToolSpec(
        name="ring_bell",
        description="Rings the bell.",
        parameters={"type": "object", "properties": {"times": {"type": "integer"}}, "required": ["times"]},
    )

    def __init__(self) -> None:
        self.rung = False

    @property
    def offered(self) -> bool:
        return not self.rung

    async def use(self, arguments: JsonObject) -> str:
        self.rung = True
        return "rung. Say: done"


async def probe(model: Model, url: str, key: str = "") -> Probed:
    """Asks the endpoint three small things. Never raises for what an endpoint does."""
    meter = Meter(Budget(tokens=20_000, seconds=SECONDS, turns=6))
    try:
        answer = await model.complete(
            Prompt(system=_SYSTEM, user="Name the three colours of traffic lights."), _Answer, meter
        )
        shapes = len(answer.colours) >= 2
    except Unfit:
        shapes = False
    except (ModelFailed, OverBudget) as error:
        return Probed(answers=False, problem=str(error))
    used = meter.usage
    bell = _Bell()
    order = Prompt(system=_SYSTEM, user="Ring the bell 2 times with the tool, then say: done")
    with contextlib.suppress(ModelFailed, OverBudget, Looping):  # whether it rang is what counts
        await model.converse(order, [bell], meter)
    speed = round(used.tokens_out / used.seconds, 1) if used.seconds > 0 and used.tokens_out else None
    context = await _context(url, key, model.name)
    return Probed(answers=True, shapes=shapes, tools=bell.rung, context=context, per_second=speed)


async def _context(url: str, key: str, name: str) -> int | None:
    """What the endpoint's list of models says: vLLM, llama.cpp and gateways do, others do not."""
    try:
        async with httpx.AsyncClient(timeout=10, headers={"Authorization": f"Bearer {key}"} if key else {}) as client:
            listed = (await client.get(f"{url.rstrip('/')}/models")).json()
    except (httpx.HTTPError, ValueError):
        return None
    given = listed.get("data") if isinstance(listed, Mapping) else None
    entries = [e for e in given if isinstance(e, Mapping)] if isinstance(given, list) else []
    chosen = [e for e in entries if e.get("id") == name] or (entries if len(entries) == 1 else [])
    return _size(chosen[0]) if chosen else None


def _size(entry: Mapping[str, JsonValue]) -> int | None:
    meta = entry.get("meta")
    places = [entry, meta if isinstance(meta, Mapping) else {}]
    for key in ("max_model_len", "context_length", "context_window", "n_ctx", "n_ctx_train"):
        for place in places:
            if isinstance(value := place.get(key), int):
                return value
    return None
