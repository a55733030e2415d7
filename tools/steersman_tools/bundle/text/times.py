"""Times as kubectl prints them: points in time as RFC 3339, ages as seconds. A text that is neither reads as nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_RFC1123 = re.compile(r"(?:[A-Z][a-z]{2}, )?(\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d) ([+-]\d{4}|UTC|GMT|Z)")
_GO = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?([+-]\d\d:?\d\d|Z)")
_AGE = re.compile(r"(?:(\d{1,4})y)?(?:(\d{1,6})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?")
_UNITS = (365 * 86_400, 86_400, 3_600, 60, 1)


@lru_cache(maxsize=8192)
def stamp(text: str) -> str | None:
    """`Fri, 28 Nov 2025 16:00:48 +0800`, or `2026-03-16 22:09:13 +0800 CST`, as the API writes it; None for no time."""
    try:
        if found := _RFC1123.match(text):
            zone = "+0000" if found[2].isalpha() else found[2]
            moment = datetime.strptime(f"{found[1]} {zone}", "%d %b %Y %H:%M:%S %z")
        elif found := _GO.match(text):
            moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3]}")
        else:
            return None
        return written(moment) if moment.year > 1 else None
    except (ValueError, OverflowError):
        return None


def written(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def before(moment: datetime, seconds: float) -> str:
    """The moment so many seconds earlier, as the API writes it."""
    return written(moment - timedelta(seconds=min(seconds, 3e9)))


@lru_cache(maxsize=4096)
def age(text: str) -> float | None:
    """`93s`, `2m3s`, `3h5m`, `109d`, `2y45d` in seconds; None for `<unknown>` and whatever else is no age."""
    if text == "<invalid>":  # the clock of whoever asked was behind
        return 0.0
    found = _AGE.fullmatch(text)
    if not found or not text:
        return None
    return float(sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS, strict=True) if number))


def exact(seconds: float) -> bool:
    """Whether kubectl prints such an age to the second."""
    return seconds < 600
