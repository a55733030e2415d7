"""Looks at the estate for those who serve: the same documents that the command line prints with `--output json`."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import TypeAdapter

from steersman_tools.clock import WallClock
from steersman_tools.types import Frozen, NotChecked, Observation, ToolFailed

from ...asking import Answered, ask
from ...explanation import Explained
from ...gpu.desk import sit_down
from ...outlook import NoSuchThing, Outlook, outlook
from ...seams import Passage
from ...session import Session, Sources
from ...types import Diagnosed, Failed, Planned, Request
from .. import foreseen
from ..document import investigation
from .verbs import LookAt, Tell

MOST_PASSAGES = 5


class Queues(Frozen):
    """What is seen of quantum backends, their queues and jobs."""

    seen: tuple[Observation, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


class Passages(Frozen):
    """What the organisation's runbooks say."""

    passages: tuple[Passage, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


class Told(Answered):
    """The answer to a request in plain words, and a model's words on it where one is configured."""

    explained: Explained | None = None
    model: str | None = None


async def look(order: LookAt, sources: Sources) -> str:
    """The document as JSON. Raises ToolFailed."""
    match order.what:
        case "causes":
            return await _causes(order, sources)
        case "gpus":
            desk = await sit_down(sources, order.namespace)
            parts: Mapping[str, object] = {"estate": desk.estate, "health": desk.health()}
            return orjson.dumps(
                {k: TypeAdapter(type(v)).dump_python(v, mode="json") for k, v in parts.items()}
            ).decode()
        case "queues":
            return (await queues(sources)).model_dump_json()
        case "runbooks":
            return (await _runbooks(order, sources)).model_dump_json()
        case "forecasts":
            try:
                found = await outlook(sources, order.horizon_seconds, order.entity, order.namespace)
            except NoSuchThing as error:
                gap = NotChecked(what=order.entity, why=str(error))
                found = Outlook(now=WallClock().now(), horizon_seconds=order.horizon_seconds, not_checked=(gap,))
            return foreseen.document(found).model_dump_json(by_alias=True)


async def _causes(order: LookAt, sources: Sources) -> str:
    session = Session(sources)
    answer_, plan = None, None
    async for entry in session.start(Request(namespace=order.namespace)):
        match entry.event:
            case Failed():
                raise ToolFailed(entry.event.text)
            case Diagnosed():
                answer_ = entry.event
            case Planned():
                plan = entry.event.plan
    if answer_ is None:
        raise ToolFailed("The cluster gave no answer that could be judged.")
    return investigation(session.id, "", answer_, plan).model_dump_json(by_alias=True)


async def _runbooks(order: LookAt, sources: Sources) -> Passages:
    if sources.library is None:
        gap = NotChecked(what="runbooks", why="none are indexed (`steersman runbooks index DIR`)")
        return Passages(not_checked=(gap,))
    return Passages(passages=tuple(await sources.library.search(order.entity, MOST_PASSAGES)))


async def queues(sources: Sources) -> Queues:
    """What is seen of queues; without a backend, why not."""
    if sources.quantum is None:
        gap = NotChecked(what="quantum queues", why="no quantum provider is configured (`steersman quantum --help`)")
        return Queues(not_checked=(gap,))
    return Queues(seen=tuple(await sources.quantum.look("all")))


async def tell(order: Tell, sources: Sources) -> str:
    """Answers what was asked in plain words, as JSON of `Told`. Raises ToolFailed."""
    asking = await ask(order.text, sources, order.namespace)
    name = sources.aide.model.name if sources.aide else None
    return Told(**dict(asking.answered), explained=await asking.explained(), model=name).model_dump_json()
