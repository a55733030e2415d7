"""A month of one quantum device's queue, simulated: who comes, how long it takes, who gives up, and when the device is away.

Arrivals are Poisson with a day and a week in them; durations lognormal (median 20 s, mean about 55 s: most jobs are short, some take
an hour); 12 % of the jobs that wait are withdrawn; 6 % of the arrivals are sessions that jump the queue; the device is calibrated
every day for 45 to 90 minutes, and breaks down about once a week. Nothing of this is told to the estimators.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 30
WITHDRAWN, SESSIONS = 0.12, 0.06
OURS_EACH_DAY = 12
BUSY = 0.82
"""The share of its time in service that the device is asked for."""


@dataclass
class Visit:
    """A job: when it came, how long it takes, and what became of it."""

    at: float
    seconds: float
    jumps: bool = False
    gives_up: float = math.inf
    ours: bool = False
    ahead: int = 0
    """How many jobs the provider said were pending when it came."""
    started: float = math.inf
    mean_so_far: float = math.nan
    """The mean duration of all jobs that had run by then."""


def month(seed: int) -> list[Visit]:
    """All jobs of a month, in the order of their coming."""
    rng = random.Random(seed)
    visits = sorted([*_others(rng), *_own(rng)], key=lambda v: v.at)
    _serve(visits, _closed(rng), rng)
    return visits


def when(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _duration(rng: random.Random) -> float:
    return min(rng.lognormvariate(math.log(20), 1.42), 3600.0)


def _others(rng: random.Random) -> list[Visit]:
    mean = 53.0
    found, at = [], 0.0
    while at < DAYS * 86_400:
        moment = when(at)
        day = 1 + 0.6 * math.sin((moment.hour - 9) / 24 * 2 * math.pi)
        week = 0.6 if moment.weekday() >= 5 else 1.15
        at += rng.expovariate(BUSY * day * week / mean)
        patience = rng.expovariate(1 / 5400) if rng.random() < WITHDRAWN else math.inf
        found.append(Visit(at, _duration(rng), rng.random() < SESSIONS, at + patience))
    return found


def _own(rng: random.Random) -> list[Visit]:
    count = OURS_EACH_DAY * DAYS
    return [Visit(rng.uniform(0, DAYS * 86_400), _duration(rng), ours=True) for _ in range(count)]


def _closed(rng: random.Random) -> list[tuple[float, float]]:
    """When the device is away: calibration at about five every morning, and breakdowns."""
    away = []
    for day in range(DAYS + 5):
        begin = day * 86_400 + 5 * 3600 + rng.gauss(0, 1200)
        away.append((begin, begin + rng.uniform(2700, 5400)))
    at = 0.0
    while at < DAYS * 86_400:
        at += rng.expovariate(1 / (7 * 86_400))
        away.append((at, at + rng.uniform(1800, 10_800)))
    return sorted(away)


def _serve(visits: list[Visit], away: list[tuple[float, float]], rng: random.Random) -> None:
    """One device takes them in order of arrival, those who jump first."""
    queue: list[tuple[int, float, int]] = []
    free, next_, ran, spent = 0.0, 0, 0, 0.0
    while next_ < len(visits) or queue:
        if not queue:
            free = max(free, visits[next_].at)
        while next_ < len(visits) and visits[next_].at <= free:
            visit = visits[next_]
            queue = [q for q in queue if visits[q[2]].gives_up > visit.at]
            heapq.heapify(queue)
            visit.ahead, visit.mean_so_far = (
                len(queue) + (1 if free > visit.at else 0),
                spent / ran if ran else math.nan,
            )
            heapq.heappush(queue, (0 if visit.jumps else 1, visit.at, next_))
            next_ += 1
        if not queue:
            continue
        _, _, index = heapq.heappop(queue)
        visit = visits[index]
        begin = max(free, visit.at)
        for left, until in away:
            if left <= begin < until:
                begin = until
        if visit.gives_up < begin:
            continue
        visit.started = begin
        free = begin + visit.seconds
        ran, spent = ran + 1, spent + visit.seconds
