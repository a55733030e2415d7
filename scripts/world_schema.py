"""Writes the embedded world's table of fields: a real API server's /openapi/v2, and the newer fields of the official client.

    python scripts/world_schema.py swagger.json > tools/steersman_tools/world/schema/fields.json

The swagger of kube-apiserver 1.20.2 (`kubectl get --raw /openapi/v2` against the lab) gives fields, merge keys and list types;
the models of the client (kubernetes 37) give the fields and kinds that came later.
"""

from __future__ import annotations

import json
import re
import sys
import types
import typing
from pathlib import Path

import pydantic
from kubernetes import client

META, CORE = "io.k8s.apimachinery.pkg.apis.meta.v1.", "io.k8s.api.core.v1."
SCALARS = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "o",
    META + "Time": "t",
    META + "MicroTime": "t",
    META + "FieldsV1": "*",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "*",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "*",
}
GROUPS = {  # the packages of kinds that 1.20 did not yet have: class of the client -> name of the definition
    "V1CronJob": "batch.v1.CronJob", "V1PodDisruptionBudget": "policy.v1.PodDisruptionBudget", "V1Eviction": "policy.v1.Eviction",
    "V2HorizontalPodAutoscaler": "autoscaling.v2.HorizontalPodAutoscaler", "V1EndpointSlice": "discovery.v1.EndpointSlice",
    "AuthenticationV1TokenRequest": "authentication.v1.TokenRequest",
}  # fmt: skip
KEYS = {  # lists that are merged by key, of fields that 1.20 did not have: (field) -> keys
    "conditions": ["type"], "resizePolicy": ["resourceName"], "resourceClaims": ["name"], "schedulingGates": ["name"],
    "hostIPs": ["ip"], "matchConditions": ["name"], "resourceClaimStatuses": ["name"], "allocatedResourcesStatus": ["name"],
    "volumeMountStatus": ["mountPath"],
}  # fmt: skip
QUANTITIES = {"averageValue", "value", "sizeLimit", "divisor", "minAllowed", "maximum"}


def short(name: str) -> str:
    return re.sub(
        r"^io\.k8s\.(api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\.",
        "",
        name,
    )


