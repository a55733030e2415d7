"""Whether anything is wrong at all, before causes are looked for: some node's excess is beyond every stretch of its own past, and
the entry suffers at the same time. A ranking always has a first place; this says whether it means something."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from steersman_tools.types import Frozen

from .flow import ENOUGH, Calls, likeness
from .grid import Floats

ALARM = 1.4
"""The size, in units of the node's own past, from which on there is an alarm."""
TAIL = 0.99
"""The part of past stretches that stayed below one unit, before the unit is widened."""
WIDER = {"latency": 0.1, "errors": 2.0}
"""What widens the unit: a part of the usual work, and a count of lost requests. Less is nobody's trouble."""
SIGMAS = 4.0
"""The unit in standard deviations, where the past is too short for a tail."""
TOGETHER = 0.8
"""How alike in time the excess of a node and that of the entry must be."""
CALLED = 5
"""Requests that a node must have had."""


class Alarm(Frozen):
    """The most unusual node and how far it is beyond its own past; `raised` from `ALARM` on."""

    node: str
    score: float

    @property
    def raised(self) -> bool:
        return self.score >= ALARM


def alarm(calls: Calls, entry: str) -> Alarm:
    """Judges the intervals after. What was already so in the last interval before is no news: it is the level to exceed."""
    last = np.nan_to_num(calls.before[-1])
    level = np.maximum(np.nan_to_num(_median(calls.before)), last)
    risen = _stretch(calls.after, calls.requests_after, level)
    together = likeness(risen, risen[:, calls.nodes.index(entry)])
    requests = np.nan_to_num(calls.requests_after).sum(axis=0)
    size = risen.sum(axis=0) / _unit(calls, level, requests)
    size = np.where((requests >= CALLED) & (together >= TOGETHER), size, 0.0)
    at = int(np.argmax(size))
    return Alarm(node=calls.nodes[at], score=float(size[at]))


def _stretch(cost: Floats, requests: Floats, level: Floats) -> Floats:
    return np.asarray(np.maximum(np.nan_to_num((cost - level) * requests), 0))


def _unit(calls: Calls, level: Floats, requests: Floats) -> Floats:
    """What a stretch as long as the one after cost more than its level, in the past's tail."""
    rows = len(calls.after)
    if len(calls.before) >= ENOUGH + rows:
        costs = sliding_window_view(calls.before, rows, axis=0)
        counts = sliding_window_view(calls.requests_before, rows, axis=0)
        before = np.concatenate([level[None, :], calls.before])[: len(costs)]
        base = np.maximum(np.nan_to_num(_median(calls.before))[None, :], np.nan_to_num(before))
        sums = np.maximum(np.nan_to_num((costs - base[:, :, None]) * counts), 0).sum(axis=2)
        unit = np.quantile(sums, TAIL, axis=0)
    else:
        within = np.zeros(len(level)) if calls.spread is None else np.nan_to_num(calls.spread)
        unit = SIGMAS * within * np.sqrt(requests)
    wider = WIDER[calls.kind] * (level * requests if calls.kind == "latency" else 1.0)
    return np.asarray(unit + wider + 1e-9)


def _median(values: Floats) -> Floats:
    return np.array([np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else 0.0 for c in values.T])
