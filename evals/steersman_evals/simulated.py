"""Simulated series for early warning: made up, but with what real ones have: daily rise and fall, noise that hangs together, garbage
collection, clean-ups, restarts. One point a minute; values are shares of a limit of 1."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

DAY = 1440


def noise(generator: np.random.Generator, count: int, size: float, memory: float = 0.9) -> np.ndarray:
    """Noise with a memory of about 1 / (1 - memory) points."""
    white = generator.normal(size=count) * size * np.sqrt(1 - memory**2)
    return np.asarray(lfilter([1.0], [1.0, -memory], white))


def load(generator: np.random.Generator, days: float, low: float = 0.2, high: float = 0.6) -> np.ndarray:
    """A service's processor use over the day, no day quite like the other."""
    at = np.arange(round(days * DAY))
    wave = (1 - np.cos(2 * np.pi * (at / DAY - generator.uniform(0, 1)))) / 2
    days_differ = np.repeat(generator.normal(1, 0.06, size=int(days) + 2), DAY)[: len(at)]
    days_differ = np.convolve(np.pad(days_differ, 120, mode="edge"), np.ones(241) / 241, "valid")
    return np.asarray(np.clip((low + (high - low) * wave) * days_differ + noise(generator, len(at), 0.02), 0.01, None))


def memory(generator: np.random.Generator, days: float) -> np.ndarray:
    """A heap: garbage collection saws at it, the load moves it a little, a release restarts it now and then."""
    at = np.arange(round(days * DAY))
    period = int(generator.integers(20, 90))
    saw = 0.12 * ((at + generator.integers(0, period)) % period) / period
    base = 0.35 + 0.1 * (load(generator, days)[: len(at)] - 0.4) + noise(generator, len(at), 0.015, 0.98)
    for start in generator.integers(0, len(at), size=int(days / 3)):
        warm = np.arange(min(180, len(at) - start))
        base[start : start + len(warm)] -= 0.2 * np.exp(-warm / 40)
    return np.asarray(base + saw)


def disk(generator: np.random.Generator, days: float) -> np.ndarray:
    """A log volume: it fills by some percent a day and is cleaned at night."""
    at = np.arange(round(days * DAY))
    daily = generator.uniform(0.02, 0.15)
    phase = int(generator.integers(0, DAY))
    return np.asarray(0.4 + daily * ((at + phase) % DAY) / DAY + noise(generator, len(at), 0.002))


def growing(generator: np.random.Generator, healthy: np.ndarray, begin: int, minutes: float) -> np.ndarray:
    """The same, with a growth from `begin` on that reaches the limit after so many minutes; it ends there."""
    grown = healthy.copy()
    rise = (1 - healthy[begin]) / minutes
    grown[begin:] += rise * np.arange(len(healthy) - begin)
    over = np.flatnonzero(grown >= 1)
    return grown[: int(over[0]) + 1] if len(over) else grown
