"""Figures about the server itself, for Prometheus."""

from __future__ import annotations

import bisect
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meter:
    """Counts requests by route, and whatever else is counted."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[str, list[int]] = {}
        self._sums: Counter[str] = Counter()
        self._events: Counter[tuple[str, str]] = Counter()

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        self._requests[route, method, status] += 1
        self._times.setdefault(route, [0] * (len(BOUNDS) + 1))[bisect.bisect_left(BOUNDS, seconds)] += 1
        self._sums[route] += seconds  # type: ignore[assignment]  # a Counter of seconds

    def count(self, name: str, label: str) -> None:
        """One more of `steersman_<name>_total{what="label"}`."""
        self._events[name, label] += 1

    def text(self, gauges: Mapping[str, float]) -> str:
        """The exposition format, version 0.0.4."""
        return "\n".join(self._lines(gauges)) + "\n"

    def _lines(self, gauges: Mapping[str, float]) -> Iterator[str]:
        yield "# HELP steersman_http_requests_total Requests answered."
        yield "# TYPE steersman_http_requests_total counter"
        for (route, method, status), count in sorted(self._requests.items()):
            yield f'steersman_http_requests_total{{route="{route}",method="{method}",status="{status}"}} {count}'
        yield "# HELP steersman_http_request_seconds Time until the answer began."
        yield "# TYPE steersman_http_request_seconds histogram"
        for route, buckets in sorted(self._times.items()):
            total = 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                total += count
                yield f'steersman_http_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'steersman_http_request_seconds_sum{{route="{route}"}} {self._sums[route]:.6f}'
            yield f'steersman_http_request_seconds_count{{route="{route}"}} {total}'
        for name in sorted({name for name, _ in self._events}):
            yield f"# TYPE steersman_{name}_total counter"
            for (_, label), count in sorted((k, v) for k, v in self._events.items() if k[0] == name):
                yield f'steersman_{name}_total{{what="{label}"}} {count}'
        for name, value in sorted(gauges.items()):
            yield f"# TYPE steersman_{name} gauge"
            yield f"steersman_{name} {value:g}"


class Metered:
    """Tells the meter of every request, under its route's template: paths of people's choosing make no new series."""

    def __init__(self, app: ASGIApp, meter: Meter) -> None:
        self._app, self._meter = app, meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, method = time.perf_counter(), scope["method"] if len(scope["method"]) < 8 else "other"

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "") or "none"
                self._meter.request(route, method, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, heard)
