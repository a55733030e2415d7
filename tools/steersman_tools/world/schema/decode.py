"""Reads what a client sent as an object of a type, as the API server's decoder does: unknown fields are dropped, wrong types refused."""

from __future__ import annotations

from typing import Any

from ..objects import Obj
from . import Definition, Field, definition
from .amounts import canonical

_GO = {"s": "string", "i": "int32", "n": "float64", "b": "bool", "t": "string"}
_LONG = frozenset({
    "terminationGracePeriodSeconds", "activeDeadlineSeconds", "runAsUser", "runAsGroup", "fsGroup", "generation", "tolerationSeconds",
    "observedGeneration", "startingDeadlineSeconds", "deletionGracePeriodSeconds",
})  # fmt: skip


class WrongType(Exception):
    """A field has a value of another type; the text is the decoder's."""


class Decoder:
    """One reading of one object; `unknown` collects the paths of fields that the type does not have."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def object(self, kind: Definition, value: Any, path: str = "") -> Obj:
        """The object as the type has it. Raises WrongType."""
        if not isinstance(value, dict):
            raise WrongType(_wrong(value, kind.name.rpartition(".")[2], path, kind.name))
        if kind.free:
            return {k: v for k, v in value.items() if v is not None}
        made: Obj = {}
        for key, entry in value.items():
            spec = kind.fields.get(key)
            if spec is None:
                self.unknown.append(f"{path}.{key}" if path else key)
            elif entry is not None:
                made[key] = self.value(spec, entry, f"{path}.{key}" if path else key, kind.name)
        return made

    def value(self, spec: Field, value: Any, path: str, owner: str) -> Any:
        """One value of a field's type."""
        match spec.code:
            case "r":
                return self.object(definition(spec.ref), value, path)
            case "l":
                if not isinstance(value, list):
                    raise WrongType(_wrong(value, f"[]{_name(spec.item)}", path, owner))
                assert spec.item is not None
                return [
                    self.value(spec.item, entry, f"{path}[{index}]", owner)
                    for index, entry in enumerate(value)
                    if entry is not None
                ]
            case "d":
                if not isinstance(value, dict):
                    raise WrongType(_wrong(value, f"map[string]{_name(spec.item)}", path, owner))
                assert spec.item is not None
                return {k: self.value(spec.item, v, f"{path}.{k}", owner) for k, v in value.items() if v is not None}
            case "*":
                return value
        return self.scalar(spec.code, value, path, owner)

    def scalar(self, code: str, value: Any, path: str, owner: str) -> Any:
        match code:
            case "s" if isinstance(value, str):
                return value
            case "t" if isinstance(value, str):
                return value
            case "b" if isinstance(value, bool):
                return value
            case "i" if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
                return value
            case "i" if isinstance(value, float) and value == int(value) and abs(value) < 2**31:
                return int(value)
            case "n" if isinstance(value, int | float) and not isinstance(value, bool):
                return value
            case "o" if isinstance(value, int | str) and not isinstance(value, bool):
                return value
            case "q":
                return _amount(value)
        wanted = "int64" if code == "i" and path.rpartition(".")[2] in _LONG else _GO.get(code, "intstr.IntOrString")
        raise WrongType(_wrong(value, wanted, path, owner))


def _amount(value: Any) -> str:
    """A quantity; the decoder's own words when it is none."""
    text = canonical(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if text is None:
        raise WrongType("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    return text


def _name(spec: Field | None) -> str:
    if spec is None:
        return "interface {}"
    return _GO.get(spec.code, "") or (f"v1.{spec.ref.rpartition('.')[2]}" if spec.code == "r" else "resource.Quantity")


def _wrong(value: Any, wanted: str, path: str, owner: str) -> str:
    kind = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}.get(
        type(value), "null"
    )
    if not path:
        return f"json: cannot unmarshal {kind} into Go value of type v1.{wanted}"
    return (
        f"json: cannot unmarshal {kind} into Go struct field {owner.rpartition('.')[2]}.{_plain(path)} of type {wanted}"
    )


def _plain(path: str) -> str:
    """A path without indices, as Go's decoder prints it."""
    return "".join(part.split("]")[-1] for part in path.split("["))
