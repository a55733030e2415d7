"""Reads what a document says of itself: the front matter, without touching the text. Cheap enough to do for a whole library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, get_args

import yaml
from pydantic import ValidationError

from .types import Card, PlanStep, Risk

_FENCE = "---"
_H1 = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Malformed(ValueError):
    """The front matter cannot be read; the sentence says why. The catcher indexes the text all the same, and lint reports it."""


def split(text: str) -> tuple[str, str, int]:
    """The front matter, the text after it, and the number of lines before that text."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != _FENCE:
        return "", text, 0
    for number, line in enumerate(lines[1:], 1):
        if line.strip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 1
    return "", text, 0


def load(front: str) -> Mapping[str, Any]:
    """The fields of a front matter. Raises Malformed."""
    try:
        fields = yaml.load(front, Loader=_LOADER) or {}
    except yaml.YAMLError as error:
        raise Malformed(f"The front matter is not valid YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(fields, dict):
        raise Malformed("The front matter must be a list of `name: value` lines.")
    return fields


def card(text: str, file: str, root: str) -> Card:
    """What the document says of itself; what it does not say is taken from its name. Never fails: lint names what is wrong."""
    front, body, _ = split(text)
    try:
        fields = load(front)
    except Malformed:
        fields = {}
    path = PurePosixPath(file)
    skill = path.name.upper() == "SKILL.MD"
    named = path.parent.name if skill and path.parent.name else path.stem
    heading = _H1.search(body)
    title = _text(fields.get("title")) or (heading[1] if heading else "") or _text(fields.get("name")) or named
    return Card(
        id=_text(fields.get("id")) or _text(fields.get("name")) or named,
        title=title,
        file=file,
        root=root,
        about=_text(fields.get("description")),
        faults=_words(fields.get("faults")),
        keywords=_words(fields.get("keywords")) + _words(fields.get("tags")),
        zh=_words(fields.get("zh")),
        told=_sentences(fields.get("told")),
        risk=_risk(fields.get("risk")),
        updated=_date(fields.get("updated")),
        source=_words(fields.get("source")),
        plan=_plan(fields.get("plan")),
        kinds=_words(fields.get("kinds")),
        skill=skill,
    )


def steps(value: Any) -> tuple[PlanStep, ...]:
    """The plan template. Raises Malformed."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Malformed("`plan` must be a list of steps.")
    own = {"do", "target", "why"}
    try:
        return tuple(
            PlanStep(
                **{name: each[name] for name in own & set(each)},
                arguments={name: argument for name, argument in each.items() if name not in own},
            )
            for each in value
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise Malformed(f"A step of `plan` is wrong: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def _plan(value: Any) -> tuple[PlanStep, ...]:
    try:
        return steps(value)
    except Malformed:
        return ()


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _words(value: Any) -> tuple[str, ...]:
    each = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
    return tuple(filter(None, map(_text, each)))


def _sentences(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, value))) if isinstance(value, list) else ()


def _risk(value: Any) -> Risk:
    known: tuple[Risk, ...] = get_args(Risk)
    return next((risk for risk in known if risk == value), "unknown")


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        return None
