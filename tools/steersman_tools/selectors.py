"""Label selectors, as Services (plain maps) and everything else (matchLabels and matchExpressions) write them."""

from __future__ import annotations

from collections.abc import Mapping

from .fields import Fields

Labels = Mapping[str, str]


def selects(selector: Fields, labels: Labels) -> bool:
    """Whether a LabelSelector selects the labels; an empty one selects everything."""
    return matches(selector.map("matchLabels"), labels) and all(
        holds(rule, labels) for rule in selector.each("matchExpressions")
    )


def matches(wanted: Labels, labels: Labels) -> bool:
    """Whether all wanted labels are there; an empty map matches everything."""
    return all(labels.get(key) == value for key, value in wanted.items())


def holds(rule: Fields, labels: Labels) -> bool:
    """One requirement `{key, operator, values}`, node affinity's Gt and Lt included; an unknown operator never holds."""
    value, values = labels.get(rule.text("key")), rule.texts("values")
    match rule.text("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            if value is None or not values or not value.lstrip("-").isdigit() or not values[0].lstrip("-").isdigit():
                return False
            return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
    return False


def describe(selector: Fields) -> str:
    """A selector as people write it: `app=cart,tier in (a, b)`."""
    parts = [f"{k}={v}" for k, v in selector.map("matchLabels").items()]
    parts += [requirement(rule) for rule in selector.each("matchExpressions")]
    return ",".join(parts) or "<everything>"


def requirement(rule: Fields) -> str:
    """One requirement as people write it: `pool In (gpu)`."""
    values = ", ".join(rule.texts("values"))
    return f"{rule.text('key')} {rule.text('operator')}" + (f" ({values})" if values else "")
