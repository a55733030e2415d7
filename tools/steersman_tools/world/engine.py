"""What makes a world live: controllers that wake on changes and at set times, run to quiet at each moment of the clock."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from .api.status import ApiError
from .clock import MovableClock
from .store import Change, Key, Store

log = logging.getLogger(__name__)
_ROUNDS = 60
"""Times that one thing may be looked at in one moment; a fight between two controllers goes on a second later."""
_LONGEST_BACKOFF = 300.0


class Controller(Protocol):
    """One control loop."""

    name: str

    def wants(self, change: Change) -> Iterable[Key]:
        """The things to look at because of a change."""

    def reconcile(self, key: Key) -> float | None:
        """Brings one thing nearer to what is wanted. Returns the seconds until it is to be looked at again, if at all."""


class Engine:
    """The work to be done now, and the work that is due later."""

    def __init__(self, store: Store, clock: MovableClock) -> None:
        self.clock = clock
        self.controllers: dict[str, Controller] = {}
        self._queue: dict[tuple[str, Key], None] = {}
        self._agenda: list[tuple[datetime, int, str, Key]] = []
        self._due: dict[tuple[str, Key], datetime] = {}
        self._failures: dict[tuple[str, Key], int] = {}
        self._serial = itertools.count()
        store.listeners.append(self._changed)

    def add(self, controller: Controller) -> None:
        self.controllers[controller.name] = controller

    def _changed(self, change: Change) -> None:
        for name, controller in self.controllers.items():
            for key in controller.wants(change):
                self._queue.setdefault((name, key))

    def now(self, name: str, key: Key) -> None:
        """Has a thing looked at in this moment."""
        self._queue.setdefault((name, key))

    def later(self, seconds: float, name: str, key: Key) -> None:
        """Has a thing looked at after some time, unless it will be sooner."""
        due = self.clock.now() + timedelta(seconds=max(seconds, 0.0))
        known = self._due.get((name, key))
        if known is None or due < known:
            self._due[name, key] = due
            heapq.heappush(self._agenda, (due, next(self._serial), name, key))

    @property
    def next_due(self) -> datetime | None:
        """When there is something to do next."""
        if self._queue:
            return self.clock.now()
        return self._agenda[0][0] if self._agenda else None

    def settle(self) -> None:
        """Does all that is to be done at this moment."""
        seen: dict[tuple[str, Key], int] = {}
        self._take_due()
        while self._queue:
            item = next(iter(self._queue))
            del self._queue[item]
            seen[item] = seen.get(item, 0) + 1
            if seen[item] > _ROUNDS:
                self.later(1.0, *item)
                continue
            self._look(item)
            if not self._queue:
                self._take_due()

    def _take_due(self) -> None:
        now = self.clock.now()
        while self._agenda and self._agenda[0][0] <= now:
            due, _, name, key = heapq.heappop(self._agenda)
            if self._due.get((name, key)) == due:
                del self._due[name, key]
                self._queue.setdefault((name, key))

    def _look(self, item: tuple[str, Key]) -> None:
        name, key = item
        try:
            again = self.controllers[name].reconcile(key)
        except ApiError as error:
            failures = self._failures[item] = self._failures.get(item, 0) + 1
            log.debug("%s %s: %s", name, key, error)
            self.later(min(0.05 * 2 ** min(failures, 20), _LONGEST_BACKOFF), *item)
            return
        except Exception:
            log.exception("%s %s", name, key)
            self.later(5.0, *item)
            return
        self._failures.pop(item, None)
        if again is not None:
            self.later(max(again, 0.001), *item)
