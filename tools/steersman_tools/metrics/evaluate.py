"""What Prometheus would answer to a typed Query, computed from raw series: for recordings and for the embedded world.

Source: github.com/prometheus/prometheus promql/{functions,quantile}.go (extrapolatedRate, bucketQuantile), 5 minutes of lookback.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from . import Match, Query, Series

LOOKBACK = 300.0
"""Seconds for which a sample stands when no newer one follows."""
Labels = tuple[tuple[str, str], ...]


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(f"(?:{text})", re.DOTALL)


def holds(match: Match, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy one condition; an absent label reads as empty, patterns are anchored at both ends."""
    value = labels.get(match.label, "")
    if match.operator in ("=", "!="):
        return (value == match.value) is (match.operator == "=")
    return bool(_pattern(match.value).fullmatch(value)) is (match.operator == "=~")


def evaluate(query: Query, series: Iterable[Series], times: Sequence[float]) -> list[Series]:
    """The answer at each of the times. Series bear their metric as `__name__`; a value of NaN ends a series, as a stale marker does."""
    chosen = [
        s for s in series if s.labels.get("__name__") == query.metric and all(holds(m, s.labels) for m in query.match)
    ]
    if query.function == "raw":
        points = {_key(s.labels): _raw(s, times) for s in chosen}
    else:
        points = {_key(s.labels, drop=("__name__",)): _rates(s, times, query) for s in chosen}
    if query.aggregate != "none":
        points = _aggregated(points, query)
    if query.quantile is not None:
        points = _quantiles(points, query.quantile)
    return [
        Series(dict(labels), tuple(sorted(values)), tuple(values[t] for t in sorted(values)))
        for labels, values in sorted(points.items())
        if values
    ]


def _key(labels: Mapping[str, str], drop: tuple[str, ...] = ()) -> Labels:
    return tuple(sorted((k, v) for k, v in labels.items() if k not in drop and v != ""))


def _raw(series: Series, times: Sequence[float]) -> dict[float, float]:
    """The newest sample at each time, if it is not too old and the series has not ended."""
    found = {}
    for at in times:
        index = bisect_right(series.times, at) - 1
        if index >= 0 and at - series.times[index] < LOOKBACK and not math.isnan(series.values[index]):
            found[at] = series.values[index]
    return found


def _rates(series: Series, times: Sequence[float], query: Query) -> dict[float, float]:
    found = {}
    for at in times:
        low, high = bisect_left(series.times, at - query.window), bisect_right(series.times, at)
        samples = [
            (t, v) for t, v in zip(series.times[low:high], series.values[low:high], strict=True) if not math.isnan(v)
        ]
        if query.function == "count_over_time":
            if samples:
                found[at] = float(len(samples))
        elif (value := _extrapolated(samples, at, query.window)) is not None:
            found[at] = value / query.window if query.function == "rate" else value
    return found


def _extrapolated(samples: Sequence[tuple[float, float]], at: float, window: float) -> float | None:
    """The increase over the window: that of the samples, resets undone, stretched towards the window's ends."""
    if len(samples) < 2:
        return None
    increase = samples[-1][1] - samples[0][1]
    previous = samples[0][1]
    for _, value in samples[1:]:
        if value < previous:
            increase += previous
        previous = value
    first, last = samples[0], samples[-1]
    before, after = first[0] - (at - window), at - last[0]
    covered = last[0] - first[0]
    spacing = covered / (len(samples) - 1)
    if increase > 0 and first[1] >= 0:  # a counter cannot have been below zero
        before = min(before, covered * (first[1] / increase))
    threshold = spacing * 1.1
    stretched = (
        covered + (before if before < threshold else spacing / 2) + (after if after < threshold else spacing / 2)
    )
    return increase * (stretched / covered)


def _aggregated(points: Mapping[Labels, dict[float, float]], query: Query) -> dict[Labels, dict[float, float]]:
    groups: dict[Labels, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for labels, values in points.items():
        key = tuple((k, v) for k, v in labels if k in query.by)
        for at, value in values.items():
            groups[key][at].append(value)
    reducers: dict[str, Callable[[list[float]], float]] = {
        "sum": math.fsum,
        "avg": lambda v: math.fsum(v) / len(v),
        "max": max,
        "min": min,
        "count": lambda v: float(len(v)),
    }
    reduce = reducers[query.aggregate]
    return {key: {at: float(reduce(found)) for at, found in values.items()} for key, values in groups.items()}


def _quantiles(points: Mapping[Labels, dict[float, float]], quantile: float) -> dict[Labels, dict[float, float]]:
    """histogram_quantile over `le`."""
    groups: dict[Labels, dict[float, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for labels, values in points.items():
        bound = _bound(dict(labels).get("le", ""))
        if bound is None:
            continue
        key = tuple((k, v) for k, v in labels if k not in ("le", "__name__"))
        for at, value in values.items():
            groups[key][at].append((bound, value))
    return {
        key: {at: _bucket_quantile(quantile, sorted(b)) for at, b in values.items()} for key, values in groups.items()
    }


def _bound(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _bucket_quantile(quantile: float, buckets: Sequence[tuple[float, float]]) -> float:
    """The value below which that share of the observations lies."""
    if math.isnan(quantile):
        return math.nan
    if quantile < 0 or quantile > 1:
        return -math.inf if quantile < 0 else math.inf
    if not buckets or not math.isinf(buckets[-1][0]):
        return math.nan
    merged: dict[float, float] = defaultdict(float)
    for bound, count in buckets:
        merged[bound] += count
    bounds = sorted(merged)
    counts, highest = [], 0.0
    for bound in bounds:  # small breaks of monotony come from scraping
        highest = max(highest, merged[bound])
        counts.append(highest)
    total = counts[-1]
    if len(bounds) < 2 or total == 0:
        return math.nan
    rank = quantile * total
    index = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(bounds) - 1)
    if index == len(bounds) - 1:
        return bounds[-2]
    if index == 0 and bounds[0] <= 0:
        return bounds[0]
    low = bounds[index - 1] if index else 0.0
    here = counts[index] - (counts[index - 1] if index else 0.0)
    rank -= counts[index - 1] if index else 0.0
    return low + (bounds[index] - low) * (rank / here)
