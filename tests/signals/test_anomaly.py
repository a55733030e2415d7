"""Detection: since when, how sure, and nothing learnt from the future."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.signals.anomaly import THRESHOLD, Mark, anomalies
from steersman.signals.grid import Grid
from steersman.signals.surprise import surprise
from steersman_evals.simulated import load


def calm(seed: int = 0, days: float = 3) -> np.ndarray:
    """Noise around ten, a point every five minutes."""
    return 10 + np.random.default_rng(seed).normal(size=round(days * 288))


def grid(values: np.ndarray, step: float = 300.0) -> Grid:
    return Grid(0.0, step, values)


@given(st.integers(0, 10**6), st.floats(0.001, 1000), st.floats(-100, 100))
@settings(deadline=None, max_examples=25)
def test_units_do_not_matter(seed: int, scale: float, shift: float) -> None:
    """The score of a series in other units is the same, point by point."""
    made = calm(seed)
    made[500:510] += 12

    assert np.allclose(surprise(grid(made)).score, surprise(grid((made + shift) * scale)).score, rtol=1e-3, atol=1e-3)


@given(st.integers(0, 10**6), st.integers(900, 1700))
@settings(deadline=None, max_examples=25)
def test_no_point_is_judged_by_what_came_later(seed: int, cut: int) -> None:
    """Cutting a series off changes nothing before the cut: what is measured off-line is what is had on-line."""
    made = calm(seed, 6)
    whole, part = surprise(grid(made)), surprise(grid(made[:cut]))

    assert np.allclose(whole.score[:cut], part.score)
    assert np.allclose(whole.expected[:cut], part.expected, equal_nan=True)


def test_a_step_is_a_shift_that_lasts_and_begins_where_it_began() -> None:
    """A new level is reported once, from its first point on, as lasting."""
    made = calm()
    made[700:] += 15

    (found,) = [each for each in anomalies(grid(made)) if each.score > 2]

    assert (found.shape, found.direction, found.since, found.until) == ("shift", "up", 700 * 300.0, None)
    assert found.confidence > 0.6


def test_a_spike_is_over_when_it_is_over() -> None:
    """One point is a spike with a beginning and an end."""
    made = calm()
    made[650] -= 30

    (found,) = [each for each in anomalies(grid(made)) if each.score > 2]

    assert (found.shape, found.direction, found.since, found.until) == ("spike", "down", 650 * 300.0, 650 * 300.0)


def test_a_daily_rise_is_no_anomaly() -> None:
    """Three weeks of daily load raise hardly an alarm after the first days, though each day goes from low to high."""
    made = load(np.random.default_rng(4), 21)[::5]
    found = [each for each in anomalies(grid(made)) if each.since > 4 * 86400]

    assert len(found) <= 5


def test_a_few_events_more_are_chance() -> None:
    """A counter of rare events is not judged by its last event."""
    made = np.zeros(2000)
    made[::190] = 1

    assert anomalies(grid(made)) == ()
    made[1500] = 40
    assert [each.since for each in anomalies(grid(made))] == [1500 * 300.0]


def test_a_series_that_stops_is_a_silence() -> None:
    """Scrapes that no longer come are reported with the moment since when; a late one is not."""
    made = calm()
    stopped = np.concatenate([made, np.full(12, np.nan)])

    assert [(each.shape, each.since, each.until) for each in anomalies(grid(stopped))][-1] == (
        "silence",
        864 * 300.0,
        None,
    )
    assert not [each for each in anomalies(grid(np.concatenate([made, np.full(2, np.nan)]))) if each.shape == "silence"]


def test_holes_are_neither_alarms_nor_calm() -> None:
    """Missing points have no score, and the points after them are judged as before."""
    made = calm()
    made[400:430] = np.nan
    scores = surprise(grid(made)).score

    assert not scores[400:430].any()
    assert np.abs(scores[430:]).max() < 2 * THRESHOLD


@pytest.mark.parametrize(("before", "named"), [(60.0, "named"), (-60.0, "named"), (3600.0, "not"), (-3600.0, "not")])
def test_a_change_at_that_moment_is_named(before: float, named: str) -> None:
    """A rollout within minutes of the beginning is named with it, one an hour away is not."""
    made = calm()
    made[700:] += 15
    mark = Mark(kind="rollout", name="shop/Deployment/cart", at=700 * 300.0 - before)

    found = next(each for each in anomalies(grid(made), [mark]) if each.score > 2)

    assert (mark in found.marks) is (named == "named")


def test_too_short_a_past_says_nothing() -> None:
    """Without a past nothing is unusual, and nothing is claimed."""
    assert anomalies(grid(np.array([1.0, 2.0, 300.0]))) == ()
