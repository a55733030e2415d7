"""An OpenAI server that misbehaves as real ones do: errors, hang-ups, half answers, calls in prose. It listens on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

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

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, as the adapter asks for no more."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            writer.write(await self._reply(head[0], headers, body))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, which is what some tests are about
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _reply(self, request: str, headers: Mapping[str, str], body: bytes) -> bytes:
        if request.startswith("GET "):
            return _response(200, MODELS)
        asked = orjson.loads(body)
        self.asked.append(asked)
        self.headers.append(headers)
        behaviour = self.behaviours[min(len(self.asked), len(self.behaviours)) - 1]
        while callable(behaviour):
            behaviour = behaviour(asked)
        return await _behave(behaviour, asked)


MODELS: Any = {"object": "list", "data": [{"id": "fake", "object": "model", "max_model_len": 8192}]}


@contextlib.asynccontextmanager
async def fake_openai(*behaviours: Behaviour) -> AsyncIterator[FakeOpenAI]:
    """A server on a free port until the block ends."""
    fake = FakeOpenAI(behaviours)
    open_now: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(fake.serve(reader, writer))
        open_now.add(task)
        task.add_done_callback(open_now.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield fake
    finally:
        server.close()
        for task in list(open_now):
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        await server.wait_closed()


async def _behave(behaviour: Behaviour, asked: Asked) -> bytes:
    match behaviour:
        case Say(text):
            return _completion({"role": "assistant", "content": text}, asked)
        case UseTool():
            return _completion(_tool_calls(behaviour), asked, "tool_calls")
        case Fail(status, retry_after):
            return _response(status, {"error": {"message": "no", "type": "server_error"}}, retry_after)
        case CutOff():
            whole = _completion({"role": "assistant", "content": "half of this is missing"}, asked)
            return whole[: len(whole) - 60]
        case Hang(seconds):
            await asyncio.sleep(seconds)
            return _response(504, {})
        case Garbage(content, content_type):
            return _raw(200, content, content_type)
        case NoSchema(text):
            if "response_format" in asked:
                return _response(400, {"error": {"message": "response_format is not supported"}})
            return _completion({"role": "assistant", "content": text}, asked)
    raise AssertionError(behaviour)


def _response(status: int, value: Mapping[str, Any], retry_after: str = "") -> bytes:
    return _raw(status, orjson.dumps(value), "application/json", retry_after)


def _raw(status: int, body: bytes, content_type: str, retry_after: str = "") -> bytes:
    more = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    return head.encode() + body


def _tool_calls(call: UseTool) -> dict[str, Any]:
    arguments = call.raw or orjson.dumps(dict(call.arguments)).decode()
    one = {"id": "call_1", "type": "function", "function": {"name": call.name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [one, {**one, "id": "call_2"}] if call.twice else [one]}


def _completion(message: dict[str, Any], body: Asked, finish: str = "stop") -> bytes:
    text = orjson.dumps(message).decode()
    prompt = sum(len(str(m.get("content") or "")) for m in body["messages"]) + len(str(body.get("tools", "")))
    usage = {"prompt_tokens": prompt // 4, "completion_tokens": len(text) // 4}
    return _response(
        200,
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model", "fake"),
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {**usage, "total_tokens": sum(usage.values())},
        },
    )
