"""Forecasts: finite, ordered, indifferent to units, and as wide as they are wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steersman.signals.forecast import forecast, forecast_grid
from steersman.signals.grid import Grid
from steersman_evals.simulated import load
from steersman_tools.metrics import Series

values = arrays(float, st.integers(1, 300), elements=st.floats(-1e6, 1e6, allow_nan=False))


@given(values, st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_every_series_with_a_point_has_a_finite_and_ordered_forecast(values: np.ndarray, ahead: int) -> None:
    """Whatever the series: as many points as asked for, all finite, lower ≤ middle ≤ upper."""
    said = forecast_grid(Grid(0.0, 60.0, values), ahead * 60.0)

    assert len(said.middle) == len(said.lower) == len(said.upper) == ahead
    assert np.isfinite([said.middle, said.lower, said.upper]).all()
    assert all(low <= middle <= high for low, middle, high in zip(said.lower, said.middle, said.upper, strict=True))


@given(st.integers(0, 2**31), st.floats(0.01, 1000), st.floats(-1000, 1000))
@settings(deadline=None, max_examples=20)
def test_units_do_not_matter(seed: int, scale: float, shift: float) -> None:
    """A series in other units has the same forecast in those units."""
    made = load(np.random.default_rng(seed), 1) - 10.0
    one = forecast_grid(Grid(0.0, 300.0, made), 1800.0)
    other = forecast_grid(Grid(0.0, 300.0, made * scale - abs(shift) * scale), 1800.0)

    assert np.allclose(np.array(one.middle) * scale - abs(shift) * scale, other.middle, rtol=1e-5, atol=1e-6 * scale)


def test_what_was_never_negative_is_not_forecast_negative() -> None:
    """Counts and sizes stay at or above zero, the interval too."""
    falling = np.maximum(0, np.linspace(10, 0.1, 100))

    assert min(forecast_grid(Grid(0.0, 60.0, falling), 3600.0).lower) >= 0


def test_a_daily_shape_is_found_where_there_is_one() -> None:
    """Three days of a clean daily wave: a season carries the most weight and beats the last value clearly."""
    at = np.arange(3 * 288)
    wave = np.sin(2 * np.pi * at / 288) + np.random.default_rng(1).normal(size=len(at)) * 0.05

    said = forecast_grid(Grid(0.0, 300.0, wave), 7200.0)

    assert "season" in said.model
    assert said.skill < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_holds_about_as_often_as_it_says(seed: int) -> None:
    """On simulated load the 80 % interval covers roughly 80 % (the exact figure is the suite's)."""
    made = load(np.random.default_rng(seed), 7)
    inside = []
    for origin in range(4320, len(made) - 30, 97):
        said = forecast_grid(Grid(0.0, 60.0, made[origin - 4320 : origin]), 1800.0)
        truth = made[origin : origin + 30]
        inside.append(((truth >= said.lower) & (truth <= said.upper)).mean())

    assert 0.7 <= float(np.mean(inside)) <= 0.9


def test_no_point_is_an_error_that_says_so() -> None:
    """Nothing is not forecast as zero."""
    with pytest.raises(ValueError, match="no forecast"):
        forecast(Series(), 600.0)
