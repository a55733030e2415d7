"""What comes: everything that will reach its limit, and when. Faces ask here, as they ask a session for causes; nothing is judged here."""

from __future__ import annotations

import asyncio
from datetime import datetime

from steersman_tools.clock import Clock, WallClock
from steersman_tools.types import NotChecked, Ref, ToolFailed

from ..gather import Sources
from ..signals.ahead import HORIZON, look_closely, promising, survey, warning
from ..signals.limits import table
from ..signals.pulse import pulse
from .certificates import certificates
from .curves import curve, demands, named
from .forms import Curve, Expected, Foreseen, Outlook, Point, foreseen, level

CLOSEST = 5
"""How many of the fullest things are shown beside what runs out."""

__all__ = ["HORIZON", "Curve", "Expected", "Foreseen", "NoSuchThing", "Outlook", "Point", "outlook"]


class NoSuchThing(Exception):
    """Nothing that is measured has that name; the text says what to do."""


async def outlook(
    sources: Sources,
    horizon: float = HORIZON,
    entity: str = "",
    namespace: str | None = None,
    clock: Clock | None = None,
) -> Outlook:
    """Looks ahead; with an entity (`shop/Deployment/cart`, `deployment/cart` or `cart`) at that alone, and with its curves.
    Raises NoSuchThing."""
    now = (clock or WallClock()).now()
    (dated, no_cluster), (found, curves) = await asyncio.gather(
        certificates(sources, namespace, now), _measured(sources, now, horizon, entity, namespace)
    )
    dated = [each for each in dated if named(entity, each.entity)]
    told = [*found.runs_out, *(each for each in dated if each.at is not None)]
    if entity and not (told or found.closest or curves or dated):
        raise NoSuchThing(
            f"Nothing that is measured is called {entity!r}: `steersman forecast` without a name shows what is."
        )
    return found.model_copy(
        update={
            "runs_out": tuple(sorted(told, key=lambda each: (each.at or now, str(each.entity), each.what))),
            "watched": found.watched + len(dated),
            "curves": curves,
            "not_checked": (*found.not_checked, *no_cluster),
        }
    )


async def _measured(
    sources: Sources, now: datetime, horizon: float, entity: str, namespace: str | None
) -> tuple[Outlook, tuple[Curve, ...]]:
    """What the metrics tell."""
    empty = Outlook(now=now, horizon_seconds=horizon)
    if sources.metrics is None:
        gap = NotChecked(what="everything that is measured", why=sources.no_metrics or "there are no metrics")
        return empty.model_copy(update={"not_checked": (gap,)}), ()
    try:
        beat = await pulse(sources.metrics, now)
    except ToolFailed as problem:
        return empty.model_copy(update={"not_checked": (NotChecked(what="metrics", why=str(problem)),)}), ()
    seen = await survey(sources.metrics, now, beat, table())
    mine = [each for each in seen.watched if named(entity, each.entity) and _inside(namespace, each.entity)]
    near = mine if entity else [each for each in mine if promising(each, horizon)]
    closer, missed = await look_closely(sources.metrics, now, beat, near)
    told = [found for each in closer if (found := warning(each, beat, now, horizon))]
    running = {(each.what, each.entity, each.call) for each in told}
    rest = sorted((e for e in mine if (e.row.what, e.entity, e.call) not in running), key=lambda each: -each.used)
    curves = tuple(curve(each, beat, now, horizon) for each in closer) if entity else ()
    if entity:
        curves += await demands(sources.metrics, now, beat, horizon, entity)
    result = Outlook(
        now=now,
        horizon_seconds=horizon,
        runs_out=tuple(foreseen(each) for each in told),
        closest=tuple(level(each) for each in rest[:CLOSEST]),
        watched=len(mine),
        not_checked=(*seen.not_checked, *missed),
    )
    return result, curves


def _inside(namespace: str | None, entity: Ref) -> bool:
    return namespace is None or entity.namespace in ("", namespace)
