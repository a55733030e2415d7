"""The engine names every root cause that the development data lacks, in transcripts written from knowledge."""

from __future__ import annotations

import pytest

from steersman.diagnose import examine
from steersman.types import Diagnosis, Look
from steersman_evals.opsbench.answers import labels, predictions
from steersman_tools.bundle.reader import log_of, snapshot_of
from steersman_tools.bundle.text.transcript import read_transcript

from .incidents import INCIDENTS as UNSEEN
from .kubectl import Shop
from .others import OTHERS
from .test_measured import CASES as MEASURED

INCIDENTS = {**UNSEEN, **OTHERS}

ROUNDS = 3


def diagnose(shop: Shop) -> Diagnosis:
    """What the engine says of what was pasted."""
    found = read_transcript(shop.pairs())
    snapshot = snapshot_of(found, None, "test")
    examination = examine(snapshot)
    for _ in range(ROUNDS):
        snapshot = snapshot.with_logs(log_of(found, x.log) for x in examination.looks if isinstance(x, Look))
        examination = examine(snapshot)
    return examination.conclude()


def test_the_shop_is_well() -> None:
    """Nothing is wrong with the shop that the incidents are made of, and nothing of it is misread."""
    diagnosis = diagnose(Shop())
    assert diagnosis.healthy
    assert not [gap for gap in diagnosis.not_checked if gap.why == "the pasted text does not tell"]


@pytest.mark.parametrize(
    ("cause", "number"), [(cause, number) for cause, those in INCIDENTS.items() for number in range(len(those))]
)
def test_the_first_answer_is_right(cause: str, number: int) -> None:
    """Cause, thing and taxonomy, at the first place."""
    entity, shop = INCIDENTS[cause][number]
    first = predictions(diagnose(shop))[:1]
    assert [(p.taxonomy, p.entity, p.cause) for p in first] == [(labels()[cause].taxonomy, entity, cause)]


def test_every_root_cause_has_an_incident() -> None:
    """None of the benchmark's names is left to chance: those that only measures show stand in test_measured."""
    assert set(labels()) == {*INCIDENTS, *(cause for _, _, cause in MEASURED)}
