"""What a namespace allows: ResourceQuotas, LimitRanges, and the Namespace whose description shows both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....types import Json
from ..build import Object, only, put, told
from ..outline import Described, grid
from .common import comma, metadata

_COLUMNS = {
    "Min": "min", "Max": "max", "Default Request": "defaultRequest", "Default Limit": "default",
    "Max Limit/Request Ratio": "maxLimitRequestRatio",
}  # fmt: skip


def resource_quota(text: Described) -> Object:
    obj = metadata(text)
    lines = [line for section in text.sections for line in section.lines]
    put(obj, "spec.scopes", comma(text.value("Scopes")))
    _amounts(obj, _from(lines, "Resource"))
    return obj


def limit_range(text: Described) -> Object:
    obj = metadata(text)
    lines = [line for section in text.sections for line in section.lines]
    put(obj, "spec.limits", _limits(_from(lines, "Type")))
    return obj


def namespace(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "status.phase", text.value("Status"))
    return obj


def quotas_in(text: Described) -> list[Object] | None:
    """The quotas that a Namespace's description lists; None where it says nothing about quotas."""
    lines = [line for section in text.sections for line in section.lines]
    start = next((i for i, line in enumerate(lines) if line.startswith("Resource Quotas")), None)
    if start is None:
        return [] if any(line.startswith("No resource quota") for line in lines) else None
    return [_quota(name, part) for name, part in _named(lines[start + 1 :])]


def limits_in(text: Described) -> list[Object] | None:
    """The LimitRange of a Namespace's description, which gives it no name; None where it says nothing about any."""
    lines = [line for section in text.sections for line in section.lines]
    start = next((i for i, line in enumerate(lines) if line.startswith("Resource Limits")), None)
    if start is None:
        return [] if any(line.startswith("No LimitRange resource") for line in lines) else None
    obj: Object = {}
    put(obj, "spec.limits", _limits(lines[start + 1 :]))
    return [obj]


def _quota(name: str, lines: Sequence[str]) -> Object:
    obj: Object = {}
    put(obj, "metadata.name", told(name))
    _amounts(obj, _from(lines, "Resource"))
    return obj


def _named(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The quotas below `Resource Quotas`, each from its name on."""
    name, found = "", list[str]()
    for line in lines:
        title, colon, value = line.strip().partition(":")
        if line.startswith(("Resource Limits", "No LimitRange")):
            break
        if title == "Name" and colon:
            if name:
                yield name, found
            name, found = value.strip(), []
        else:
            found.append(line)
    if name:
        yield name, found


def _from(lines: Sequence[str], word: str) -> Sequence[str]:
    """The lines from the header that begins with the word."""
    start = next((i for i, line in enumerate(lines) if line.split()[:1] == [word]), len(lines))
    return lines[start:]


def _amounts(obj: Object, lines: Sequence[str]) -> None:
    for row in grid(lines):
        if name := row.get("Resource"):
            for column, parts in (("Used", ("status.used",)), ("Hard", ("spec.hard", "status.hard"))):
                for part in parts:
                    above, _, last = part.partition(".")
                    inner = obj.setdefault(above, {})
                    if isinstance(inner, dict) and isinstance(amounts := inner.setdefault(last, {}), dict):
                        amounts[name] = row.get(column, "")


def _limits(lines: Sequence[str]) -> list[Json]:
    """One limit for each type; a row is one resource of it."""
    found: dict[str, Object] = {}
    for row in grid(lines):
        if not (kind := row.get("Type")) or not (resource := row.get("Resource")):
            continue
        limit = found.setdefault(kind, {"type": kind})
        for column, path in _COLUMNS.items():
            if row.get(column, "-") not in ("-", ""):
                inner = limit.setdefault(path, {})
                if isinstance(inner, dict):
                    inner[resource] = row[column]
    return [only(**limit) for limit in found.values()]
