"""What may be done: each rule of the built-in policy by example, whatever else is wrong denies, and more rules never allow more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.faults import Fault
from steersman.gate import Actor, BadPolicy, Budget, Facts, Policy, Target, judge, load, try_examples
from steersman.gate.policy import Rule
from steersman.remedy import Plan, Step
from steersman_tools.actions import ACTION
from steersman_tools.types import Ref

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)
IMAGE = {"do": "SetImage", "target": "shop/Deployment/cart", "container": "cart", "image": "registry.example/cart:2"}
SCALE = {"do": "Scale", "target": "shop/Deployment/cart", "replicas": 4}


def plan(*actions: dict[str, Any], **more: Any) -> Plan:
    steps = tuple(Step(action=ACTION.validate_python(a), why="w", undo="u") for a in actions)
    ref = Ref("shop", "Deployment", "cart")
    given: dict[str, Any] = {"fault": Fault.IMAGE_NOT_FOUND, "entity": ref, "name": "p", "steps": steps}
    return Plan(**(given | more))


def facts(**more: Any) -> Facts:
    made: dict[str, Any] = {
        "actor": Actor(id="me"),
        "now": NOW,
        "targets": {"shop/Deployment/cart": Target(replicas=2)},
    }
    return Facts(**(made | more))


TABLE: list[tuple[str, Plan, Facts, str, str]] = [
    ("a change waits for a person", plan(IMAGE), facts(), "ask", "remedies-ask"),
    ("the platform's namespace", plan({**IMAGE, "target": "kube-system/Deployment/x"}), facts(), "deny", "protected-namespaces"),
    ("the DNS record", plan({"do": "PatchField", "target": "kube-system/ConfigMap/coredns", "fields": [{"path": "data.Corefile", "value": "x"}]}, source_of_truth=""), facts(), "deny", "protected-namespaces"),
    ("a platform workload brought back", plan({"do": "Scale", "target": "kube-system/Deployment/dns", "replicas": 2}, fault=Fault.SCALED_TO_ZERO), facts(targets={"kube-system/Deployment/dns": Target(replicas=0)}), "ask", "remedies-ask"),
    ("a platform workload that runs", plan({"do": "Scale", "target": "kube-system/Deployment/dns", "replicas": 2}, fault=Fault.SCALED_TO_ZERO), facts(targets={"kube-system/Deployment/dns": Target(replicas=1)}), "deny", "protected-namespaces"),
    ("another field of it", plan({"do": "PatchField", "target": "kube-system/Deployment/dns", "fields": [{"path": "spec.paused", "value": True}]}, fault=Fault.SCALED_TO_ZERO), facts(targets={"kube-system/Deployment/dns": Target(replicas=0)}), "deny", "protected-namespaces"),
    ("a Secret", plan({"do": "PatchField", "target": "shop/Secret/s", "fields": [{"path": "data.x", "value": "eA=="}]}), facts(), "deny", "no-secrets"),
    ("deletion", plan({"do": "DeleteObject", "target": "shop/Service/cart"}), facts(), "deny", "no-demolition"),
    ("scaling to zero", plan({**SCALE, "replicas": 0}), facts(), "deny", "no-demolition"),
    ("emptying a policy", plan({"do": "PatchField", "target": "shop/NetworkPolicy/n", "fields": [{"path": "spec.ingress", "absent": True}]}), facts(), "deny", "no-demolition"),
    ("a Namespace", plan({"do": "PatchField", "target": "/Namespace/shop", "fields": [{"path": "metadata.labels.x", "value": "y"}]}), facts(), "deny", "no-demolition"),
    ("a few more replicas", plan(SCALE), facts(), "ask", "remedies-ask"),
    ("too many replicas", plan({**SCALE, "replicas": 10}), facts(), "deny", "replica-bounds"),
    ("six objects", plan(*({**IMAGE, "target": f"shop/Deployment/d{i}"} for i in range(6))), facts(), "deny", "blast-radius"),
    ("frozen", plan(IMAGE), facts(targets={"shop/Deployment/cart": Target(frozen=True)}), "deny", "frozen"),
    ("declared by Argo CD", plan(IMAGE, source_of_truth="Argo CD"), facts(), "deny", "source-of-truth"),
    ("declared, and it is allowed", plan(IMAGE, source_of_truth="Argo CD"), facts(source_of_truth_allowed=True), "ask", "remedies-ask"),
    ("a guess", plan(IMAGE), facts(confidence=0.49), "deny", "sure-enough"),
    ("the budget is used up", plan(IMAGE), facts(budget=Budget(changes_last_hour=30)), "deny", "budget"),
    ("the breaker is open", plan(IMAGE), facts(budget=Budget(undone_last_hour=3)), "deny", "circuit-breaker"),
    ("a viewer", plan(IMAGE), facts(actor=Actor(id="v", roles=("viewer",))), "deny", "operators-only"),
    ("a right is missing", plan(IMAGE), facts(rights={0: "patch Deployment in shop"}), "deny", "rbac"),
    ("the server would refuse", plan(IMAGE), facts(dry_run={0: "admission webhook denied it"}), "deny", "server-dry-run"),
    ("the rehearsal broke something", plan(IMAGE), facts(rehearsal="breaks"), "ask", "remedies-ask"),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "facts", "effect", "rule"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_built_in_policy(plan: Plan, facts: Facts, effect: str, rule: str) -> None:
    """The strictest verdict of the plan's steps, and the rule it names."""
    verdicts = judge(plan, load(), facts)
    assert len(verdicts) == len(plan.steps)
    assert {v.effect for v in verdicts} == {effect}
    assert all(rule == v.rule or f"({rule})" in v.reason for v in verdicts), verdicts


