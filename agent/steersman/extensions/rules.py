"""Rules as data: a CEL expression over objects, for what a team knows of its own cluster and need not program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, JsonValue, StringConstraints, ValidationError, field_validator

from steersman_tools.cel import BadExpression, Kind, Program, Value, program
from steersman_tools.fields import Fields
from steersman_tools.kinds import BY_NAME
from steersman_tools.snapshot import Resource
from steersman_tools.types import Frozen, Json, NotChecked

from ..diagnose import cite
from ..diagnose.scene import Scene
from ..types import Confidence, Finding, Output

VARIABLES: dict[str, Kind] = {"object": "map", "pods": "list", "events": "list", "now": "time"}
"""What an expression may speak of: the object as the API gives it, the pods that it owns or selects, the events about it (type,
reason, message, count) and the time."""

_WORDS = ("kind", "name", "namespace", "observed")
"""What the texts may hold in braces."""


class BadRules(Exception):
    """A file of rules cannot be used. One sentence says what to mend."""


class Example(Frozen):
    """What the rule's author expects of it; checked each time the file is read."""

    object: dict[str, JsonValue]
    pods: tuple[dict[str, JsonValue], ...] = ()
    events: tuple[dict[str, JsonValue], ...] = ()
    holds: bool


class Rule(Frozen):
    """One rule: where the expression is true of an object, the object has the fault."""

    fault: Annotated[str, StringConstraints(pattern=r"^x-[a-z0-9]+(-[a-z0-9]+)*$")]
    kinds: Annotated[tuple[str, ...], Field(min_length=1)]
    namespaces: tuple[str, ...] = ("*",)
    """Patterns; objects of the cluster are in the namespace ''."""
    when: str
    field: str = ""
    """The path of the value in question, such as `spec.replicas`; its present value is what was observed."""
    expected: str
    summary: str
    advice: str = ""
    certainty: Confidence = 0.9
    counts: Literal["always", "with symptoms"] = "always"
    """Whether it is a cause even where nothing suffers from it."""
    examples: tuple[Example, ...] = ()

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := next((k for k in kinds if k not in BY_NAME), None):
            raise ValueError(f"objects of kind {unknown!r} are not read; those that are: {', '.join(sorted(BY_NAME))}")
        return kinds

    @field_validator("expected", "summary", "advice")
    @classmethod
    def _fillable(cls, text: str) -> str:
        try:
            text.format(**dict.fromkeys(_WORDS, ""))
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"the text may hold {{{'}, {'.join(_WORDS)}}} and no other braces") from error
        return text

    @cached_property
    def compiled(self) -> Program:
        return program(self.when, VARIABLES)

    def __call__(self, scene: Scene) -> Iterator[Output]:
        """A finding for each object of which the rule is true; one line for those of which it cannot be said."""
        failed: dict[str, int] = {}
        for resource in scene.snapshot.all(*self.kinds):
            if any(fnmatchcase(resource.namespace, pattern) for pattern in self.namespaces):
                try:
                    if self.compiled.holds(_values(scene, resource)):
                        yield self._finding(scene, resource)
                except BadExpression as error:
                    failed[str(error)] = failed.get(str(error), 0) + 1
        for why, count in failed.items():
            yield NotChecked(what=f"rule {self.fault} on {count} objects", why=f"{why}; guard the field with has()")

    def _finding(self, scene: Scene, resource: Resource) -> Finding:
        shown = cite.fields(
            scene, resource, *([self.field] if self.field else []), note="" if self.field else self.when
        )
        observed = shown.text.removeprefix(f"{self.field}: ")[:240]
        words = {"kind": resource.kind, "name": resource.name, "namespace": resource.namespace, "observed": observed}
        workload = scene.workload_of.get(resource.ref)
        return Finding(
            fault=self.fault,
            entity=resource.ref,
            field=self.field,
            observed=observed,
            expected=self.expected.format(**words),
            summary=self.summary.format(**words),
            advice=self.advice.format(**words),
            certainty=self.certainty,
            breaks=(workload.ref,) if workload else (),
            needs_symptom=self.counts == "with symptoms",
            observations=(shown,),
        )


class Rules(Frozen):
    """A whole file."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


def read(path: Path) -> tuple[Rule, ...]:
    """The rules of a file, compiled, their examples tried. Raises BadRules."""
    try:
        rules = Rules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).rules
    except (OSError, UnicodeDecodeError) as error:
        raise BadRules(f"the file cannot be read ({type(error).__name__})") from error
    except yaml.YAMLError as error:
        raise BadRules(f"it is not valid YAML: {' '.join(str(error).split())[:200]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise BadRules(f"{where}: {first['msg']}") from error
    for rule in rules:
        _try(rule)
    return rules


def _try(rule: Rule) -> None:
    try:
        for number, example in enumerate(rule.examples, start=1):
            values: Mapping[str, Value] = {
                "object": example.object, "pods": list(example.pods), "events": list(example.events), "now": _EPOCH,
            }  # fmt: skip
            if rule.compiled.holds(values) != example.holds:
                wrong = "not true" if example.holds else "true"
                raise BadRules(f"rule {rule.fault} is {wrong} of its example {number}")
        _ = rule.compiled
    except BadExpression as error:
        raise BadRules(f"rule {rule.fault}: {error}") from error


_EPOCH = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def _values(scene: Scene, resource: Resource) -> dict[str, Value]:
    workload, view = scene.workloads.get(resource.ref), scene.services.get(resource.ref)
    pods = workload.pods if workload else view.pods if view else ()
    events: list[Json] = [
        {"type": e.type, "reason": e.reason, "message": e.message, "count": e.count} for e in scene.events(resource)
    ]
    return {"object": _plain(resource), "pods": [_plain(p) for p in pods], "events": events, "now": scene.now}


def _plain(resource: Fields) -> Json:
    return dict(resource.raw)
