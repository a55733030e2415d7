"""A runbook's plan template becomes a plan for a fault that has no playbook of its own, through the same gate; a bad one never does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from steersman.citing import cited
from steersman.diagnose import examine
from steersman.diagnose.analyzers import ANALYZERS
from steersman.gate import Actor, Facts, judge, load
from steersman.plan import plans
from steersman.plan.book import BOOK
from steersman.remedy import Plan
from steersman.types import Cause, Diagnosis
from steersman_tools.knowledge.handbook import Handbook
from steersman_tools.types import Ref
from steersman_tools.world.inside import reader
from steersman_tools.world.stage import healthy

DEPLOYMENT = Ref("books", "Deployment", "catalogue")
RUNBOOK = """---
id: calm-the-storm
title: Ease a retry storm
risk: low
updated: 2026-11-01
faults: [retry-storm]
{more}
plan:
  - do: {do}
    why: more copies take the edge off {{name}}
    {arguments}
---
# Ease a retry storm

## Remedy
1. Add copies until the clients calm down.
"""


def _cause(**changed: object) -> Cause:
    told = {
        "rank": 1,
        "fault": "retry-storm",
        "entity": DEPLOYMENT,
        "observed": "8x",
        "expected": "1x",
        "field": "spec.replicas",
    }
    return Cause.model_validate({**told, "confidence": 0.9, "summary": "retries multiply the load", **changed})


async def _plans(folder: Path, cause: Cause) -> tuple[Plan, ...]:
    snapshot = await reader(healthy()).snapshot(None)
    return plans(cause, examine(snapshot, ANALYZERS).scene, handbook=Handbook([folder]))


def _book(folder: Path, do: str = "Scale", arguments: str = "replicas: 4", more: str = "") -> Path:
    (folder / "storm.md").write_text(RUNBOOK.format(do=do, arguments=arguments, more=more))
    return folder


async def test_a_template_plans_where_there_is_no_playbook(tmp_path: Path) -> None:
    """The step is typed, shows its effect on the live object, cites the runbook, and policy asks about it like about any other."""
    assert "retry-storm" not in BOOK
    (plan,) = await _plans(_book(tmp_path), _cause())
    (step,) = plan.steps
    assert (plan.name, step.action.do, step.action.target) == ("runbook:calm-the-storm", "Scale", DEPLOYMENT)
    assert step.why == "more copies take the edge off catalogue"
    assert [change.path for change in step.changes] == ["spec.replicas"]
    assert step.runbook == "storm.md#remedy"
    facts = Facts(actor=Actor(id="tester"), now=datetime(2026, 11, 21, tzinfo=UTC), confidence=0.9)
    assert [v.effect for v in judge(plan, load(), facts)] != ["allow"]


@pytest.mark.parametrize(
    ("do", "arguments", "more"),
    [
        ("Explode", "replicas: 4", ""),
        ("Scale", "replicas: many", ""),
        ("Scale", "replicas: 4\n    why2: '{whom}'", ""),
        ("Cordon", "target: '{entity}'", ""),
        ("Scale", "replicas: 4", "kinds: [StatefulSet]"),
    ],
)
async def test_a_template_that_does_not_fit_is_left_out(tmp_path: Path, do: str, arguments: str, more: str) -> None:
    """Unknown actions, wrong arguments, the wrong kind of object, and what the evidence contradicts give no plan."""
    assert await _plans(_book(tmp_path, do, arguments, more), _cause()) == ()


def test_a_runbook_that_the_evidence_contradicts_is_shown_as_such(tmp_path: Path) -> None:
    """It is still cited, with its age, and with why it is not to be followed."""
    book = Handbook([_book(tmp_path, "PatchField", "fields: [{path: '{field}', value: 9}]")])
    (cause,) = cited(Diagnosis(causes=(_cause(field="spec.x", observed="9", expected="3"),)), book).causes
    words = cause.runbooks[0].citation.words(date(2026, 11, 21))
    assert words.startswith("storm.md#remedy (updated 2026-11-01, 20 days ago; contradicted: it sets spec.x to 9")
