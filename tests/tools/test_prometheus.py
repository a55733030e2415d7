"""Prometheus and Alertmanager, against servers that misbehave; the lab's tests ask the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from steersman_tools.metrics import Match, Query
from steersman_tools.prometheus import Alertmanager, Prometheus, Silence
from steersman_tools.snapshot import Alert
from steersman_tools.types import Unreachable

from .scripted import Answer, served


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query(metric="up"), "up"),
        (Query(metric="up", match=(Match(label="job", value='a"b'),)), 'up{job="a\\"b"}'),
        (Query(metric="x_total", function="rate", window=90), "rate(x_total[90s])"),
        (Query(metric="x", aggregate="sum"), "sum(x)"),
        (
            Query(metric="d_bucket", function="rate", aggregate="sum", by=("service", "le"), quantile=0.95),
            "histogram_quantile(0.95, sum by (service, le) (rate(d_bucket[60s])))",
        ),
    ],
)
def test_questions_as_promql(query: Query, text: str) -> None:
    """A typed question reads as the PromQL that a person would write."""
    assert query.promql == text


def page(path: str, query: Mapping[str, str]) -> Answer:
    return Answer(b"<html>sign in</html>", content_type="text/html")


def refusal(path: str, query: Mapping[str, str]) -> Answer:
    return Answer({"status": "error", "error": "bad"}, 400)


def other(path: str, query: Mapping[str, str]) -> Answer:
    return Answer({"hello": "world"})


@pytest.mark.parametrize("script", [page, refusal, other])
async def test_what_is_no_prometheus_is_said_in_a_sentence(script: object) -> None:
    """HTML, refusals and foreign JSON are all one sentence that names the URL."""
    with served(script) as url, closing(Prometheus(url)) as prometheus:  # type: ignore[arg-type]  # a function of this file
        for work in (prometheus.alerts(), prometheus.instant(Query(metric="up"))):
            with pytest.raises(Unreachable, match=url):
                await work


async def test_a_prometheus_that_is_gone() -> None:
    """Nothing listens."""
    with (
        closing(Prometheus("http://127.0.0.1:1")) as prometheus,
        pytest.raises(Unreachable, match="connection refused"),
    ):
        await prometheus.alerts()


async def test_alerts_and_series() -> None:
    """Alerts and series arrive as values, with their times."""

    def script(path: str, query: Mapping[str, str]) -> Answer:
        if path == "/api/v1/alerts":
            alert = {
                "labels": {"alertname": "Slow", "service": "cart"},
                "annotations": {"summary": "slow"},
                "state": "firing",
                "activeAt": "2026-03-14T15:09:26.937786457Z",
            }
            return Answer({"status": "success", "data": {"alerts": [alert, {**alert, "state": "pending"}]}})
        result = [{"metric": {"job": "a"}, "value": [1.5, "2"], "values": [[1, "2"], [2, "NaN"]]}]
        return Answer({"status": "success", "data": {"result": result}})

    with served(script) as url, closing(Prometheus(url)) as prometheus:
        alerts = await prometheus.alerts()
        series = await prometheus.instant(Query(metric="up"))
    assert [(a.name, a.state, a.summary, str(a.since)) for a in alerts] == [
        ("Slow", "firing", "slow", "2026-03-14 15:09:26.937786+00:00"),
        ("Slow", "pending", "slow", "2026-03-14 15:09:26.937786+00:00"),
    ]
    assert [(dict(s.labels), s.times, s.values) for s in series] == [({"job": "a"}, [1.5], [2.0])]


async def test_a_range_ends_at_its_end_to_the_millisecond() -> None:
    """Rounded to seconds, a range of short steps would lose its last point, and what is judged by it would be judged by nothing."""
    seen: dict[str, str] = {}

    def script(path: str, query: Mapping[str, str]) -> Answer:
        seen.update(query)
        return Answer({"status": "success", "data": {"result": []}})

    end = datetime(2026, 3, 14, 15, 9, 26, 449600, tzinfo=UTC)
    with served(script) as url, closing(Prometheus(url)) as prometheus:
        await prometheus.range(Query(metric="up"), end - timedelta(seconds=705.12), end, 2.938)

    first, last, step = (float(seen[name]) for name in ("start", "end", "step"))
    assert end.timestamp() - last < step
    assert last - first == pytest.approx(240 * step, abs=0.002)


@pytest.mark.parametrize(
    ("operator", "value", "label", "covered"),
    [
        ("=", "a", "a", True),
        ("=", "a", "b", False),
        ("!=", "a", "b", True),
        ("=~", "a.*", "abc", True),
        ("=~", "a", "abc", False),
        ("!~", "a.*", "abc", False),
    ],
)
def test_silences_cover_by_alertmanagers_rules(operator: str, value: str, label: str, covered: bool) -> None:  # noqa: FBT001  a table
    """All matchers must hold; regular expressions are anchored."""
    silence = Silence(id="1", matchers=(Match.model_validate({"label": "x", "value": value, "operator": operator}),))
    assert silence.covers({"x": label}) is covered


async def test_silenced_alerts_are_marked() -> None:
    """Only an active silence suppresses."""
    matcher = {"name": "alertname", "value": "Slow", "isRegex": False, "isEqual": True}

    def script(path: str, query: Mapping[str, str]) -> Answer:
        return Answer(
            [
                {"id": "1", "status": {"state": "active"}, "matchers": [matcher]},
                {"id": "2", "status": {"state": "expired"}, "matchers": []},
            ]
        )

    with served(script) as url, closing(Alertmanager(url)) as manager:
        marked = await manager.suppressed((Alert("Slow", {"alertname": "Slow"}), Alert("Down", {"alertname": "Down"})))
    assert [a.state for a in marked] == ["suppressed", "firing"]
