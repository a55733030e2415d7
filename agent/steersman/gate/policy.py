"""Policy as data: rules that a platform team writes, reads and tests. Whatever is wrong with a file, nothing is allowed by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, JsonValue, StringConstraints, ValidationError

from steersman_tools.cel import BadExpression, Kind, Program, Value, program
from steersman_tools.types import Frozen

VARIABLES: dict[str, Kind] = {
    "action": "map",
    "target": "map",
    "plan": "map",
    "actor": "map",
    "cluster": "map",
    "incident": "map",
    "budget": "map",
    "rehearsal": "map",
    "now": "time",
}
"""What a rule's expression may speak of; docs/policy.md lists the fields."""


class BadPolicy(Exception):
    """The policy cannot be used, so nothing is allowed. One sentence says what to mend."""


class Match(Frozen):
    """Which steps a rule is about; what is left out matches all. Names may hold `*`."""

    actions: tuple[str, ...] = ("*",)
    kinds: tuple[str, ...] = ("*",)
    namespaces: tuple[str, ...] = ("*",)


class Rule(Frozen):
    """One rule: for the steps that match and for which the expression is true, its effect."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    match: Match = Match()
    expr: str = "true"
    effect: Literal["deny", "ask", "allow"]
    message: str

    @cached_property
    def compiled(self) -> Program:
        return program(self.expr, VARIABLES)

    def concerns(self, action: str, kind: str, namespace: str) -> bool:
        pairs = ((self.match.actions, action), (self.match.kinds, kind), (self.match.namespaces, namespace))
        return all(any(fnmatchcase(name, pattern) for pattern in patterns) for patterns, name in pairs)


class Example(Frozen):
    """What the policy's authors expect of it: `steersman policy test` runs them."""

    name: str
    given: dict[str, JsonValue]
    expect: Literal["deny", "ask", "allow"]
    rule: str = ""


class Policy(Frozen):
    """A whole file."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule says of one step."""

    effect: Literal["deny", "ask", "allow"]
    rule: str
    message: str


def builtin() -> str:
    """The text of the product's own policy."""
    return (files(__package__) / "policy.yaml").read_text()


def load(path: Path | None = None) -> Policy:
    """The policy of a file, or the product's own. Raises BadPolicy."""
    name = str(path) if path else "the built-in policy"
    try:
        text = path.read_text() if path else builtin()
        policy = Policy.model_validate(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(
            f"The policy {name} cannot be read ({type(error).__name__}): nothing is allowed without one."
        ) from error
    except yaml.YAMLError as error:
        raise BadPolicy(f"{name} is not valid YAML, so nothing is allowed: {str(error).splitlines()[0]}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadPolicy(f"{name} is no policy, so nothing is allowed: {where}: {first['msg']}.") from error
    _check(policy, name)
    return policy


def _check(policy: Policy, name: str) -> None:
    ids = [rule.id for rule in policy.rules]
    if twice := next((i for i in ids if ids.count(i) > 1), None):
        raise BadPolicy(f"{name} has two rules {twice!r}: a verdict must name one, so nothing is allowed.")
    for rule in policy.rules:
        try:
            _ = rule.compiled
        except BadExpression as error:
            raise BadPolicy(f"Rule {rule.id} of {name} is broken, so nothing is allowed: {error}.") from error


def outcomes(policy: Policy, values: Mapping[str, Value]) -> list[Outcome]:
    """What every rule says of one step, those that do not apply left out. A rule that cannot be evaluated denies."""
    action, target = values["action"], values["target"]
    assert isinstance(action, dict)
    assert isinstance(target, dict)
    found = []
    for rule in policy.rules:
        if not rule.concerns(str(action.get("do", "")), str(target.get("kind", "")), str(target.get("namespace", ""))):
            continue
        try:
            if rule.compiled.holds(values):
                found.append(Outcome(rule.effect, rule.id, rule.message))
        except BadExpression as error:
            found.append(Outcome("deny", rule.id, f"the rule cannot be evaluated here: {error}"))
    return found
