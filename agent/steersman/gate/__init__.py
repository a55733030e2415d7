"""Whether a plan may be carried out: every rule is asked about every step, and every verdict names its rule.

Closed by default: a step that no rule speaks for is denied, and so is everything under a policy that cannot be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field, JsonValue

from steersman_tools.cel import Value
from steersman_tools.types import Frozen, Ref

from ..remedy import Plan, Step, Verdict
from .policy import BadPolicy, Outcome, Policy, load, outcomes

__all__ = ["Actor", "BadPolicy", "Budget", "Facts", "Policy", "Target", "judge", "load", "try_examples"]


class Actor(Frozen):
    """Who wants it."""

    id: str
    roles: tuple[Literal["viewer", "operator", "approver", "admin"], ...] = ("operator", "approver")


class Target(Frozen):
    """What policy may know of the object that a step changes."""

    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    replicas: int = 0
    frozen: bool = False


class Budget(Frozen):
    """What has been done lately."""

    changes_last_hour: int = 0
    undone_last_hour: int = 0


class Facts(Frozen):
    """All that a judgement rests on, gathered before it is made."""

    actor: Actor
    now: datetime
    cluster: str = ""
    version: str = ""
    confidence: float = 1.0
    attempt: int = 1
    targets: dict[str, Target] = Field(default_factory=dict)
    rights: dict[int, str] = Field(default_factory=dict)
    """By step: the right that is missing."""
    dry_run: dict[int, str] = Field(default_factory=dict)
    """By step: why the server would refuse it."""
    untried: tuple[int, ...] = ()
    """Steps of which the server could not make a dry run."""
    budget: Budget = Budget()
    rehearsal: Literal["", "mends", "changes-nothing", "breaks"] = ""
    source_of_truth_allowed: bool = False


def judge(plan: Plan, policy: Policy, facts: Facts) -> tuple[Verdict, ...]:
    """One verdict a step, in order."""
    return tuple(_verdict(number, step, plan, policy, facts) for number, step in enumerate(plan.steps))


def _verdict(number: int, step: Step, plan: Plan, policy: Policy, facts: Facts) -> Verdict:
    if missing := facts.rights.get(number):
        return Verdict(effect="deny", rule="rbac", reason=f"this user may not {missing}")
    if refusal := facts.dry_run.get(number):
        return Verdict(effect="deny", rule="server-dry-run", reason=refusal)
    found = outcomes(policy, _values(step, plan, facts))
    if number in facts.untried:
        found.append(Outcome("ask", "no-dry-run", "a webhook keeps the server from trying it without effect"))
    return _strictest(found, step)


def _strictest(found: Iterable[Outcome], step: Step) -> Verdict:
    every = list(found)
    for effect in ("deny", "ask", "allow"):
        if said := [o for o in every if o.effect == effect]:
            reasons = "; ".join(f"{o.message} ({o.rule})" if len(said) > 1 else o.message for o in said)
            return Verdict(effect=said[0].effect, rule=said[0].rule, reason=reasons)
    return Verdict(
        effect="deny", rule="default", reason=f"no rule allows {step.action.do} of a {step.action.target.kind}"
    )


def _values(step: Step, plan: Plan, facts: Facts) -> dict[str, Value]:
    action: dict[str, Any] = step.action.model_dump(mode="json")
    action["reversible"] = step.reversible
    ref, target = step.action.target, facts.targets.get(str(step.action.target), Target())
    refs = {s.action.target for s in plan.steps}
    return {
        "action": action,
        "target": _target(ref, target),
        "plan": {
            "steps": len(plan.steps),
            "blast_radius": len(refs),
            "nodes": sum(r.kind == "Node" for r in refs),
            "digest": plan.digest,
            "playbook": plan.name,
            "source_of_truth": plan.source_of_truth,
            "source_of_truth_allowed": facts.source_of_truth_allowed,
        },
        "actor": {"id": facts.actor.id, "roles": list(facts.actor.roles)},
        "cluster": {"name": facts.cluster, "version": facts.version},
        "incident": {
            "fault": plan.fault,
            "entity": str(plan.entity),
            "confidence": facts.confidence,
            "attempt": facts.attempt,
        },
        "budget": dict(facts.budget.model_dump()),
        "rehearsal": {"verdict": facts.rehearsal},
        "now": facts.now,
    }


def _target(ref: Ref, target: Target) -> dict[str, JsonValue]:
    named: dict[str, JsonValue] = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name}
    return {**named, **target.model_dump(mode="json")}


# -- a policy's own examples -------------------------------------------------------------------------------------------
_PLAIN: Mapping[str, dict[str, JsonValue]] = {
    "action": {"do": "PatchField", "reversible": True},
    "target": {"kind": "Deployment", "namespace": "default", "name": "x", "labels": {}, "annotations": {}, "replicas": 1, "frozen": False},
    "plan": {"steps": 1, "blast_radius": 1, "nodes": 0, "digest": "", "playbook": "",
             "source_of_truth": "", "source_of_truth_allowed": False},
    "actor": {"id": "someone", "roles": ["operator"]},
    "cluster": {"name": "", "version": ""},
    "incident": {"fault": "", "entity": "", "confidence": 1.0, "attempt": 1},
    "budget": {"changes_last_hour": 0, "undone_last_hour": 0},
    "rehearsal": {"verdict": ""},
}  # fmt: skip


class Tried(Frozen):
    """One example of a policy and what came of it."""

    name: str
    right: bool
    text: str


def try_examples(policy: Policy) -> tuple[Tried, ...]:
    """Runs the examples that a policy carries."""
    tried = []
    for example in policy.examples:
        values: dict[str, Value] = {"now": datetime.now(UTC)}
        for name, plain in _PLAIN.items():
            given = example.given.get(name, {})
            values[name] = {**plain, **given} if isinstance(given, dict) else plain
        moment = example.given.get("now")
        if isinstance(moment, str):
            values["now"] = datetime.fromisoformat(moment)
        found = outcomes(policy, values)
        effect = next((e for e in ("deny", "ask", "allow") if any(o.effect == e for o in found)), "deny")
        rules = [o.rule for o in found if o.effect == effect] or ["default"]
        right = effect == example.expect and (not example.rule or example.rule in rules)
        tried.append(Tried(name=example.name, right=right, text=f"{effect} by {', '.join(rules)}"))
    return tuple(tried)
