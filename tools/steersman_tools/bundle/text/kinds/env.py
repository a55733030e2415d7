"""The environment of containers: values, and where values come from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....types import Json
from ..build import Object, only

_VARIABLE = re.compile(r"([^\s:][^:]*):(?: +(.*))?$")
_KEY = re.compile(r"<set to the key '(.*?)' (of config map|in secret) '(.*?)'>(?: *Optional: (\w+))?$")
_FIELD = re.compile(r"(?:.*\s)?\((v\d\w*):(\S+)\)$")
_RESOURCE = re.compile(r"(?:.*\s)?\(((?:limits|requests)\.\S+)\)$")
_SOURCE = re.compile(r"(\S+) +(ConfigMap|Secret)(?: with prefix '(.*?)')?(?: +Optional: (\w+))?$")


def variables(lines: Sequence[str]) -> list[Json]:
    """The variables in their order; one that is set twice stands there twice, as in the API."""
    found: list[tuple[str, list[str]]] = []
    base = next((len(line) - len(line.lstrip()) for line in lines if line.strip()), 0)
    for line in lines:
        text = line[base:]
        if text[:1] not in ("", " ") and (match := _VARIABLE.match(text)):
            found.append((match[1], [match[2] or ""]))
        elif found:
            found[-1][1].append(line.strip())
    return [_variable(name, "\n".join(values)) for name, values in found]


def _variable(name: str, text: str) -> Json:
    if text.endswith(")") or text.startswith("<set to the key"):
        if found := _KEY.match(text):
            ref = "secretKeyRef" if found[2] == "in secret" else "configMapKeyRef"
            return {"name": name, "valueFrom": {ref: only(name=found[3], key=found[1], optional=_optional(found[4]))}}
        if found := _FIELD.match(text):
            return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": found[1], "fieldPath": found[2]}}}
        if found := _RESOURCE.match(text):
            return {"name": name, "valueFrom": {"resourceFieldRef": {"resource": found[1]}}}
    return {"name": name, "value": text} if text else {"name": name}


def sources(lines: Sequence[str]) -> list[Json]:
    """`Environment Variables from:`."""
    found: list[Json] = []
    for line in lines:
        if match := _SOURCE.match(line.strip()):
            ref = "configMapRef" if match[2] == "ConfigMap" else "secretRef"
            inner: Object = only(name=match[1], optional=_optional(match[4]))
            found.append(only(prefix=match[3], **{ref: inner}))
    return found


def _optional(text: str | None) -> bool | None:
    return True if text == "true" else None
