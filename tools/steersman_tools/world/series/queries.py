"""Prometheus' HTTP API over a world's series, so that `--prometheus URL` needs no Prometheus beside a served world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from ...metrics import Series
from ...metrics.evaluate import evaluate
from ...metrics.promql import NotUnderstood, parse
from ...snapshot import Alert
from ...types import Json
from .alerts import RULES
from .scraping import Scraper

MOST_POINTS = 11_000
"""Of one series in one answer, as Prometheus has it."""


class _Refused(ValueError):
    """A parameter that cannot be used; the text says why, in Prometheus' words."""


def answer(scraper: Scraper, path: str, query: Mapping[str, str]) -> tuple[int, Json]:
    """Status and JSON for a path below /api/v1/."""
    work = _PATHS.get(path)
    if work is None:
        return 404, {"status": "error", "errorType": "not_found", "error": f"the world's series have no {path}"}
    try:
        return 200, {"status": "success", "data": work(scraper, query)}
    except (NotUnderstood, _Refused) as error:
        return 400, {"status": "error", "errorType": "bad_data", "error": str(error)}


def _instant(scraper: Scraper, query: Mapping[str, str]) -> Json:
    at = _moment(query, "time", scraper.world.clock.now())
    found = scraper.now(parse(query.get("query", "")), at)
    result: list[Json] = [
        {"metric": dict(s.labels), "value": [s.times[-1], _text(s.values[-1])]} for s in found if s.values
    ]
    return {"resultType": "vector", "result": result}


def _range(scraper: Scraper, query: Mapping[str, str]) -> Json:
    now = scraper.world.clock.now()
    start, end, step = _moment(query, "start", now), _moment(query, "end", now), _seconds(query.get("step", ""))
    if end < start:
        raise _Refused('invalid parameter "end": end timestamp must not be before start time')
    count = int((end - start).total_seconds() / step)
    if count > MOST_POINTS:
        raise _Refused(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
        )
    asked = parse(query.get("query", ""))
    times = [(start + timedelta(seconds=step * n)).timestamp() for n in range(count + 1)]
    return {
        "resultType": "matrix",
        "result": [_points(s) for s in evaluate(asked, scraper.series(asked.metric), times)],
    }


def _points(series: Series) -> Json:
    return {
        "metric": dict(series.labels),
        "values": [[at, _text(value)] for at, value in zip(series.times, series.values, strict=True)],
    }


def _alerts(scraper: Scraper, query: Mapping[str, str]) -> Json:
    return {"alerts": [_alert(alert) for alert in scraper.alerting.alerts]}


def _alert(alert: Alert) -> Json:
    since = alert.since.isoformat().replace("+00:00", "Z") if alert.since else ""
    return {
        "labels": dict(alert.labels),
        "annotations": {"summary": alert.summary},
        "state": alert.state,
        "activeAt": since,
    }


def _rules(scraper: Scraper, query: Mapping[str, str]) -> Json:
    """The rules that the world judges by itself: they have no text in Prometheus' language."""
    states = {alert.name: alert.state for alert in reversed(scraper.alerting.alerts)}
    rules: list[Json] = [
        {"type": "alerting", "name": r.name, "query": "", "duration": r.seconds, "labels": {"severity": r.severity},
         "annotations": {"summary": r.summary}, "state": states.get(r.name, "inactive")} for r in RULES
    ]  # fmt: skip
    return {"groups": [{"name": "world", "file": "", "rules": rules}]}


_PATHS: Mapping[str, Callable[[Scraper, Mapping[str, str]], Json]] = {
    "query": _instant,
    "query_range": _range,
    "alerts": _alerts,
    "rules": _rules,
}


def _moment(query: Mapping[str, str], name: str, otherwise: datetime) -> datetime:
    """A time, in Unix seconds or as RFC 3339."""
    text = query.get(name)
    if not text:
        return otherwise
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        made = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return made if made.tzinfo else made.replace(tzinfo=UTC)
    except ValueError as error:
        raise _Refused(f'invalid parameter "{name}": cannot parse "{text}" to a valid timestamp') from error


def _seconds(text: str) -> float:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    try:
        seconds = float(text[:-1]) * units[text[-1]] if text and text[-1] in units else float(text)
    except ValueError as error:
        raise _Refused(f'invalid parameter "step": cannot parse "{text}" to a valid duration') from error
    if not 0 < seconds < math.inf:
        raise _Refused(
            'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer'
        )
    return seconds


def _text(value: float) -> str:
    return (
        "NaN"
        if math.isnan(value)
        else "+Inf"
        if value == math.inf
        else "-Inf"
        if value == -math.inf
        else f"{value:.16g}"
    )