def test_the_dns_record_may_be_mended() -> None:
    """The one thing of kube-system that a remedy may touch, for the one fault that it is about."""
    step = Step(action=ACTION.validate_python({"do": "PatchField", "target": "kube-system/ConfigMap/coredns", "fields": [{"path": "data.Corefile", "value": "x"}]}), why="w", undo="u")  # fmt: skip
    mend = Plan(fault=Fault.DNS_RECORD_BROKEN, entity=step.action.target, name="p", steps=(step,))
    assert [v.effect for v in judge(mend, load(), facts())] == ["ask"]


def test_the_policys_own_examples_hold() -> None:
    tried = try_examples(load())
    assert len(tried) >= 8
    assert [t for t in tried if not t.right] == []


BROKEN = {
    "no file": None,
    "not YAML": "rules: [",
    "nothing": "",
    "no rules": "rules: []",
    "an unknown effect": "rules: [{id: a, effect: permit, message: m}]",
    "an unknown field": "rules: [{id: a, effect: allow, message: m, when: x}]",
    "two of one name": "rules: [{id: a, effect: allow, message: m}, {id: a, effect: deny, message: m}]",
    "a broken expression": "rules: [{id: a, effect: allow, message: m, expr: 'plan.steps >'}]",
    "an unknown variable": "rules: [{id: a, effect: allow, message: m, expr: 'weather.fine'}]",
    "binary": "\x00\x01",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_policy_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None) -> None:
    """One sentence that names the file; nothing is allowed by a policy that nobody can read."""
    path = tmp_path / "policy.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadPolicy, match="nothing is allowed") as problem:
        load(path)
    assert str(path) in str(problem.value)


def test_what_no_rule_speaks_for_is_denied() -> None:
    policy = Policy(rules=(Rule(id="cordons", match={"actions": ("Cordon",)}, effect="allow", message="m"),))
    verdict = judge(plan(IMAGE), policy, facts())[0]
    assert (verdict.effect, verdict.rule) == ("deny", "default")


@pytest.mark.parametrize("expr", ["action.replicas < 5", "1 + 1", "target.name"])
def test_a_rule_that_fails_on_a_step_denies_it(expr: str) -> None:
    """`action.replicas` is no field of SetImage: the rule cannot say yes, so it says no; neither can one that is no question."""
    policy = Policy(rules=(Rule(id="small", expr=expr, effect="allow", message="m"),))
    verdict = judge(plan(IMAGE), policy, facts())[0]
    assert (verdict.effect, verdict.rule) == ("deny", "small")


RULES = st.lists(
    st.tuples(
        st.sampled_from(["allow", "ask", "deny"]),
        st.sampled_from(["true", "false", "plan.steps == 1", "target.frozen"]),
    ),
    min_size=1,
    max_size=6,
)
ORDER = {"deny": 0, "ask": 1, "allow": 2}


def policy_of(rules: list[tuple[str, str]]) -> Policy:
    return Policy.model_validate(
        {"rules": [{"id": f"r{i}", "effect": e, "expr": x, "message": "m"} for i, (e, x) in enumerate(rules)]}
    )


@given(RULES, st.randoms(use_true_random=False))
def test_the_order_of_rules_says_nothing(rules: list[tuple[str, str]], random: Any) -> None:
    """The effect is the strictest of those that apply, wherever they stand."""
    before = judge(plan(IMAGE), policy_of(rules), facts())[0].effect
    random.shuffle(rules)
    assert judge(plan(IMAGE), policy_of(rules), facts())[0].effect == before


@given(RULES, st.sampled_from(["ask", "deny"]))
def test_more_rules_never_allow_more(rules: list[tuple[str, str]], extra: str) -> None:
    """A rule that asks or denies only ever makes a policy stricter, unless nothing spoke for the step before."""
    before = judge(plan(IMAGE), policy_of(rules), facts())[0]
    after = judge(plan(IMAGE), policy_of([*rules, (extra, "true")]), facts())[0]
    if before.rule != "default":
        assert ORDER[after.effect] <= ORDER[before.effect]
    else:
        assert after.effect == extra
