"""The adapter to LangChain: any OpenAI-compatible endpoint, and the tool loop. Nothing else in the product imports LangChain."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from .. import tracing
from . import tokens
from .base import (
    Call,
    Message,
    ModelFailed,
    Prompt,
    Reply,
    S,
    ScriptOver,
    Shape,
    Speaker,
    Tool,
    ToolRefused,
    ToolSpec,
    Usage,
)
from .budget import Meter, OverBudget
from .faults import Transient, explained
from .loops import LoopDetector
from .reading import called, cut_call, shaped
from .shapes import shape_of

MOST_OUT = 700
"""Tokens of one reply: enough for an answer, too few for an essay."""
RETRY_AFTER = 1.0
_FIXED_TEMPERATURE = re.compile(r"(?:.*/)?(?:o\d|gpt-5)")
"""Models that refuse to be told a temperature."""
CUT = "Your call was cut off or is not valid JSON. Make one call, with short arguments, or say: done"
AGAIN = "You have asked exactly this before; the answer is above. Ask something else, or say: done"


class ChatModel:
    """A Model on a LangChain chat model."""

    def __init__(self, chat: BaseChatModel, name: str) -> None:
        self._chat, self._name = chat, name
        self._takes_schema = True

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, prompt: Prompt, shape: type[S], meter: Meter) -> S:
        form = shape_of(shape)
        system = prompt.system
        if not self._takes_schema:
            system += f"\n\nAnswer with one JSON object of this schema and nothing else:\n{_json(form.parameters)}"
        messages: list[BaseMessage] = [SystemMessage(system), HumanMessage(prompt.user)]
        try:
            bound = self._chat.bind(extra_body={"response_format": _format(form)}) if self._takes_schema else self._chat
            reply = await _exchange(bound, messages, meter, self._name, extra=_json(form.parameters))
        except Transient as error:
            if error.status == 400 and self._takes_schema:  # an endpoint that knows no JSON schema is told in words
                self._takes_schema = False
                return await self.complete(prompt, shape, meter)
            raise ModelFailed(str(error)) from error
        return shaped(_text(reply), shape)

    async def converse(self, prompt: Prompt, tools: Sequence[Tool], meter: Meter) -> str:
        watched = [_Watched(tool) for tool in tools]
        detector = LoopDetector()
        agent = create_agent(
            self._chat,
            tools=[_structured(tool, detector) for tool in watched],
            system_prompt=prompt.system,
            middleware=[_Guard(tools, meter, self._name)],
        )
        try:
            state = await agent.ainvoke(
                {"messages": [HumanMessage(prompt.user)]}, {"recursion_limit": 4 * max(meter.turns_left, 1) + 6}
            )
        except Transient as error:
            raise ModelFailed(str(error)) from error
        return _text(state["messages"][-1])


class _Watched:
    """A tool with the promise that a refusal is an answer too."""

    def __init__(self, tool: Tool) -> None:
        self.spec, self._tool = tool.spec, tool

    async def use(self, arguments: dict[str, Any]) -> str:
        with tracing.span(f"tool {self.spec.name}", gen_ai__tool__name=self.spec.name) as mark:
            try:
                text = await self._tool.use(arguments)
            except ToolRefused as error:
                text = f"refused: {error}"
            mark.content(gen_ai__tool__result=text)
            return text


def _structured(tool: _Watched, detector: LoopDetector) -> BaseTool:
    async def use(**arguments: Any) -> str:
        if detector.watch(Call(id="", name=tool.spec.name, arguments=arguments)):
            return AGAIN
        return await tool.use(arguments)

    return StructuredTool(
        name=tool.spec.name,
        description=tool.spec.description,
        args_schema=dict(tool.spec.parameters),
        coroutine=use,
    )


class _Guard(AgentMiddleware[Any, Any, Any]):
    """What the code decides and not the model: which tools are offered, one call a turn, what it may use up."""

    def __init__(self, tools: Sequence[Tool], meter: Meter, name: str) -> None:
        super().__init__()
        self._specs, self._meter, self._name = {t.spec.name: t for t in tools}, meter, name

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        offered = [t for t in request.tools if _name_of(t) in self._specs and _open(self._specs[_name_of(t)])]
        names = {_name_of(tool) for tool in offered}
        schema = _json([convert_to_openai_tool(tool) for tool in offered])
        settings = {**request.model_settings, **({"parallel_tool_calls": False} if offered else {})}
        request = request.override(tools=offered, model_settings=settings)
        system = [request.system_message] if request.system_message else []
        for _ in range(2):
            message = await _metered(
                partial(_said, handler, request), [*system, *request.messages], self._meter, self._name, schema
            )
            mended = _mended(message, names)
            if mended is not None:
                return ModelResponse(result=[mended])
            request = request.override(messages=[*request.messages, AIMessage(_text(message)), HumanMessage(CUT)])
        return ModelResponse(result=[AIMessage(_text(message))])


def _open(tool: Tool) -> bool:
    return bool(getattr(tool, "offered", True))


async def _said(
    handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]], request: ModelRequest[Any]
) -> AIMessage:
    message = (await handler(request)).result[0]
    assert isinstance(message, AIMessage)
    return message


def _mended(message: AIMessage, offered: set[str]) -> AIMessage | None:
    """The message with at most one call, of an offered tool; None when it holds half of one."""
    calls = [c for c in message.tool_calls if c["name"] in offered]
    if calls:
        return AIMessage(content="", tool_calls=calls[:1])
    text = _text(message)
    if found := called(text, offered):
        return AIMessage(
            content="",
            tool_calls=[{"name": found.name, "args": dict(found.arguments), "id": found.id, "type": "tool_call"}],
        )
    if message.invalid_tool_calls or message.tool_calls or cut_call(text, offered):
        return None
    return AIMessage(text)


async def _exchange(
    chat: Runnable[Any, AIMessage], messages: list[BaseMessage], meter: Meter, name: str, extra: str = ""
) -> AIMessage:
    return await _metered(lambda: chat.ainvoke(messages), messages, meter, name, extra)


async def _metered(
    ask: Callable[[], Awaitable[AIMessage]], messages: Sequence[BaseMessage], meter: Meter, name: str, extra: str
) -> AIMessage:
    """One exchange within the budget. An endpoint that is busy or broken is asked once more."""
    about = sum(tokens.count(_said_in(m)) + tokens.MESSAGE for m in messages) + tokens.count(extra)
    for last in (False, True):
        meter.allow(about, MOST_OUT)
        with tracing.span("chat", gen_ai__operation__name="chat", gen_ai__request__model=name) as mark:
            mark.content(gen_ai__prompt="\n".join(_said_in(m) for m in messages))
            try:
                async with asyncio.timeout(meter.seconds_left):
                    message = await ask()
            except TimeoutError as error:
                meter.charge(about, 0)
                raise ModelFailed(f"it did not answer within {meter.budget.seconds:g} seconds") from error
            except (OverBudget, ModelFailed, ScriptOver):
                raise
            except Exception as error:  # whatever a foreign server can make a foreign SDK raise ends here
                meter.charge(about, 0)
                failure = explained(error)
                if last or not failure.passing or meter.seconds_left < 2 * RETRY_AFTER:
                    raise failure from error
                await asyncio.sleep(min(failure.wait or RETRY_AFTER, meter.seconds_left / 2))
                continue
            used: Mapping[str, Any] = message.usage_metadata or {}
            tokens_in = int(used.get("input_tokens") or about)
            tokens_out = int(used.get("output_tokens") or tokens.count(_said_in(message)))
            meter.charge(tokens_in, tokens_out)
            mark.note(gen_ai__usage__input_tokens=tokens_in, gen_ai__usage__output_tokens=tokens_out)
            mark.content(gen_ai__completion=_said_in(message))
            return message
    raise AssertionError("unreachable")


class SpokenChat(BaseChatModel):
    """A LangChain chat model on a Speaker: how stand-ins go through the very loop that real models go through."""

    speaker: Any

    @property
    def _llm_type(self) -> str:
        return "speaker"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self.bind(tools=[convert_to_openai_tool(t) for t in tools], **kwargs)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError("speakers are asked asynchronously")

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        tools = tuple(ToolSpec.model_validate(t["function"]) for t in kwargs.get("tools", ()))
        form = kwargs.get("extra_body", {}).get("response_format", {}).get("json_schema")
        shape = Shape(name=form["name"], parameters=form["schema"]) if form else None
        speaker: Speaker = self.speaker
        reply = await speaker.say([_ours(m) for m in messages], tools, shape)
        return ChatResult(generations=[ChatGeneration(message=_theirs(reply))])


def spoken(speaker: Speaker, name: str) -> ChatModel:
    """A Model that speaks as the speaker does."""
    return ChatModel(SpokenChat(speaker=speaker), name)


def openai(url: str, key: str, name: str, seconds: float) -> ChatModel:
    """A Model at an OpenAI-compatible endpoint. Nothing is called before it is asked something."""
    from langchain_openai import ChatOpenAI  # noqa: PLC0415  loads the SDK, which stand-ins do without
    from pydantic import SecretStr  # noqa: PLC0415

    chat = ChatOpenAI(
        base_url=url,
        api_key=SecretStr(key or "none"),
        model=name,
        temperature=None if _FIXED_TEMPERATURE.match(name) else 0.0,
        max_retries=0,
        timeout=seconds,
        default_headers={"Connection": "close"},  # a few calls a session: nothing is left open for another event loop
        use_responses_api=False,
        max_tokens=MOST_OUT,  # the alias that the field goes by
    )
    return ChatModel(chat, name)


def _ours(message: BaseMessage) -> Message:
    match message:
        case AIMessage():
            calls = tuple(Call(id=c["id"] or "", name=c["name"], arguments=c["args"]) for c in message.tool_calls)
            return Message(role="assistant", text=_text(message), calls=calls)
        case ToolMessage():
            return Message(role="tool", text=_text(message), call_id=message.tool_call_id)
        case SystemMessage():
            return Message(role="system", text=_text(message))
        case _:
            return Message(role="user", text=_text(message))


def _theirs(reply: Reply) -> AIMessage:
    calls: list[Any] = [
        {"name": c.name, "args": dict(c.arguments), "id": c.id, "type": "tool_call"} for c in reply.calls
    ]
    message = AIMessage(content=reply.text, tool_calls=calls)
    if used := reply.usage:
        message.usage_metadata = {
            "input_tokens": used.tokens_in,
            "output_tokens": used.tokens_out,
            "total_tokens": used.tokens,
        }
    return message


def _text(message: BaseMessage) -> str:
    return message.text if isinstance(message.text, str) else str(message.content)


def _said_in(message: BaseMessage) -> str:
    calls = [f"{c['name']} {_json(c['args'])}" for c in message.tool_calls] if isinstance(message, AIMessage) else []
    return "\n".join([_text(message), *calls])


def _format(form: Shape) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": form.name, "schema": dict(form.parameters), "strict": True}}


def _name_of(tool: BaseTool | dict[str, Any]) -> str:
    return tool.name if isinstance(tool, BaseTool) else str(tool.get("name"))


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


__all__ = ["ChatModel", "SpokenChat", "Usage", "openai", "spoken"]
