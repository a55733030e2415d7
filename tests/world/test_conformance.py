"""The embedded world answers as a real control plane does: the same checks run against both.

`differences.yaml` lists where they may differ, with the reason; a listed difference that is none any more fails too.
`recorded.json` holds the real answers as last seen, so that the world is judged even where the lab is not at hand.
Record anew: `STEERSMAN_RECORD=1 pytest tests/world/test_conformance.py -m lab`.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import Future
from pathlib import Path

import pytest
import yaml

from .checks import CHECKS, Seen, defaults, reads, refusals, workloads, writes
from .conftest import look
from .servers import Embedded

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"
DIFFERENCES: dict[str, str] = yaml.safe_load((HERE / "differences.yaml").read_text()) or {}
AREAS = (defaults, reads, refusals, workloads, writes)
NAMES = sorted(CHECKS)


def recorded() -> dict[str, Seen]:
    found: dict[str, Seen] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    return found


def test_there_are_enough_checks() -> None:
    """At least 150 checks, and at most 2 % of them may differ."""
    assert len(CHECKS) >= 150
    assert len(DIFFERENCES) <= 0.02 * len(CHECKS)
    assert not DIFFERENCES.keys() - CHECKS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_world(name: str, embedded: Embedded) -> None:
    """The world gives the answer that the real control plane gave, unless the difference is listed."""
    seen, real = look(embedded, name, f"c{NAMES.index(name)}"), recorded()[name]
    if name in DIFFERENCES:
        assert seen != real, "this difference is listed and is none any more: take it out of differences.yaml"
    else:
        assert seen == real


@pytest.mark.lab
@pytest.mark.parametrize("name", NAMES)
def test_real(name: str, lab: dict[str, Future[Seen]]) -> None:
    """The recorded answers are those of the real control plane."""
    seen = lab[name].result(timeout=180)
    if os.environ.get("STEERSMAN_RECORD"):
        RECORDED.write_text(json.dumps(recorded() | {name: seen}, indent=1, sort_keys=True) + "\n")
    assert seen == recorded()[name]
