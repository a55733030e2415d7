"""`-o yaml` and `-o json`: the objects themselves, also where the end of the text is cut off."""

from __future__ import annotations

import orjson
import yaml

from ...fields import Fields
from ...kubernetes.objects import without_secrets
from ...types import Json, NotChecked
from .parts import Part, Rank, Reading
from .words import CLUSTER, READ

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_whole(text: str) -> bool:
    """Whether the text looks like objects in full."""
    return text.startswith(
        (
            "apiVersion:",
            "kind:",
            "---\n",
            '{\n    "apiVersion"',
            '{\n  "apiVersion"',
            '{"apiVersion"',
            '{"kind"',
            "items:",
        )
    )


def read(text: str, namespace: str | None, rank: Rank = Rank.WHOLE) -> Reading:
    """The objects of the kinds that are kept."""
    reading = Reading()
    for document in _documents(text, reading):
        view = Fields(document)
        listed = view.text("kind").removesuffix("List")
        items = view.get("items")
        for item in items if isinstance(items, list) else [document]:
            _add(item, Fields(item).text("kind") or listed, namespace, rank, reading)
    return reading


def _documents(text: str, reading: Reading) -> list[Json]:
    if text.startswith("{"):
        try:
            return [orjson.loads(text)]
        except orjson.JSONDecodeError as error:
            reading.gaps.append(NotChecked(what="an object pasted as JSON", why=f"it cannot be read: {error}"))
            return []
    try:
        return _yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        kept = "\n".join(text.split("\n")[: mark.line]) if mark else ""
        reading.gaps.append(NotChecked(what="the end of an object pasted as YAML", why="it is cut off or damaged"))
        try:
            return _yaml(kept)
        except yaml.YAMLError:
            return []


def _yaml(text: str) -> list[Json]:
    try:
        return [document for document in yaml.load_all(text, Loader=_LOADER) if isinstance(document, dict)]
    except (ValueError, RecursionError) as error:  # a date that there never was, or brackets without an end
        raise yaml.YAMLError(str(error)) from error


def _add(item: Json, kind: str, namespace: str | None, rank: Rank, reading: Reading) -> None:
    view = Fields(item)
    name = view.text("metadata.name")
    if kind not in READ or not name or not isinstance(item, dict):
        return
    where = "" if kind in CLUSTER else view.text("metadata.namespace").strip() or namespace
    obj = without_secrets(item) if kind == "Secret" else item
    if isinstance(obj, dict):
        reading.parts.append(Part(kind, where, name, _json(obj), rank))


def _json(value: dict[str, Json]) -> dict[str, Json]:
    """The same, with times as text: YAML reads an unquoted one as a moment."""
    return {str(key): _plain(inner) for key, inner in value.items()}


def _plain(value: Json) -> Json:
    if isinstance(value, dict):
        return _json(value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    text = str(value)
    return text.replace(" ", "T").replace("+00:00", "Z") if hasattr(value, "isoformat") else text
