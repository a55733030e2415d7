"""The starter library keeps its own rules, has a runbook for every fault, and lint finds what it says it finds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from steersman.faults import FAULTS
from steersman.interfaces.cli import COMMANDS
from steersman_tools.knowledge.front import card
from steersman_tools.knowledge.handbook import Handbook
from steersman_tools.knowledge.lint import lint
from steersman_tools.knowledge.sources import documents, starter

TODAY = date(2027, 1, 1)
OWN = set(COMMANDS)

GOOD = """---
title: The till does not open
risk: low
updated: 2026-11-20
---
# The till does not open

## Symptoms
It is closed.

## Confirm
```sh
kubectl get pods -n shop | grep till
```

## Remedy
Open it, see [undo](#undo).

## Undo
Close it.

## Source
The manual.
"""


def test_the_starter_library_passes_its_own_lint() -> None:
    """No dead link, no command that does not parse, no missing section in what ships."""
    assert lint(documents([starter()]), FAULTS, OWN, TODAY) == []


def test_every_fault_has_a_runbook() -> None:
    """Each name of the closed list, GPU and quantum among them, is in the front matter of at least one of 60 and more."""
    cards = [card(document.text, document.file, document.root) for document in documents([starter()])]
    assert len(cards) >= 60
    wrong = {str(fault) for fault in FAULTS if fault.group != "request"}  # a wish is no fault: nothing is to be mended
    assert wrong <= {fault for each in cards for fault in each.faults}


def test_the_runbook_of_a_fault_is_cited_by_file_and_heading() -> None:
    """A fault leads to the remedy's heading, and the user's own runbook stands before the starter's."""
    guide = Handbook([starter()]).of("service-port-mismatch")[0]
    assert guide.quote.citation.place == "service-port-mismatch.md#remedy"
    assert guide.quote.text
    assert "days ago" in guide.quote.citation.words(TODAY)


def test_own_runbooks_come_first(tmp_path: Path) -> None:
    """What a team has written is quoted before the starter library."""
    (tmp_path / "ours.md").write_text(GOOD.replace("risk: low", "risk: low\nfaults: [oom-killed]"))
    found = Handbook([starter(), tmp_path]).of("oom-killed")
    assert [guide.card.file for guide in found][:2] == ["ours.md", "oom-killed.md"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("## Undo\nClose it.\n", "", "there is no section 'Undo'"),
        ("#undo", "#undone", "there is no such heading"),
        ("#undo", "other.md", "there is no such file"),
        ("| grep till", "| | grep", "do not parse"),
        ("kubectl get", "kubectl gte", "kubectl has no command 'gte'"),
        ("risk: low", "risk: tiny", "risk 'tiny'"),
        ("risk: low", "risk: low\nfaults: [till-shut]", "there is no fault 'till-shut'"),
        ("risk: low", "risk: low\nplan:\n  - do: Explode", "there is no action 'Explode'"),
        ("risk: low", "risk: low\nplan:\n  - {do: Scale, replicas: 1, speed: 2}", "Scale has no 'speed'"),
        ("risk: low", "risk: low\nplan:\n  - {do: Scale}", "Scale needs 'replicas'"),
        ("risk: low", "risk: low\nplan:\n  - {do: Cordon, why: '{whom}'}", "no placeholder {whom}"),
        ("risk: low", "risk: [", "not valid YAML"),
        ("2026-11-20", "2099-01-01", "lies in the future"),
        ("Open it, see [undo](#undo).", "", "is empty"),
    ],
)
def test_lint_finds(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Each kind of mistake is named, by file and line; without it nothing is."""
    (tmp_path / "till.md").write_text(GOOD)
    assert lint(documents([tmp_path]), FAULTS, OWN, TODAY) == []
    (tmp_path / "till.md").write_text(GOOD.replace(old, new))
    found = lint(documents([tmp_path]), FAULTS, OWN, TODAY)
    assert [p for p in found if says in p.text and p.file == "till.md"], found
