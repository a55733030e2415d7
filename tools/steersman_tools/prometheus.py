"""Prometheus and Alertmanager: queries through prometheus-api-client; alerts, rules and silences, which it lacks, as plain HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from urllib3.util.retry import Retry

from .fields import Fields
from .metrics import Match, Query, Series
from .snapshot import Alert
from .types import Frozen, Json, Unreachable

SECONDS = 10
MOST_SERIES = 20_000
_ONCE = Retry(total=0)
_Result = TypeVar("_Result")


class Rule(Frozen):
    """An alerting rule and its present state."""

    name: str
    query: str
    state: str
    duration: float
    labels: dict[str, str]


class Silence(Frozen):
    """An active silence: alerts whose labels satisfy all matchers are suppressed."""

    id: str
    matchers: tuple[Match, ...]
    comment: str = ""
    ends: datetime | None = None

    def covers(self, labels: Mapping[str, str]) -> bool:
        return all(_holds(m, labels.get(m.label, "")) for m in self.matchers)


def _holds(match: Match, value: str) -> bool:
    same = re.fullmatch(match.value, value) is not None if "~" in match.operator else value == match.value
    return same != match.operator.startswith("!")


class _Http:
    """Plain requests to one service, in threads."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.mount(self.url, requests.adapters.HTTPAdapter(max_retries=_ONCE))
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="metrics")

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """Runs blocking work in a thread; raises Unreachable when nothing sensible comes back."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except requests.exceptions.JSONDecodeError as error:
            raise Unreachable(f"{self.url} does not answer as its API should: check the URL.") from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(f"{self.url} does not answer ({_reason(error)}).") from error
        except PrometheusApiClientException as error:
            raise Unreachable(f"{self.url} refuses the query: {str(error)[:200]}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise Unreachable(f"{self.url} answers something that is not a result: check the URL.") from error

    async def get(self, path: str) -> Json:
        def work() -> Json:
            response = self.session.get(self.url + path, timeout=SECONDS)
            if response.status_code != 200:
                raise requests.exceptions.HTTPError(f"status {response.status_code}")
            value: Json = response.json()
            return value

        return await self.run(work)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.session.close()


class Prometheus:
    """A MetricsSource over Prometheus' HTTP API."""

    def __init__(self, url: str) -> None:
        self._http = _Http(url)
        self._client = PrometheusConnect(url=self._http.url, session=self._http.session, retry=_ONCE, timeout=SECONDS)

    @property
    def url(self) -> str:
        return self._http.url

    async def instant(self, query: Query, at: datetime | None = None) -> list[Series]:
        params = {"time": at.timestamp()} if at else {}
        found = await self._http.run(lambda: self._client.custom_query(query.promql, params=params))
        return [_series(Fields(entry), [entry["value"]]) for entry in found[:MOST_SERIES]]

    async def range(self, query: Query, start: datetime, end: datetime, step: float) -> list[Series]:
        exact = _milliseconds(start, end, step)
        found = await self._http.run(
            lambda: self._client.custom_query_range(
                query.promql, start_time=start, end_time=end, step=exact["step"], params=exact
            )
        )
        return [_series(Fields(entry), entry["values"]) for entry in found[:MOST_SERIES]]

    async def alerts(self) -> tuple[Alert, ...]:
        listing = Fields(await self._http.get("/api/v1/alerts"))
        if listing.text("status") != "success":
            raise Unreachable(f"{self.url} does not answer as Prometheus should: check the URL.")
        return tuple(_alert(entry) for entry in listing.each("data.alerts"))

    async def rules(self) -> tuple[Rule, ...]:
        """The alerting rules that are loaded."""
        listing = Fields(await self._http.get("/api/v1/rules?type=alert"))
        return tuple(
            Rule(
                name=rule.text("name"),
                query=rule.text("query"),
                state=rule.text("state"),
                duration=float(rule.text("duration", "0")),
                labels=rule.map("labels"),
            )
            for group in listing.each("data.groups")
            for rule in group.each("rules")
        )

    def close(self) -> None:
        self._http.close()


class Alertmanager:
    """What Alertmanager knows that Prometheus does not: silences."""

    def __init__(self, url: str) -> None:
        self._http = _Http(url)

    async def silences(self) -> tuple[Silence, ...]:
        """The silences that are in force."""
        found = await self._http.get("/api/v2/silences")
        every = [Fields(entry) for entry in found] if isinstance(found, list) else []
        return tuple(_silence(entry) for entry in every if entry.text("status.state") == "active")

    async def suppressed(self, alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
        """The same alerts, those marked that a silence covers."""
        silences = await self.silences()
        return tuple(replace(a, state="suppressed") if any(s.covers(a.labels) for s in silences) else a for a in alerts)

    def close(self) -> None:
        self._http.close()


def _milliseconds(start: datetime, end: datetime, step: float) -> dict[str, str]:
    """The range as Prometheus counts it. The client rounds to whole seconds, which drops the last point where steps are as short."""
    first, each = round(start.timestamp() * 1000), max(1, int(step * 1000))
    last = first + int((end - start).total_seconds() / step + 1e-6) * each
    return {"start": f"{first / 1000:.3f}", "end": f"{last / 1000:.3f}", "step": f"{each / 1000:.3f}"}


def _series(entry: Fields, points: list[list[float | str]]) -> Series:
    return Series(entry.map("metric"), [float(t) for t, _ in points], [float(v) for _, v in points])


def _alert(entry: Fields) -> Alert:
    labels, notes = entry.map("labels"), entry.map("annotations")
    return Alert(
        name=labels.get("alertname", "unnamed"),
        labels=labels,
        summary=notes.get("summary") or notes.get("description") or notes.get("message", ""),
        since=entry.time("activeAt"),
        state="firing" if entry.text("state") == "firing" else "pending",
    )


def _silence(entry: Fields) -> Silence:
    return Silence(
        id=entry.text("id"),
        matchers=tuple(
            Match(
                label=m.text("name"),
                value=m.text("value"),
                operator=("=~" if m.flag("isRegex") else "=")
                if m.get("isEqual") is not False
                else ("!~" if m.flag("isRegex") else "!="),
            )
            for m in entry.each("matchers")
        ),
        comment=entry.text("comment"),
        ends=entry.time("endsAt"),
    )


def _reason(error: Exception) -> str:
    text = str(error)
    for sign, words in (
        ("Connection refused", "connection refused"),
        ("timed out", "timed out"),
        ("Name or service not known", "its name cannot be resolved"),
        ("No connection adapters", "that is no URL"),
        ("status ", text),
    ):
        if sign in text:
            return words
    return type(error).__name__