class Table:
    def __init__(self, swagger: dict) -> None:
        self.source = swagger["definitions"]
        self.out: dict[str, dict] = {}
        self.by_class: dict[str, str] = {}
        for name in self.source:
            parts = name.split(".")
            self.by_class.setdefault(parts[-2][:1].upper() + parts[-2][1:] + parts[-1], short(name))
        self.by_class["V1ObjectMeta"] = "meta.v1.ObjectMeta"

    def field(self, prop: dict) -> object:
        if "$ref" in prop:
            name = prop["$ref"].removeprefix("#/definitions/")
            if name in SPECIAL:
                return SPECIAL[name]
            self.add(name)
            return {"r": short(name)}
        kind = prop.get("type")
        if kind == "array":
            entry: dict[str, object] = {"l": self.field(prop["items"])}
            if strategy := prop.get("x-kubernetes-patch-strategy"):
                entry["p"] = strategy
            if key := prop.get("x-kubernetes-patch-merge-key"):
                entry["m"] = key
            if style := prop.get("x-kubernetes-list-type"):
                entry["t"] = style
            if keys := prop.get("x-kubernetes-list-map-keys"):
                entry["k"] = keys
            return entry
        if kind == "object":
            inner = {"d": self.field(prop["additionalProperties"])} if "additionalProperties" in prop else "*"
            if isinstance(inner, dict) and prop.get("x-kubernetes-map-type"):
                inner["t"] = prop["x-kubernetes-map-type"]
            return inner
        if prop.get("format") == "int-or-string":
            return "o"
        return SCALARS.get(kind, "*")

    def add(self, name: str) -> None:
        if short(name) in self.out:
            return
        definition = self.source[name]
        entry: dict[str, object] = {"f": {}}
        self.out[short(name)] = entry
        if "properties" not in definition:
            self.out[short(name)] = {"any": True}
            return
        for key, prop in definition["properties"].items():
            spec = self.field(prop)
            if prop.get("x-kubernetes-patch-strategy") == "retainKeys":
                spec = {**spec, "p": "retainKeys"} if isinstance(spec, dict) else spec
            if isinstance(spec, dict) and prop.get("x-kubernetes-map-type"):
                spec = {**spec, "t": prop["x-kubernetes-map-type"]}
            entry["f"][key] = spec
        if definition.get("required"):
            entry["q"] = definition["required"]
        if definition.get("x-kubernetes-map-type"):
            entry["t"] = definition["x-kubernetes-map-type"]
        parts = name.split(".")
        self.newer(parts[-2][:1].upper() + parts[-2][1:] + parts[-1], short(name))

    def newer(self, cls: str, name: str) -> None:
        """Adds the fields that the client's model has beyond those known."""
        model = getattr(client, cls, None) or getattr(client, name.split(".")[0].capitalize() + cls, None)
        if model is None:
            return
        entry = self.out.setdefault(name, {"f": {}})
        required = []
        for attribute, info in model.model_fields.items():
            key = info.serialization_alias or attribute
            if info.is_required():
                required.append(key)
            if key not in entry["f"]:
                entry["f"][key] = self.python(info.annotation, key, name.rpartition(".")[0])
        if "q" not in entry and required:
            entry["q"] = required

    def python(self, kind: object, key: str, package: str) -> object:
        origin, arguments = typing.get_origin(kind), [a for a in typing.get_args(kind) if a is not type(None)]
        if origin is typing.Annotated:
            return self.python(arguments[0], key, package)
        if origin in (typing.Union, types.UnionType):
            return "o" if len(arguments) > 1 else self.python(arguments[0], key, package)
        if origin in (list, list):
            entry: dict[str, object] = {"l": self.python(arguments[0], key, package)}
            if key in KEYS and isinstance(entry["l"], dict):
                entry |= {"p": "merge", "m": KEYS[key][0], "t": "map", "k": KEYS[key]}
            return entry
        if origin in (dict, dict):
            value = self.python(arguments[1], key, package)
            return {
                "d": "q"
                if key in ("limits", "requests", "capacity", "allocatable", "allocatedResources", "podFixed")
                else value
            }
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            name = (
                self.by_class.get(kind.__name__)
                or f"{package}.{re.sub(r'^.*?V[0-9]+((alpha|beta)[0-9]+)?', '', kind.__name__)}"
            )
            if name not in self.out:
                full = next((n for n in self.source if short(n) == name), None)
                if full:
                    self.add(full)
                else:
                    self.out[name] = {"f": {}}
                    self.newer(kind.__name__, name)
            return {"r": name}
        text = getattr(kind, "__name__", str(kind))
        if kind is str or text == "StrictStr":
            return "q" if key in QUANTITIES else "s"
        for sign, code in (("int", "i"), ("Int", "i"), ("bool", "b"), ("Bool", "b"), ("float", "n"), ("datetime", "t")):
            if sign in text:
                return code
        return "*"


def main() -> None:
    table = Table(json.loads(Path(sys.argv[1]).read_text()))
    wanted = (
        r"^io\.k8s\.(api\.(core|apps|batch|autoscaling|policy|networking|storage|scheduling|admissionregistration|rbac|coordination|"
        r"discovery|events|authorization|authentication|node)\.(v1|v1beta1|v2beta2)\.|apiextensions-apiserver\.pkg\.apis\.apiextensions\.v1\."
        r"CustomResourceDefinition$|kube-aggregator\.pkg\.apis\.apiregistration\.v1\.APIService$)"
    )
    for name, definition in table.source.items():
        if re.match(wanted, name) and ("metadata" in definition.get("properties", {})) and not name.endswith("List"):
            table.add(name)
    for name in (META + "DeleteOptions", META + "LabelSelector"):
        table.add(name)
    for cls, name in GROUPS.items():
        table.newer(cls, name)
    print(json.dumps(dict(sorted(table.out.items())), separators=(",", ":"), sort_keys=True))  # noqa: T201   # its output


if __name__ == "__main__":
    main()
