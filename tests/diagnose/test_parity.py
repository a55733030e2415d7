"""The documentation names only faults and rules that exist."""

from __future__ import annotations

import re
from pathlib import Path

from steersman.extensions.load import PACKS
from steersman.extensions.rules import read
from steersman.faults import FAULTS

DOCS = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text()


def test_every_fault_in_the_table_of_parity_exists() -> None:
    """What the table promises is a fault of the closed list, or a rule of the hygiene pack; and all of the pack stands in it."""
    table = DOCS[DOCS.index("## What is found") : DOCS.index("## How a cause")]
    named = {n for line in table.splitlines() if line.startswith("|") for n in re.findall(r"`([a-z0-9-]+)`", line)}
    rules = {rule.fault for rule in read(PACKS / "hygiene.yaml")}
    assert named - rules <= {str(fault) for fault in FAULTS}
    assert rules <= named
