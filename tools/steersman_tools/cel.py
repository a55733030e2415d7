"""CEL, the expression language of Kubernetes' own policies: compiled once, evaluated on plain values, closed by default.

What does not come out as true or false is an error, never a yes. Only this module knows the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from .types import Json

Kind: TypeAlias = Literal["map", "string", "int", "bool", "list", "time", "any"]
Value: TypeAlias = "Json | datetime"


class BadExpression(ValueError):
    """The expression cannot be used; one sentence says where it is wrong."""


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression."""

    text: str
    _compiled: Any

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it is true of the values. Raises BadExpression when it is neither true nor false of them."""
        found = self._compiled.eval(data=dict(values)).value()
        if not isinstance(found, bool):
            raise BadExpression(f"'{self.text}' does not come out as true or false: {found}"[:400])
        return found


def program(expression: str, variables: Mapping[str, Kind]) -> Program:
    """The expression, ready to be evaluated. Raises BadExpression."""
    try:
        return Program(expression, _environment(tuple(sorted(variables.items()))).compile(expression))
    except Exception as error:  # the library raises bare exceptions of its own for every mistake in the text
        first = next((line for line in str(error).splitlines() if line.strip()), "it cannot be read")
        raise BadExpression(f"'{expression}' is no valid CEL expression: {first.strip()[:200]}") from error


@lru_cache(maxsize=16)
def _environment(variables: tuple[tuple[str, Kind], ...]) -> Any:
    from cel_expr_python import cel  # noqa: PLC0415  50 MB that only policies need
    from cel_expr_python.ext import ext_optional, ext_strings  # noqa: PLC0415

    types = {
        "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
        "list": cel.Type.List(cel.Type.DYN),
        "string": cel.Type.STRING,
        "int": cel.Type.INT,
        "bool": cel.Type.BOOL,
        "time": cel.Type.TIMESTAMP,
        "any": cel.Type.DYN,
    }
    return cel.NewEnv(
        variables={name: types[kind] for name, kind in variables},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
    )
