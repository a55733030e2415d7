"""Defaults of claims, volumes and storage classes."""

from __future__ import annotations

from ..objects import Obj


def claim(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    spec.setdefault("volumeMode", "Filesystem")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def volume(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")
    spec.setdefault("volumeMode", "Filesystem")
    if "hostPath" in spec:
        spec["hostPath"].setdefault("type", "")
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def storage_class(obj: Obj) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")
