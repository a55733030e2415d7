"""The plan template of a runbook as a draft: its placeholders are filled in from the cause, and nothing else is believed.

A template is data that somebody wrote. It can name only actions of the closed set, it is tried on the snapshot like every
draft, and it passes the same gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydantic import TypeAdapter, ValidationError

from steersman_tools.actions import Action
from steersman_tools.knowledge.types import Guide, PlanStep
from steersman_tools.types import Json

from ..citing import against
from .site import Draft, Site, value_at

_ACTION: TypeAdapter[Action] = TypeAdapter(Action)
_PLACE = re.compile(r"\{(\w+)\}")


def templates(site: Site, guides: Iterable[Guide]) -> Iterator[Draft]:
    """The drafts of the runbooks that have a template, fit the cause, and are not contradicted by the evidence."""
    for guide in guides:
        card = guide.card
        if not card.plan or against(card, site.cause):
            continue
        try:
            actions = tuple(_action(step, site) for step in card.plan)
        except (ValidationError, KeyError):
            continue  # `steersman runbooks lint` tells its author
        place = guide.quote.citation.file
        yield Draft(
            name=f"runbook:{card.id}",
            actions=actions,
            why="; ".join(dict.fromkeys(_filled(s.why, _values(site)) for s in card.plan if s.why)) or card.title,
            notes=(f"The steps are the template of the runbook {place} (risk as its author puts it: {card.risk}).",),
            runbook=guide.quote.citation.place,
        )


def _action(step: PlanStep, site: Site) -> Action:
    """Raises KeyError for a placeholder that nobody knows, ValidationError for an action that is none."""
    values = _values(site)
    raw: dict[str, Json] = {name: _rendered(value, site, values) for name, value in step.arguments.items()}
    return _ACTION.validate_python({"do": step.do, "target": _filled(step.target, values), **raw})


def _values(site: Site) -> dict[str, str]:
    cause = site.cause
    return {
        "entity": str(cause.entity), "namespace": cause.entity.namespace, "kind": cause.entity.kind,
        "name": cause.entity.name, "field": cause.field, "observed": cause.observed, "expected": cause.expected,
        "container": site.container, "now": site.scene.now.isoformat(),
    }  # fmt: skip


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda found: values[found[1]], text)


def _rendered(value: Json, site: Site, values: dict[str, str]) -> Json:
    match value:
        case str() if _PLACE.search(value):
            return (
                _typed(_filled(value, values), site)
                if value in ("{expected}", "{observed}")
                else _filled(value, values)
            )
        case list():
            return [_rendered(each, site, values) for each in value]
        case dict():
            return {name: _rendered(each, site, values) for name, each in value.items()}
    return value


def _typed(text: str, site: Site) -> Json:
    """The text as the type that stands at the field now: causes are told in words, fields hold numbers too."""
    now = value_at(site.raw, site.cause.field) if site.cause.field else None
    if isinstance(now, bool) and text in ("true", "false"):
        return text == "true"
    if isinstance(now, int) and not isinstance(now, bool) and text.lstrip("-").isdigit():
        return int(text)
    return text
