"""PersistentVolumes, claims and storage classes."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, only, put, told, truth
from ..outline import Described, Section
from .common import comma, conditions, listed, metadata
from .volumes import volume_source

_MODES = {"RWO": "ReadWriteOnce", "ROX": "ReadOnlyMany", "RWX": "ReadWriteMany", "RWOP": "ReadWriteOncePod"}
_RULE = re.compile(r"(?:Term \d+: +)?([\w./-]+) (in|notin|exists|doesnotexist|gt|lt)(?: \[(.*)\])?$")
_OPERATORS = {
    "in": "In", "notin": "NotIn", "exists": "Exists", "doesnotexist": "DoesNotExist", "gt": "Gt", "lt": "Lt",
}  # fmt: skip
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def persistent_volume(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "spec.storageClassName", text.section("StorageClass").value if text.has("StorageClass") else None)
    namespace, slash, name = (text.value("Claim") or "").partition("/")
    if slash:
        put(obj, "spec.claimRef", {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": name})
    put(obj, "spec.persistentVolumeReclaimPolicy", text.value("Reclaim Policy"))
    put(obj, "spec.accessModes", modes(text.value("Access Modes")))
    put(obj, "spec.volumeMode", text.value("VolumeMode"))
    put(obj, "spec.capacity.storage", text.value("Capacity"))
    put(obj, "spec.nodeAffinity.required.nodeSelectorTerms", _terms(text.section("Node Affinity")))
    source = volume_source(text.section("Source").entries)
    if source is None and text.has("Source"):
        text.odd.append("Source")
    put(obj, "status.phase", _phase(text))
    put(obj, "status.message", text.value("Message"))
    spec = obj.get("spec")
    if source and isinstance(spec, dict):
        spec.update(source)
    return obj


def claim(text: Described) -> Object:
    """A claim. What an unbound one asks for, the description does not tell."""
    obj = metadata(text)
    put(obj, "spec.storageClassName", text.section("StorageClass").value if text.has("StorageClass") else None)
    put(obj, "spec.volumeName", text.value("Volume"))
    put(obj, "spec.volumeMode", text.value("VolumeMode"))
    put(obj, "status.phase", _phase(text))
    put(obj, "status.capacity.storage", text.value("Capacity"))
    put(obj, "status.accessModes", modes(text.value("Access Modes")))
    put(obj, "status.conditions", conditions(text.section("Conditions")))
    return obj


def storage_class(text: Described) -> Object:
    obj = metadata(text)
    obj["metadata"] = only(name=text.value("Name"))
    if text.section("IsDefaultClass").value == "Yes":
        put(obj, "metadata.annotations", {_DEFAULT: "true"})
    put(obj, "provisioner", text.value("Provisioner"))
    put(obj, "parameters", listed(text.value("Parameters")))
    put(obj, "allowVolumeExpansion", truth(text.section("AllowVolumeExpansion").value))
    put(obj, "mountOptions", list[Json](text.section("MountOptions").texts))
    put(obj, "reclaimPolicy", text.value("ReclaimPolicy"))
    put(obj, "volumeBindingMode", text.value("VolumeBindingMode"))
    return obj


def modes(text: str | None) -> list[Json]:
    """`RWO,ROX` in full."""
    return [_MODES.get(str(mode), mode) for mode in comma(text)]


def _phase(text: Described) -> str | None:
    """The phase; of an object that is being deleted, the text tells no more than that."""
    status = text.section("Status").value
    return None if status.startswith("Terminating") else told(status)


def _terms(section: Section) -> list[Json]:
    """The terms, each of one rule a line."""
    found: list[Json] = []
    rules: list[Json] = []
    for line in section.lines:
        text = line.strip()
        if text.startswith("Term "):
            rules = []
            found.append({"matchExpressions": rules})
        if (match := _RULE.match(text)) and found:
            values: list[Json] = comma(match[3])
            rules.append(only(key=match[1], operator=_OPERATORS[match[2]], values=values))
    return [term for term in found if term != {"matchExpressions": []}]
