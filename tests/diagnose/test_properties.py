"""What holds of every diagnosis, whatever the cluster looks like."""

from __future__ import annotations

import copy
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.diagnose import examine
from steersman.diagnose.analyzers import ANALYZERS
from steersman.diagnose.rank import conclude
from steersman.diagnose.scene import Scene
from steersman_tools.fields import Fields
from steersman_tools.testing import Stage
from steersman_tools.types import Json

from .helpers import crashing, shop

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3),
    max_leaves=6,
)


def busy() -> Stage:
    """A stage on which nearly every analyzer has something to say."""
    stage = shop()
    stage.service("cart", target=9999)
    pod = stage.deployment(
        "cart",
        state=crashing(),
        ready=1,
        env={"REDIS_ADDR": "redis:6379"},
        before={"image": "old"},
        container={
            "envFrom": [{"configMapRef": {"name": "gone"}}],
            "readinessProbe": {"httpGet": {"port": 1}},
            "livenessProbe": {"tcpSocket": {"port": 2}},
        },
    )[0]
    stage.log(pod, "panic: x", previous=True)
    stage.deployment(
        "redis",
        replicas=1,
        ready=0,
        node="",
        state={},
        spec={
            "nodeSelector": {"a": "b"},
            "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "d"}}],
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "z", "labelSelector": {}}]
                }
            },
        },
    )
    stage.add(
        "{kind: PersistentVolumeClaim, metadata: {name: d}, spec: {storageClassName: x, selector: {matchLabels: {a: b}}}, status: {phase: Pending}}"
    )
    stage.add("{kind: PersistentVolume, metadata: {name: v}, spec: {storageClassName: x, capacity: {storage: 1Gi}}}")
    stage.add(
        "{kind: NetworkPolicy, metadata: {name: lock}, spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 1}]}]}}"
    )
    stage.add(
        "{kind: Ingress, metadata: {name: in}, spec: {rules: [{http: {paths: [{backend: {service: {name: cart}}}]}}]}}"
    )
    stage.event(f"Pod/{pod['metadata']['name']}", "Unhealthy", "Readiness probe failed: connection refused")
    stage.event("Pod/redis-rs1-0", "FailedScheduling", "0/2 nodes")
    return stage


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10_000), value=JSON)
def test_no_object_can_break_an_analyzer(seed: int, value: Json) -> None:
    """Whatever stands in a field, the analyzers answer: with less, but never with an exception."""
    stage, chance = busy(), random.Random(seed)
    for _ in range(4):
        mangle(chance.choice(stage.objects)[1], chance, value)
    snapshot = stage.snapshot()
    scene = Scene(snapshot)
    for analyzer in ANALYZERS:
        list(analyzer(scene))
    examine(snapshot).conclude()


def mangle(obj: Json, chance: random.Random, value: Json) -> None:
    """Replaces or removes one thing somewhere in the object, its name and kind aside."""
    keys: list[str | int] = []
    if isinstance(obj, dict):
        keys = [k for k in obj if k not in ("kind", "name", "namespace")]
    elif isinstance(obj, list):
        keys = list(range(len(obj)))
    if not keys:
        return
    key = chance.choice(keys)
    inner = obj[key]  # type: ignore[index]  # either kind of container, with a key of its own
    if isinstance(inner, dict | list) and inner and chance.random() < 0.8:
        mangle(inner, chance, value)
    else:
        obj[key] = copy.deepcopy(value)  # type: ignore[index]  # as above


@settings(max_examples=30, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(order: random.Random) -> None:
    """The same findings in another order give the same causes."""
    found = examine(busy().snapshot())
    symptoms, findings = list(found.symptoms), list(found.findings)
    first = [(c.fault, c.entity, c.confidence) for c in found.conclude().causes]
    order.shuffle(findings)
    order.shuffle(symptoms)
    again = conclude(found.scene, symptoms, findings, found.ruled_out)
    assert [(c.fault, c.entity, c.confidence) for c in again.causes] == first


def test_every_citation_exists() -> None:
    """A cause cites only evidence that is there."""
    diagnosis = examine(busy().snapshot()).conclude()
    known = {e.id for e in diagnosis.evidence}
    assert diagnosis.causes
    assert all(set(c.cites) <= known and c.cites for c in diagnosis.causes)


@given(JSON, st.lists(st.text(max_size=4), max_size=3).map(".".join))
def test_a_view_of_json_never_raises(value: Json, path: str) -> None:
    """Whatever the JSON is, reading it gives something of the promised type."""
    view = Fields(copy.deepcopy(value))
    assert isinstance(view.text(path), str)
    assert isinstance(view.each(path), list)
    assert isinstance(view.map(path), dict)
    assert view.integer(path) is None or isinstance(view.integer(path), int)
    assert isinstance(view.at(path), Fields)
    assert view.time(path) is None or view.time(path).tzinfo  # type: ignore[union-attr]  # asked just before
