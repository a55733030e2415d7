"""The reverse of `Query.promql`: a question read from Prometheus' language, as far as the product's own questions go."""

from __future__ import annotations

import re
from typing import Any, get_args

from pydantic import ValidationError

from . import Function, Match, Query

_METRIC = r"(?=[A-Za-z_:{])(?P<metric>[\w:]*)(?:\{(?P<conditions>.*?)\})?"
_SELECTOR = re.compile(_METRIC, re.S)
_FUNCTIONS = "|".join(name for name in get_args(Function) if name != "raw")
_OVER = re.compile(rf"(?P<function>{_FUNCTIONS})\({_METRIC}\[(?P<window>[\d.]+)(?P<unit>ms|s|m|h|d)\]\)", re.S)
_AGGREGATE = re.compile(r"(?P<aggregate>sum|avg|max|min|count)(?: by \((?P<by>[^)]*)\))? ?\((?P<rest>.*)\)", re.S)
_QUANTILE = re.compile(r"histogram_quantile\((?P<quantile>[-\d.e]+), ?(?P<rest>.*)\)", re.S)
_CONDITION = re.compile(
    r'\s*(?P<label>[A-Za-z_]\w*)\s*(?P<operator>=~|!~|!=|=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*(?:,|$)', re.S
)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}


class NotUnderstood(ValueError):
    """A question outside this part of the language; the text says which."""


def parse(text: str) -> Query:
    """The question. Raises NotUnderstood."""
    rest, made = text.strip(), dict[str, Any]()
    if found := _QUANTILE.fullmatch(rest):
        made["quantile"], rest = found["quantile"], found["rest"].strip()
    if found := _AGGREGATE.fullmatch(rest):
        names = tuple(name.strip() for name in (found["by"] or "").split(",") if name.strip())
        made |= {"aggregate": found["aggregate"], "by": names}
        rest = found["rest"].strip()
    if found := _OVER.fullmatch(rest):
        made |= {"function": found["function"], "window": float(found["window"]) * _SECONDS[found["unit"]]}
    else:
        found = _SELECTOR.fullmatch(rest)
    if found is None or not (found["metric"] or found["conditions"]):
        raise NotUnderstood(
            f"{text!r} is more PromQL than is understood here: "
            "a metric, one function over its past (rate, count_over_time, …), one aggregation, one quantile"
        )
    try:
        return Query(metric=found["metric"], match=_conditions(found["conditions"] or ""), **made)
    except ValidationError as error:
        raise NotUnderstood(f"{text!r} is no query: {error.errors()[0]['msg']}") from error


def _conditions(text: str) -> tuple[Match, ...]:
    found, at = [], 0
    while at < len(text):
        condition = _CONDITION.match(text, at)
        if condition is None:
            raise NotUnderstood(f"{{{text}}} is no set of label conditions")
        value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), condition["value"], flags=re.S)
        found.append(
            Match.model_validate({"label": condition["label"], "value": value, "operator": condition["operator"]})
        )
        at = condition.end()
    return tuple(found)
