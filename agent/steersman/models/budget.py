"""Budgets of a session with a model: tokens, seconds, money and turns. What is used up stops the model, never the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from steersman_tools.types import Frozen

from .base import Usage


class OverBudget(Exception):
    """The budget is used up. The text names what ran out; the catcher answers with what there is."""


class Price(Frozen):
    """What a million tokens cost."""

    million_in: float
    million_out: float


class Budget(Frozen):
    """How much one answer may use."""

    tokens: int = 16_000
    seconds: float = 60.0
    turns: int = 6
    money: float | None = None


class Meter:
    """Counts what is used against a budget. Every call of a model goes through `allow` and then `charge`."""

    def __init__(
        self, budget: Budget, price: Price | None = None, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self.budget, self._price, self._elapsed = budget, price, elapsed
        self._began = elapsed()
        self._calls = self._in = self._out = 0
        self._kept_turns = self._kept_tokens = 0
        self._most_calls: int | None = None

    @property
    def usage(self) -> Usage:
        return Usage(
            calls=self._calls,
            tokens_in=self._in,
            tokens_out=self._out,
            seconds=round(self._elapsed() - self._began, 3),
            money=None if self._price is None else round(self._cost(self._in, self._out), 6),
        )

    @property
    def seconds_left(self) -> float:
        return max(self.budget.seconds - (self._elapsed() - self._began), 0.0)

    @property
    def turns_left(self) -> int:
        left = self.budget.turns - self._calls - self._kept_turns
        return left if self._most_calls is None else min(left, self._most_calls - self._calls)

    @contextmanager
    def reserving(self, turns: int, tokens: int, most: int) -> Iterator[None]:
        """Keeps turns and tokens back for what comes after the block, which may make `most` calls."""
        self._kept_turns, self._kept_tokens = turns, min(tokens, self.budget.tokens // 2)
        self._most_calls = self._calls + most
        try:
            yield
        finally:
            self._kept_turns = self._kept_tokens = 0
            self._most_calls = None

    def allow(self, tokens_in: int, tokens_out: int) -> None:
        """Raises OverBudget unless a call of about that size still fits."""
        if self.turns_left <= 0:
            raise OverBudget(f"its {self.budget.turns} turns are used up")
        if self.seconds_left <= 0:
            raise OverBudget(f"its {self.budget.seconds:g} seconds are used up")
        if self._in + self._out + tokens_in + tokens_out > self.budget.tokens - self._kept_tokens:
            raise OverBudget(f"its {self.budget.tokens} tokens do not suffice for another call")
        limit = self.budget.money
        if limit is not None and self._cost(self._in + tokens_in, self._out + tokens_out) > limit:
            raise OverBudget(f"another call would cost more than the {limit:g} allowed")

    def charge(self, tokens_in: int, tokens_out: int) -> None:
        self._calls += 1
        self._in += tokens_in
        self._out += tokens_out

    def _cost(self, tokens_in: int, tokens_out: int) -> float:
        price = self._price or Price(million_in=0.0, million_out=0.0)
        return (tokens_in * price.million_in + tokens_out * price.million_out) / 1e6
