"""An OpenAI server that misbehaves as real ones do: errors, hang-ups, half answers, calls in prose. It listens on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
from aiohttp import web

Asked: TypeAlias = Mapping[str, Any]
"""The body of a request, as the SDK sent it."""


@dataclass(frozen=True, slots=True)
class Say:
    """A good answer: text."""

    text: str


@dataclass(frozen=True, slots=True)
class UseTool:
    """Tool calls; `raw` replaces the arguments by text that may be no JSON, `twice` repeats the call."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""
    twice: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """An HTTP error."""

    status: int
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class CutOff:
    """Half of an answer, then the connection is closed."""


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer at all."""

    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Garbage:
    """Something that is no answer, with status 200."""

    body: bytes = b"<html>bad gateway</html>"
    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class NoSchema:
    """HTTP 400 where a JSON schema is asked for, else the text: as old servers do."""

    text: str


Behaviour: TypeAlias = Say | UseTool | Fail | CutOff | Hang | Garbage | NoSchema | Callable[[Asked], "Behaviour"]


@dataclass
class FakeOpenAI:
    """What the server does, one behaviour a request; the last one is repeated. `asked` holds every request body."""

    behaviours: Sequence[Behaviour]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        behaviour = self.behaviours[min(len(self.asked), len(self.behaviours)) - 1]
        while callable(behaviour) and not isinstance(behaviour, type):
            behaviour = behaviour(body)
        return await _behave(request, behaviour, body)


@contextlib.asynccontextmanager
async def fake_openai(*behaviours: Behaviour) -> AsyncIterator[FakeOpenAI]:
    """A server on a free port until the block ends."""
    fake = FakeOpenAI(behaviours)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.answer)
    app.router.add_get("/v1/models", _models)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield fake
    finally:
        await runner.cleanup()


async def _models(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": "fake", "object": "model", "max_model_len": 8192}]})


async def _behave(request: web.Request, behaviour: Behaviour, body: Asked) -> web.StreamResponse:
    match behaviour:
        case Say(text):
            return _completion({"role": "assistant", "content": text}, body)
        case UseTool():
            return _completion(_tool_calls(behaviour), body, "tool_calls")
        case Fail(status, retry_after):
            headers = {"Retry-After": retry_after} if retry_after else {}
            return web.json_response(
                {"error": {"message": "no", "type": "server_error"}}, status=status, headers=headers
            )
        case CutOff():
            response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
            await response.prepare(request)
            await response.write(b'{"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": {"ro')
            assert request.transport
            request.transport.close()
            return response
        case Hang(seconds):
            await asyncio.sleep(seconds)
            return web.Response(status=504)
        case Garbage(content, content_type):
            return web.Response(body=content, content_type=content_type)
        case NoSchema(text):
            if "response_format" in body:
                return web.json_response({"error": {"message": "response_format is not supported"}}, status=400)
            return _completion({"role": "assistant", "content": text}, body)
    raise AssertionError(behaviour)


def _tool_calls(call: UseTool) -> dict[str, Any]:
    arguments = call.raw or orjson.dumps(dict(call.arguments)).decode()
    one = {"id": "call_1", "type": "function", "function": {"name": call.name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [one, {**one, "id": "call_2"}] if call.twice else [one]}


def _completion(message: dict[str, Any], body: Asked, finish: str = "stop") -> web.Response:
    text = orjson.dumps(message).decode()
    prompt = sum(len(str(m.get("content") or "")) for m in body["messages"]) + len(str(body.get("tools", "")))
    usage = {"prompt_tokens": prompt // 4, "completion_tokens": len(text) // 4}
    return web.json_response(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model", "fake"),
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {**usage, "total_tokens": sum(usage.values())},
        }
    )
