"""A read-only view of JSON that never raises: objects of the API are partial, and of other versions than one expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from .types import Json


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


class Fields:
    """A mapping of JSON. A path is dotted (`spec.template.spec`); what is absent or of another type reads as empty."""

    __slots__ = ("raw",)

    def __init__(self, raw: Json) -> None:
        self.raw: Mapping[str, Json] = raw if isinstance(raw, dict) else {}

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self.raw == other.raw

    __hash__ = None  # type: ignore[assignment]   # a view of mutable JSON

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.raw!r})"

    def get(self, path: str) -> Json:
        """The JSON at the path, or None."""
        value: Json = self.raw  # type: ignore[assignment]   # a Mapping is read as the dict that it is
        for step in _steps(path):
            if not isinstance(value, dict):
                return None
            value = value.get(step)
        return value

    def has(self, path: str) -> bool:
        return self.get(path) is not None

    def at(self, path: str) -> Fields:
        return Fields(self.get(path))

    def each(self, path: str) -> list[Fields]:
        """The mappings of a list."""
        value = self.get(path)
        return [Fields(entry) for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []

    def text(self, path: str, default: str = "") -> str:
        """A scalar as text; `8080` and `"8080"` read the same."""
        value = self.get(path)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, str | int | float) else default

    def condition(self, kind: str) -> Fields:
        """The status condition of that type, empty when there is none."""
        return next((c for c in self.each("status.conditions") if c.text("type") == kind), Fields(None))

    def integer(self, path: str) -> int | None:
        value = self.get(path)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) or (isinstance(value, str) and value.strip().lstrip("-").isdigit()):
            return int(value)
        return None

    def count(self, path: str, default: int = 0) -> int:
        found = self.integer(path)
        return default if found is None else found

    def flag(self, path: str) -> bool:
        return self.get(path) in (True, "true", "True")

    def texts(self, path: str) -> tuple[str, ...]:
        """The scalars of a list, as text."""
        value = self.get(path)
        return tuple(str(v) for v in value if isinstance(v, str | int | float)) if isinstance(value, list) else ()

    def map(self, path: str) -> dict[str, str]:
        """A mapping of text to text, such as labels, annotations, selectors and resource lists."""
        value = self.get(path)
        if not isinstance(value, dict):
            return {}
        return {k: str(v) for k, v in value.items() if isinstance(v, str | int | float)}

    def time(self, path: str) -> datetime | None:
        return read_time(self.text(path))

    def items(self, path: str) -> Iterator[tuple[str, Fields]]:
        """The entries of a mapping of mappings."""
        for key, value in self.at(path).raw.items():
            yield key, Fields(value)


def read_time(text: str) -> datetime | None:
    """A point in time as the API writes it (RFC 3339), in UTC; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
