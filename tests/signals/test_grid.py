"""Series as they come: late, twice, with holes, with counters that begin anew."""

import numpy as np
import pytest
from scipy.signal import lfilter

from steersman.signals.grid import filled, rate, regular, resets
from steersman.signals.smooth import remembered
from steersman_tools.metrics import Series


def test_a_gap_is_nan_and_never_zero() -> None:
    """Points that were not seen are missing on the grid, and what was seen stays where it was."""
    grid = regular(Series(times=[0, 60, 240], values=[1.0, 2.0, 3.0]), step=60)
    assert np.isnan(grid.values[2:4]).all()
    assert grid.values[[0, 1, 4]].tolist() == [1, 2, 3]


def test_drifting_scrapes_keep_their_slots() -> None:
    """A scrape that comes a little late is that slot's point, not a hole."""
    grid = regular(Series(times=[0.0, 60.4, 119.8, 180.3], values=[1.0, 2.0, 3.0, 4.0]))

    assert np.isfinite(grid.values).all()
    assert len(grid.values) == 4


def test_a_series_that_stopped_shows_it() -> None:
    """With the present moment given, the grid reaches to it."""
    grid = regular(Series(times=[0, 60, 120], values=[1.0, 1.0, 1.0]), until=600)

    assert len(grid.values) == 11
    assert np.isnan(grid.values[3:]).all()


def test_a_counter_that_restarts_never_gives_a_negative_rate() -> None:
    """After a restart the increase is what was counted since."""
    grid = regular(Series(times=[0, 10, 20, 30, 40], values=[100.0, 200.0, 50.0, 150.0, 250.0]))

    assert rate(grid).values.tolist() == [10.0, 5.0, 10.0, 10.0]
    assert resets(grid.values).tolist() == [2]


@pytest.mark.parametrize("values", [[], [float("nan")] * 3])
def test_nothing_known_is_filled_with_nothing(values: list[float]) -> None:
    """Filling invents no level where none was seen."""
    assert filled(np.array(values, float)).tolist() == [0.0] * len(values)


def test_what_is_remembered_is_what_a_first_order_filter_remembers() -> None:
    """The recursion in stretches is scipy's lfilter, to the last digits, for short and long memories and several rows."""
    values = np.random.default_rng(0).normal(size=(3, 1001))

    for keep in (0.0, 0.5, 0.97, 0.9999):
        assert np.allclose(remembered(values, keep), lfilter([1.0], [1.0, -keep], values, axis=1), atol=1e-9)
