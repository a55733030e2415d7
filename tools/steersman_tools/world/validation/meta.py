"""Validation of metadata: names, labels, annotations, owners, finalizers, and what an update may not change."""

from __future__ import annotations

from ..api.kinds import Type
from ..objects import Obj
from .base import LABEL_1035, LABEL_1035_TEXT, QUALIFIED, Errors

_LABEL_NAMES = frozenset({"namespaces"})
_PATH_NAMES = "rbac.authorization.k8s.io"
_BOUND = 256 * 1024


def created_meta(kind: Type, obj: Obj, errors: Errors) -> None:
    """Checks the metadata of a new object."""
    meta = obj["metadata"]
    name = meta.get("name", "")
    if not name:
        errors.required("metadata.name", "name or generateName is required")
    else:
        _name(kind, name, errors)
    _common(meta, errors)


def _name(kind: Type, name: str, errors: Errors) -> None:
    if kind.group == _PATH_NAMES:
        if name in (".", "..") or "/" in name or "%" in name:
            errors.invalid("metadata.name", name, "may not contain '/'" if "/" in name else "may not contain '%'")
    elif kind.id == "services":
        if len(name) > 63:
            errors.invalid("metadata.name", name, "must be no more than 63 characters")
        if not LABEL_1035.fullmatch(name):
            errors.invalid("metadata.name", name, LABEL_1035_TEXT)
    elif kind.id in _LABEL_NAMES:
        errors.label("metadata.name", name)
    else:
        errors.subdomain("metadata.name", name)


def _common(meta: Obj, errors: Errors) -> None:
    errors.labels("metadata.labels", meta.get("labels") or {})
    annotations = meta.get("annotations") or {}
    for key in annotations:
        errors.qualified("metadata.annotations", key.lower())
    if sum(len(k) + len(v) for k, v in annotations.items()) > _BOUND:
        errors.too_long("metadata.annotations", "", _BOUND)
    for index, owner in enumerate(meta.get("ownerReferences") or ()):
        path = f"metadata.ownerReferences[{index}]"
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                errors.invalid(
                    f"{path}.{field}",
                    owner.get(field, ""),
                    f"{'version' if field == 'apiVersion' else field} must not be empty",
                )
    controllers = [o for o in meta.get("ownerReferences") or () if o.get("controller")]
    if len(controllers) > 1:
        errors.invalid(
            "metadata.ownerReferences",
            "",
            f'Only one reference can have Controller set to true. Found "true" in references for {controllers[0].get("name")} and {controllers[1].get("name")}',
        )
    for finalizer in meta.get("finalizers") or ():
        _finalizer(finalizer, errors)


def _finalizer(name: str, errors: Errors) -> None:
    if "/" not in name and name not in ("orphan", "foregroundDeletion", "kubernetes"):
        if not QUALIFIED.fullmatch(name):
            errors.qualified("metadata.finalizers", name)
        else:
            errors.invalid(
                "metadata.finalizers[0]", name, "name is neither a standard finalizer name nor is it fully qualified"
            )


def updated_meta(kind: Type, old: Obj, new: Obj, errors: Errors) -> None:
    """Checks what an update does to the metadata."""
    before, after = old["metadata"], new["metadata"]
    _common(after, errors)
    if before.get("deletionTimestamp"):
        fresh = [f for f in after.get("finalizers") or () if f not in (before.get("finalizers") or ())]
        if fresh:
            errors.forbidden(
                "metadata.finalizers",
                f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{', '.join(map(_quoted, fresh))}}}",
            )
    for field in ("name", "namespace", "uid", "creationTimestamp"):
        if before.get(field) != after.get(field):
            errors.immutable(f"metadata.{field}", before.get(field), after.get(field))


def _quoted(text: str) -> str:
    return f'"{text}"'
