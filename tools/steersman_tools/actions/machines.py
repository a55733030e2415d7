"""Actions on machines, each through whoever may touch hosts here: an agent that obeys an annotation, or NVSentinel's
janitor. They end when the machine is well again with all its devices, never when the request was merely accepted.

Source: NVIDIA/NVSentinel janitor/api/v1alpha1 (RebootNode{spec.nodeName, force}, GPUReset{spec.nodeName, selector.uuids},
status.completionTime "regardless of the outcome").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ..edits import put
from ..fields import Fields
from ..quantity import amount
from ..types import Json, JsonObject, Ref
from .base import Base, Effect, Name, Unfit, as_json, as_object

JANITOR = "janitor.dgxc.nvidia.com/v1alpha1"
RebootBy = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$", max_length=253)]


class _Machine(Base):
    """What all of them know of the node: how it was, and what it must offer again."""

    reversible: ClassVar[bool] = False
    patience: ClassVar[float] = 1200.0
    settling: ClassVar[float] = 300.0
    """A driver that is loaded anew takes minutes after the node is ready."""

    boot_id: Annotated[str, StringConstraints(max_length=253)] = ""
    """The node's `status.nodeInfo.bootID` before: another one proves the reboot."""
    resource: Annotated[str, StringConstraints(max_length=253)] = ""
    devices: Annotated[int, Field(ge=0, le=1024)] = 0
    """So many of the resource must be allocatable again; 0: nobody knows how many."""

    def _back(self, node: Fields) -> bool:
        ready = node.condition("Ready").text("status") == "True"
        offered = amount(node.map("status.allocatable").get(self.resource, "0")) if self.resource else 0.0
        return ready and offered >= self.devices

    def _rebooted(self, node: Fields) -> bool:
        return node.text("status.nodeInfo.bootID") not in ("", self.boot_id)


class _Reboot(_Machine):
    """A reboot has happened when the node has another boot, and is over when it offers again what it offered."""

    def happened(self, obj: JsonObject) -> bool:
        return self._rebooted(Fields(dict(obj)))

    def arrived(self, obj: JsonObject) -> bool:
        node = Fields(dict(obj))
        return self._rebooted(node) and self._back(node)


class RebootNode(_Reboot):
    """Asks the site's own agent for a reboot by an annotation on the Node, and waits until it is back."""

    kinds: ClassVar = ("Node",)
    do: Literal["RebootNode"] = "RebootNode"
    annotation: RebootBy

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if not Fields(dict(obj)).flag("spec.unschedulable"):
            raise Unfit(f"{self.target} still takes pods: drain it before it is rebooted.")
        return as_object(put(as_json(obj), f"metadata.annotations['{self.annotation}']", "reboot"))

    def awaits(self) -> Ref:
        return self.target

    @property
    def words(self) -> str:
        return f"have {self.target} rebooted ({self.annotation}=reboot) and wait until it is back{_with(self.devices)}"


class CleanDisk(Base):
    """Asks the site's own agent to free the node's disk of what nothing uses (unused images, dead containers, rotated logs), by an
    annotation on the Node, and waits until kubelet takes its word back."""

    kinds: ClassVar = ("Node",)
    reversible: ClassVar[bool] = False
    patience: ClassVar[float] = 900.0
    settling: ClassVar[float] = 900.0
    """Kubelet holds to a pressure for five minutes after it is over (--eviction-pressure-transition-period)."""
    do: Literal["CleanDisk"] = "CleanDisk"
    annotation: RebootBy

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if not _under_pressure(obj):
            raise Unfit(f"{self.target} has room on its disk.")
        return as_object(put(as_json(obj), f"metadata.annotations['{self.annotation}']", "clean_disk"))

    def awaits(self) -> Ref:
        return self.target

    def happened(self, obj: JsonObject) -> bool:
        return not _under_pressure(obj)

    def arrived(self, obj: JsonObject) -> bool:
        return not _under_pressure(obj)

    @property
    def words(self) -> str:
        return f"have the disk of {self.target} cleaned ({self.annotation}=clean_disk) and wait until there is room"


def _under_pressure(node: JsonObject) -> bool:
    return Fields(dict(node)).condition("DiskPressure").text("status") == "True"


class RequestReboot(_Reboot):
    """Creates the janitor's RebootNode object, and waits until the node is back."""

    effect: ClassVar[Effect] = "create"
    kinds: ClassVar = ("RebootNode",)
    do: Literal["RequestReboot"] = "RequestReboot"
    node: Name

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return _order(self.target, {"nodeName": self.node, "force": False})

    def awaits(self) -> Ref:
        return Ref("", "Node", self.node)

    @property
    def words(self) -> str:
        return f"have the janitor reboot /Node/{self.node} and wait until it is back{_with(self.devices)}"


class RequestReset(_Machine):
    """Creates the janitor's GPUReset object for some devices, and waits until it has ended."""

    effect: ClassVar[Effect] = "create"
    kinds: ClassVar = ("GPUReset",)
    do: Literal["RequestReset"] = "RequestReset"
    node: Name
    uuids: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64)]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return _order(self.target, {"nodeName": self.node, "selector": {"uuids": list(self.uuids)}})

    def awaits(self) -> Ref:
        return self.target

    def arrived(self, obj: JsonObject) -> bool:
        reset = Fields(dict(obj))
        if reset.text("status.phase") == "Failed":
            raise Unfit(f"The janitor could not reset {', '.join(self.uuids)}: reboot {self.node}.")
        return bool(reset.text("status.completionTime"))

    @property
    def words(self) -> str:
        return f"have the janitor reset {', '.join(self.uuids)} on /Node/{self.node} and wait until it has"


def _order(target: Ref, spec: dict[str, Json]) -> JsonObject:
    return {"apiVersion": JANITOR, "kind": target.kind, "metadata": {"name": target.name}, "spec": spec}


def _with(devices: int) -> str:
    return f" with {devices} devices" if devices else ""
