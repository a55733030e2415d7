"""The OpenAI-compatible door: any chat front end can ask. What would change something becomes a session that waits for a person."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ConfigDict, Field, StrictBool

from steersman_tools.types import Frozen, ToolFailed

from ...types import Entry
from ..access import Principal, require_person
from ..serving.looks import Told
from ..serving.verbs import Approve, Reject, Tell
from .office import Office, TheOffice, Viewer
from .prose import entry_text, told_text

router = APIRouter(prefix="/v1", tags=["chat"])
MODEL = "steersman"
_DECISION = re.compile(r"(?P<word>approve|reject)\s+(?:plan\s+)?(?P<digest>[0-9a-f]{16})\s*[.!]?", re.IGNORECASE)
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": "An error in OpenAI's form: `error.message` says what to do."}
    for status in (400, 401, 403, 409, 413, 422, 429, 503)
}


class Part(Frozen):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: str = Field(max_length=40)
    text: str = Field("", max_length=20_000)


class Message(Frozen):
    """One message of the conversation."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | tuple[Part, ...] | None = Field(None, max_length=20_000)

    @property
    def words(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return " ".join(part.text for part in self.content or () if part.type == "text")


class Completion(Frozen):
    """The request; what else OpenAI's clients may send (temperature and the like) means nothing here and is let pass."""

    model_config = ConfigDict(
        frozen=True, extra="ignore",
        json_schema_extra={"examples": [{"model": MODEL, "messages": [{"role": "user", "content": "why is checkout slow?"}]}]},
    )  # fmt: skip
    model: str = Field(MODEL, max_length=200)
    messages: tuple[Message, ...] = Field(min_length=1, max_length=1000)
    stream: StrictBool = False


class _Choice(Frozen):
    index: int = 0
    message: dict[str, str]
    finish_reason: Literal["stop"] = "stop"


class _Usage(Frozen):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ChatCompletion(Frozen):
    """The whole answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: tuple[_Choice, ...]
    usage: _Usage = _Usage()


class ModelLine(Frozen):
    """A model that can be chosen: there is one."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 1767225600
    owned_by: str = "steersman"


class Models(Frozen):
    object: Literal["list"] = "list"
    data: tuple[ModelLine, ...] = (ModelLine(),)


@router.get("/models", responses={k: v for k, v in _ERRORS.items() if k not in (409, 413, 503)})
async def models(who: Viewer) -> Models:
    """What a chat front end offers for choice."""
    return Models()


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={**_ERRORS, 200: {"content": {"text/event-stream": {}}}},
)
async def complete(office: TheOffice, who: Viewer, asked: Completion) -> Response:
    """Answers the last message of the user. `heal …` begins a session; `approve DIGEST` is a person's word on its plan."""
    text = next((m.words.strip() for m in reversed(asked.messages) if m.role == "user"), "")[:2000]
    if not text:
        raise ToolFailed("There is no message of a user to answer: send one with the role `user`.")
    name, created = f"chatcmpl-{time.time_ns():x}", int(time.time())
    said = _said(office, who, text)
    first = await anext(said)  # what is refused is refused with its status, before a stream has begun
    if asked.stream:
        return StreamingResponse(_chunks(first, said, name, created), media_type="text/event-stream")
    whole = first + "".join([piece async for piece in said])
    answer = ChatCompletion(
        id=name, created=created, choices=(_Choice(message={"role": "assistant", "content": whole}),)
    )
    return JSONResponse(answer.model_dump())


async def _chunks(first: str, rest: AsyncIterator[str], name: str, created: int) -> AsyncIterator[bytes]:
    """The pieces as OpenAI streams them."""
    yield _chunk(name, created, {"role": "assistant", "content": first}, None)
    try:
        async for piece in rest:
            yield _chunk(name, created, {"content": piece}, None)
    except ToolFailed as error:
        yield _chunk(name, created, {"content": f"\n\n{error}"}, None)
    yield _chunk(name, created, {}, "stop")
    yield b"data: [DONE]\n\n"


class _Delta(Frozen):
    index: int = 0
    delta: dict[str, str]
    finish_reason: Literal["stop"] | None


class _Chunk(Frozen):
    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str = MODEL
    choices: tuple[_Delta, ...]


def _chunk(name: str, created: int, delta: dict[str, str], finish: Literal["stop"] | None) -> bytes:
    chunk = _Chunk(id=name, created=created, choices=(_Delta(delta=delta, finish_reason=finish),))
    return f"data: {chunk.model_dump_json()}\n\n".encode()


async def _said(office: Office, who: Principal, text: str) -> AsyncIterator[str]:
    """The answer, piece by piece. Raises Refused, ToolFailed."""
    if decision := _DECISION.fullmatch(text):
        async for piece in _decided(office, who, decision["word"].lower(), decision["digest"].lower()):
            yield piece
        return
    told = Told.model_validate_json(await office.engine.ask(Tell(text=text)))
    if (
        wanted := told.reply.request
    ):  # it asks for approval whoever read the words, so a model's reading is seen as a plan first
        line = await office.start(wanted, who)
        yield f"Session [{line.session}]({office.address}/sessions/{line.session}) has begun.\n\n"
        async for piece in _story(office, line.session, 0):
            yield piece
        return
    for paragraph in told_text(told):
        yield paragraph + "\n\n"


async def _decided(office: Office, who: Principal, word: str, digest: str) -> AsyncIterator[str]:
    """A person's word, and what follows from it."""
    require_person(who, "approver")
    waiting = next((line for line in office.board.lines(200) if line.waits_for == digest), None)
    if waiting is None:
        raise ToolFailed(f"No session waits for plan {digest}: it has changed, was decided, or is over.")
    verb, done = (Approve, "Approved") if word == "approve" else (Reject, "Rejected")
    await office.engine.ask(verb(session=waiting.session, digest=digest, by=who.id))
    yield f"{done} by {who.id}.\n\n"
    async for piece in _story(office, waiting.session, waiting.last):
        yield piece


async def _story(office: Office, session: str, after: int) -> AsyncIterator[str]:
    """The session's entries in words, until it is closed or waits for a person."""
    async for line in office.board.follow(session, after, beat=1.0):
        if line is None:
            if office.board.get(session).line.state == "waiting":
                return
            continue
        entry = Entry.model_validate_json(line.body)
        if words := entry_text(entry):
            yield words + "\n\n"
        waits = office.board.get(session).line
        if line.kind == "verdict" and waits.waits_for:
            yield (
                f"It waits for a person with the role approver: read the plan at {office.address}/sessions/{session}, or answer "
                f"`approve {waits.waits_for}` or `reject {waits.waits_for}`.\n"
            )
            return
