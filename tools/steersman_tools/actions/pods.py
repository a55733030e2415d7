"""The one way in which a pod is deleted: when it does no work and never will.

Source: kubernetes.io/docs/concepts/workloads/controllers/statefulset, "Forced rollback": with ordered pods, a template that is put right
again does not replace a pod that was made from the wrong one; it must be deleted by hand. And .../pod-lifecycle: what is left of an
evicted pod stays until somebody deletes it (or 12,500 of them have gathered), and is reported as not ready all the while.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from ..fields import Fields
from ..types import JsonObject, Ref
from .base import Base, Effect, Unfit


class ClearPod(Base):
    """Deletes a pod that has failed and been replaced, or that is not ready and keeps its StatefulSet waiting. Its volumes stay."""

    effect: ClassVar[Effect] = "delete"
    reversible: ClassVar[bool] = False
    kinds: ClassVar = ("Pod",)
    do: Literal["ClearPod"] = "ClearPod"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        pod = Fields(dict(obj))
        makers = {o.text("kind") for o in pod.each("metadata.ownerReferences") if o.flag("controller")}
        if not makers & {"StatefulSet", "ReplicaSet", "DaemonSet"}:
            raise Unfit(f"{self.target} belongs to no controller that would make it anew.")
        ready = pod.condition("Ready").text("status") == "True"
        if ready or ("StatefulSet" not in makers and pod.text("status.phase") != "Failed"):
            raise Unfit(f"{self.target} is at work, or may still be: it is left alone.")
        return obj

    @property
    def words(self) -> str:
        return f"delete {self.target}, which does no work; its controller makes what is missing"
