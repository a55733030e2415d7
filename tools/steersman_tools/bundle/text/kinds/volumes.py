"""Volumes of pods and sources of PersistentVolumes: one table says which line is which field."""

from __future__ import annotations

from collections.abc import Sequence

from ....types import Json
from ..build import Object, number, only, put, told, truth
from ..outline import Section
from .common import labels

_COMMON = {"FSType": "fsType", "ReadOnly": "readOnly", "Path": "path", "VolumeID": "volumeID", "Partition": "partition"}
_KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "HostPath": ("hostPath", {"HostPathType": "type"}),
    "EmptyDir": ("emptyDir", {"Medium": "medium", "SizeLimit": "sizeLimit"}),
    "Secret": ("secret", {"SecretName": "secretName", "Optional": "optional"}),
    "ConfigMap": ("configMap", {"Name": "name", "Optional": "optional"}),
    "PersistentVolumeClaim": ("persistentVolumeClaim", {"ClaimName": "claimName"}),
    "LocalVolume": ("local", {}),
    "NFS": ("nfs", {"Server": "server"}),
    "CSI": ("csi", {"Driver": "driver", "VolumeHandle": "volumeHandle"}),
    "GCEPersistentDisk": ("gcePersistentDisk", {"PDName": "pdName"}),
    "AWSElasticBlockStore": ("awsElasticBlockStore", {}),
    "AzureDisk": (
        "azureDisk", {"DiskName": "diskName", "DiskURI": "diskURI", "Kind": "kind", "CachingMode": "cachingMode"},
    ),
    "AzureFile": (
        "azureFile", {"SecretName": "secretName", "SecretNamespace": "secretNamespace", "ShareName": "shareName"},
    ),
    "Cinder": ("cinder", {}),
    "ISCSI": ("iscsi", {"TargetPortal": "targetPortal", "IQN": "iqn", "Lun": "lun"}),
    "Glusterfs": ("glusterfs", {"EndpointsName": "endpoints"}),
    "RBD": ("rbd", {"RBDImage": "image", "RBDPool": "pool", "RadosUser": "user", "Keyring": "keyring"}),
    "CephFS": ("cephfs", {"User": "user", "SecretFile": "secretFile"}),
    "FC": ("fc", {"LUN": "lun"}),
    "FlexVolume": ("flexVolume", {"Driver": "driver"}),
    "vSphereVolume": ("vsphereVolume", {"VolumePath": "volumePath", "StoragePolicyName": "storagePolicyName"}),
    "PortworxVolume": ("portworxVolume", {}),
    "Image": ("image", {"Reference": "reference", "PullPolicy": "pullPolicy"}),
    "GitRepo": ("gitRepo", {"Repository": "repository", "Revision": "revision"}),
}  # fmt: skip
_FLAGS = {"readOnly", "optional"}
_NUMBERS = {"partition", "lun"}


def volumes(section: Section, odd: list[str]) -> list[Json]:
    """The volumes of a pod or of a pod template."""
    found: list[Json] = []
    for entry in section.entries:
        source = volume_source(entry.entries)
        if source is None:
            odd.append(f"volume {entry.title}")
        found.append({"name": entry.title, **(source or {})})
    return found


def volume_source(parts: Sequence[Section]) -> Object | None:
    """`{"configMap": {...}}` from the lines below a volume's name; None for a type that is not known here."""
    word = next((part.value for part in parts if part.title == "Type"), "").partition(" ")[0]
    if word == "Projected":
        return {"projected": {"sources": _projected(parts)}}
    if word == "DownwardAPI":
        return {"downwardAPI": {"items": _items(parts)}}
    if word == "EphemeralVolume":
        return {"ephemeral": {"volumeClaimTemplate": {"spec": _claim(parts)}}}
    if word not in _KINDS:
        return None
    path, names = _KINDS[word]
    source: Object = {}
    for part in parts:
        if name := names.get(part.title) or _COMMON.get(part.title):
            put(source, name, _value(name, part.value))
    if attributes := next((p for p in parts if p.title == "VolumeAttributes"), None):
        put(source, "volumeAttributes", labels(attributes.texts))
    return {path: source}


def _value(name: str, text: str) -> Json:
    if name in _FLAGS:
        return truth(text) or None
    return number(text) if name in _NUMBERS else told(text)


def _projected(parts: Sequence[Section]) -> list[Json]:
    """The sources in their order; `Optional` belongs to the one before it."""
    found: list[Json] = []
    last: Object = {}
    for part in parts:
        match part.title:
            case "SecretName" | "ConfigMapName" as title:
                last = only(name=told(part.value))
                found.append({"secret" if title == "SecretName" else "configMap": last})
            case "DownwardAPI":
                found.append({"downwardAPI": {}})
            case "TokenExpirationSeconds":
                found.append({"serviceAccountToken": only(expirationSeconds=number(part.value))})
            case "Optional" | "SecretOptionalName" | "ConfigMapOptional" if truth(part.value):
                last["optional"] = True
    return found


def _items(parts: Sequence[Section]) -> list[Json]:
    """`metadata.labels -> labels` lines."""
    lines = next((p.lines for p in parts if p.title == "Items"), [])
    pairs = (line.strip().partition(" -> ") for line in lines)
    return [
        {"path": path, "resourceFieldRef" if field.startswith(("limits.", "requests.")) else "fieldRef":
            {"resource": field} if field.startswith(("limits.", "requests.")) else {"fieldPath": field}}
        for field, arrow, path in pairs
        if arrow
    ]  # fmt: skip


def _claim(parts: Sequence[Section]) -> Object:
    by = {part.title: part.value for part in parts}
    return only(
        storageClassName=told(by.get("StorageClass", "")),
        volumeName=told(by.get("Volume", "")),
        volumeMode=told(by.get("VolumeMode", "")),
    )
