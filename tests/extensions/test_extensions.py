"""What teams add takes part in the diagnosis, and what is wrong with it never ends one."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from steersman.diagnose import Examination, examine
from steersman.diagnose.analyzers import ANALYZERS
from steersman.extensions import Finding, Own, Scene, analyzer
from steersman.extensions.load import added, load_point
from steersman.extensions.rules import BadRules, read
from steersman.gather import Sources
from steersman.session import Session
from steersman.types import Diagnosed, Output, Request
from steersman_tools.testing import FakeReader, Stage
from steersman_tools.types import Unreachable

from ..diagnose.helpers import shop

DOCS = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text()


def documented(name: str) -> str:
    """The example of that name in the documentation."""
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", DOCS, re.S)
    assert found
    return found[1]


def judged(stage: Stage, folder: Path | None = None, *own: Own) -> Examination:
    return examine(stage.snapshot(), (*ANALYZERS, *(added(folder) if folder else ()), *own))


def test_the_documented_rule_finds_what_it_says(tmp_path: Path) -> None:
    """The example rule of the docs names the workload, its value, and only that one."""
    (tmp_path / "rules.yaml").write_text(documented("rules.yaml"))
    stage = shop()
    stage.deployment("cart", image="registry.example/cart:latest")
    stage.service("cart")
    causes = judged(stage, tmp_path).conclude().causes
    assert [(c.fault, str(c.entity), c.observed) for c in causes] == [
        ("x-image-without-version", "shop/Deployment/cart", "registry.example/cart:latest")
    ]
    assert "cart runs an image" in causes[0].summary
    assert causes[0].cites


def test_the_documented_analyzer_finds_what_it_says() -> None:
    """The example function of the docs is an entry point that works."""
    module = types.ModuleType("our_checks")
    sys.modules["our_checks"] = module
    exec(compile(documented("analyzer.py"), "analyzer.py", "exec"), module.__dict__)
    stage = shop()
    for name in ("a", "b", "c"):
        stage.deployment(name, env={"CART_ADDR": "cart:8080"})
    stage.deployment("cart", replicas=1)
    stage.service("cart")
    for value in ("our_checks:single_replica", "our_checks"):
        own = tuple(load_point(EntryPoint("single-replica", value, "steersman.analyzers")))
        causes = examine(stage.snapshot(), (*ANALYZERS, *own)).conclude().causes
        assert [(c.fault, str(c.entity)) for c in causes] == [("x-single-point", "shop/Deployment/cart")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rules: [", "not valid YAML"),
        ("rules: []", "at least 1 item"),
        ("- a", "valid dictionary"),
        ("rules: [{fault: oom-killed, kinds: [Pod], when: 'true', expected: e, summary: s}]", "fault"),
        ("rules: [{fault: x-a, kinds: [Potato], when: 'true', expected: e, summary: s}]", "'Potato'"),
        ("rules: [{fault: x-a, kinds: [Pod], when: 'object.', expected: e, summary: s}]", "no valid CEL"),
        ("rules: [{fault: x-a, kinds: [Pod], when: 'nobody.x', expected: e, summary: s}]", "nobody"),
        ("rules: [{fault: x-a, kinds: [Pod], when: 'true', expected: e, summary: '{secret}'}]", "{kind}"),
        ("rules: [{fault: x-a, kinds: [Pod], when: 'true', expected: e, summary: s, examples: [{object: {}, holds: false}]}]", "example 1"),
        ("rules: [{fault: x-a, kinds: [Pod], when: 'object.a', expected: e, summary: s, examples: [{object: {a: 3}, holds: true}]}]", "true or false"),
    ],
)  # fmt: skip
def test_a_broken_file_says_why_and_stops_nothing(tmp_path: Path, text: str, why: str) -> None:
    """A file of rules with any mistake is one line of what was not checked; everything else is judged as ever."""
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(BadRules, match=re.escape(why)):
        read(file)
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", selector={"app": "kart"})
    answer = judged(stage, tmp_path).conclude()
    assert [c.fault for c in answer.causes] == ["service-selector-mismatch"]
    assert [gap.what for gap in answer.not_checked if "broken.yaml" in gap.what]


def test_a_rule_that_cannot_be_judged_is_not_checked(tmp_path: Path) -> None:
    """An expression over a field that objects lack is said once, with how many objects it concerns."""
    (tmp_path / "r.yaml").write_text(
        "rules: [{fault: x-a, kinds: [Deployment], when: object.spec.nothing == 3, expected: e, summary: s}]"
    )
    gaps = judged(shop(), tmp_path).conclude().not_checked
    assert [g.what for g in gaps if g.what.startswith("rule")] == ["rule x-a on 1 objects"]
    assert any("has()" in g.why for g in gaps)


def test_pods_and_events_can_be_asked(tmp_path: Path) -> None:
    """A rule may speak of a workload's pods and of the events about an object."""
    (tmp_path / "r.yaml").write_text(
        "rules:\n"
        "- {fault: x-pods, kinds: [Deployment], when: 'pods.size() == 1 && has(pods[0].status)', expected: e, summary: s}\n"
        "- {fault: x-events, kinds: [Deployment], when: 'events.exists(e, e.reason == \"Odd\")', expected: e, summary: s}\n"
    )
    stage = shop()
    stage.event("Deployment/frontend", "Odd", "something")
    assert {c.fault for c in judged(stage, tmp_path).conclude().causes} >= {"x-events"}


def test_an_analyzer_that_fails_is_not_checked() -> None:
    """Whatever a stranger's function raises, the answer of the others stands."""

    @analyzer
    def bad(scene: Scene) -> Iterator[Output]:
        raise RuntimeError("boom")

    @analyzer
    def wrong_name(scene: Scene) -> Iterator[Output]:
        yield Finding(
            fault="unheard-of", entity=next(iter(scene.workloads)), observed="", expected="", summary="", certainty=1
        )

    answer = judged(shop(), None, bad, wrong_name).conclude()
    assert not answer.causes
    assert ["boom" in gap.why or "unheard-of" in gap.why for gap in answer.not_checked] == [True, True]


def test_an_entry_point_that_does_not_load_is_not_checked() -> None:
    """A missing module, and a thing that is no analyzer, are lines that say so."""
    for value in ("no_such_module:f", "json:dumps", "json"):
        loaded = tuple(load_point(EntryPoint("x", value, "steersman.analyzers")))
        gaps = [output for each in loaded for output in each(Scene(shop().snapshot()))]
        assert [gap.what for gap in gaps if hasattr(gap, "what")] == ["analyzer x"]


def test_a_named_folder_must_exist(tmp_path: Path) -> None:
    """A wrong --rules is wrong usage, not silence."""
    with pytest.raises(Unreachable, match="There is no folder"):
        added(tmp_path / "nowhere")


async def test_sessions_judge_with_them(tmp_path: Path) -> None:
    """What is added takes part in a whole session."""
    (tmp_path / "rules.yaml").write_text(documented("rules.yaml"))
    stage = shop()
    stage.deployment("cart", image="registry.example/cart:latest")
    stage.service("cart")
    sources = Sources(FakeReader(stage.snapshot()), analyzers=added(tmp_path))
    events = [entry.event async for entry in Session(sources).start(Request())]
    answer = next(event for event in events if isinstance(event, Diagnosed))
    assert [c.fault for c in answer.diagnosis.causes] == ["x-image-without-version"]
