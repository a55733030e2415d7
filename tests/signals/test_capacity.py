"""When something runs out: in time, and not every evening."""

import numpy as np
import pytest

from steersman.signals.capacity import certificate, exhaustion
from steersman.signals.grid import Grid
from steersman_evals.simulated import DAY, disk, growing, load, memory

HORIZON = 7200.0
MAKERS = {"memory": memory, "load": load, "disk": disk}


def warned(values: np.ndarray, at: int) -> bool:
    """Whether, knowing the two days before, a limit of 1 within two hours is announced."""
    ends = exhaustion(Grid(0.0, 60.0, values[max(0, at - 2 * DAY) : at]), 1.0, HORIZON)
    return ends.at is not None and ends.latest is not None and ends.basis != "forecast"


def test_a_straight_growth_is_dated_with_an_interval_around_it() -> None:
    """A leak of a known rate reaches its limit when arithmetic says so, and the interval holds that moment."""
    values = 0.5 + 0.0025 * np.arange(120) + np.random.default_rng(0).normal(size=120) * 0.004

    ends = exhaustion(Grid(0.0, 60.0, values), 1.0, HORIZON)
    truth = 60.0 * 200

    assert ends.basis == "growth"
    assert ends.at == pytest.approx(truth, abs=300)
    assert ends.earliest is not None
    assert ends.latest is not None
    assert ends.earliest <= truth <= ends.latest


def test_what_is_reached_is_said_at_once() -> None:
    """At the limit there is nothing to forecast."""
    assert exhaustion(Grid(0.0, 60.0, np.full(50, 1.2)), 1.0, HORIZON).basis == "reached"


def test_a_level_does_not_run_out() -> None:
    """Noise around a level has no end in sight."""
    values = 0.5 + np.random.default_rng(0).normal(size=300) * 0.05

    assert exhaustion(Grid(0.0, 60.0, values), 1.0, HORIZON).at is None


def test_a_restart_begins_a_new_growth() -> None:
    """What was before a restart says nothing about the growth since."""
    leak = 0.2 + 0.004 * np.arange(150)
    values = np.concatenate([leak, leak[:100]])

    ends = exhaustion(Grid(0.0, 60.0, values), 1.0, HORIZON)

    assert ends.at == pytest.approx(60.0 * (249 + 100), abs=400)


def test_a_certificate_ends_when_it_says() -> None:
    """Its end is known, so there is no interval."""
    assert certificate(1000.0, 0.0, HORIZON).at == 1000.0
    assert certificate(1e6, 0.0, HORIZON).at is None
    assert certificate(1.0, 2.0, HORIZON).basis == "reached"


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("seed", range(4))
def test_growth_is_announced_twenty_minutes_ahead(kind: str, seed: int) -> None:
    """Simulated: a leak, a filling disk and a rising load that take two to eight hours are announced at least 20 minutes before."""
    generator = np.random.default_rng([seed, 7])
    begin = int(generator.integers(2 * DAY + 300, 3 * DAY))
    values = growing(generator, MAKERS[kind](generator, 4), begin, float(generator.uniform(120, 480)))

    first = next(at for at in range(begin, len(values) + 1, 10) if at == len(values) or warned(values, at))

    assert len(values) - first >= 20


def test_a_healthy_week_has_no_more_than_one_false_warning() -> None:
    """Simulated: a memory, a load and a disk, each over a week with two days before it, asked every twenty minutes."""
    false = 0
    for name, make in MAKERS.items():
        values = make(np.random.default_rng(len(name)), 9)
        false += sum(warned(values, at) for at in range(2 * DAY, 9 * DAY, 20))

    assert false <= 1
