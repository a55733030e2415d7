"""Objects as the API writes them, made fit to keep: secrets without values, events and log lines as records."""

from __future__ import annotations

import base64
import re
from itertools import pairwise

from ..fields import Fields, read_time
from ..redact import MARK
from ..snapshot import EventRecord, LogLine
from ..types import Json, Ref

LINE_CHARACTERS = 2_000
_PUBLIC = re.compile(
    r"^(?:tls|ca)\.crt$|(?:^|[_.-])(?:host(?:name)?|port|addr(?:ess)?|endpoint|db[_-]?name|database)$", re.I
)
"""Keys of Secrets whose values are no secrets: certificates, and where something is."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OWN_TIME = re.compile(r'"(?:time|timestamp|ts|@timestamp)" ?: ?"(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))"')
_CONTAINER = re.compile(r"\{([^}]+)\}")


def without_secrets(item: Json) -> Json:
    """A Secret without its values: which keys it has, and which of them are empty. Certificates and addresses stay."""
    if not isinstance(item, dict):
        return item
    kept = {k: v for k, v in item.items() if k not in ("data", "stringData")}
    data = {**Fields(item).at("data").raw, **_encoded(Fields(item).map("stringData"))}
    kept["data"] = {key: value if _PUBLIC.search(key) else MARK if value else "" for key, value in data.items()}
    metadata = Fields(item).at("metadata").raw
    notes = {k: v for k, v in Fields(item).at("metadata.annotations").raw.items() if k != _APPLIED}
    return {**kept, "metadata": {**metadata, "annotations": notes}}


def _encoded(texts: dict[str, str]) -> dict[str, Json]:
    """`stringData` of a manifest as the `data` that the API makes of it."""
    return {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}


def lean(item: Json) -> Json:
    """The object without its managedFields and the copy of itself that kubectl apply leaves."""
    if isinstance(item, dict) and isinstance(metadata := item.get("metadata"), dict):
        metadata.pop("managedFields", None)
        if isinstance(notes := metadata.get("annotations"), dict):
            notes.pop(_APPLIED, None)
    return item


def event_record(event: Fields) -> EventRecord:
    """An Event of core/v1 or events.k8s.io."""
    about = event.at("involvedObject") or event.at("regarding")
    container = _CONTAINER.search(about.text("fieldPath"))
    first = event.time("firstTimestamp") or event.time("deprecatedFirstTimestamp") or event.time("eventTime")
    last = event.time("series.lastObservedTime") or event.time("lastTimestamp") or event.time("deprecatedLastTimestamp")
    return EventRecord(
        about=Ref(about.text("namespace"), about.text("kind"), about.text("name")),
        type=event.text("type"),
        reason=event.text("reason"),
        message=event.text("message") or event.text("note"),
        count=event.integer("series.count") or event.integer("count") or 1,
        first=first or event.time("metadata.creationTimestamp"),
        last=last or first or event.time("metadata.creationTimestamp"),
        source=event.text("source.component") or event.text("reportingComponent"),
        container=container[1] if container else "",
        uid=about.text("uid"),
    )


def log_lines(body: bytes) -> tuple[LogLine, ...]:
    """The lines of a log that was asked for with timestamps; what is not text is shown as such, long lines are cut.

    A line without a stamp has the time that it gives itself in JSON; lines that all have times are put in their order.
    """
    found = [_line(text) for text in body.decode(errors="replace").split("\n") if text.strip()]
    times = [line.at.timestamp() for line in found if line.at]
    if len(times) == len(found) and any(a > b for a, b in pairwise(times)):
        found.sort(key=lambda line: line.at.timestamp() if line.at else 0.0)
    return tuple(found)


def _line(text: str) -> LogLine:
    stamp, space, rest = text[: LINE_CHARACTERS + 40].partition(" ")
    at = read_time(stamp) if space and "T" in stamp else None
    if at:
        return LogLine(rest[:LINE_CHARACTERS], at)
    own = _OWN_TIME.search(text, 0, LINE_CHARACTERS) if text.startswith("{") else None
    return LogLine(text[:LINE_CHARACTERS], read_time(own[1]) if own else None)
