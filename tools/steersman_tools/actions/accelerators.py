"""Actions on accelerators that need no host: the MIG profile that the GPU operator makes, and a power limit that ends with its Job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ..edits import put
from ..fields import Fields
from ..types import Json, JsonObject, Ref
from .base import Base, Effect, Name, Unfit, as_json, as_object

MIG_LABEL = "nvidia.com/mig.config"
"""What the GPU operator's MIG manager obeys (docs.nvidia.com, gpu-operator-mig)."""
IMAGE = "nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04"
"""Any image will do: NVIDIA's container runtime brings nvidia-smi along."""
HOLD = """\
limit() { for device in $DEVICES; do nvidia-smi -i "$device" -pl "$1" || return 1; done; }
trap 'limit "$BEFORE"; exit 0' TERM INT
limit "$WATTS" || exit 1
while :; do sleep 3600 & wait $!; done
"""
"""Sets the limit and holds it; when it is ended, the old limit comes back."""
Watts = Annotated[int, Field(ge=25, le=3000)]


class SetMigProfile(Base):
    """Has the MIG manager cut a drained node's GPUs anew."""

    kinds: ClassVar = ("Node",)
    do: Literal["SetMigProfile"] = "SetMigProfile"
    profile: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.+-]{0,62}$")]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        node = Fields(dict(obj))
        if not node.flag("spec.unschedulable"):
            raise Unfit(f"{self.target} still takes pods: drain it before its GPUs are cut anew.")
        state = node.map("metadata.labels").get(f"{MIG_LABEL}.state")
        if state in ("pending", "rebooting"):
            raise Unfit(f"The MIG manager is at work on {self.target} ({state}): wait for it.")
        return as_object(put(as_json(obj), f"metadata.labels['{MIG_LABEL}']", self.profile))

    @property
    def words(self) -> str:
        return f"set the MIG profile of {self.target} to {self.profile}"


class CapPower(Base):
    """Holds devices of a node at a lower power limit for as long as its Job lives; the undo deletes the Job, which puts the old
    limit back."""

    effect: ClassVar[Effect] = "create"
    kinds: ClassVar = ("Job",)
    do: Literal["CapPower"] = "CapPower"
    node: Name
    devices: Annotated[tuple[Name, ...], Field(min_length=1, max_length=16)]
    watts: Watts
    before: Watts
    image: Name = IMAGE

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if self.watts >= self.before:
            raise Unfit(f"{self.watts} W is no lower limit than {self.before} W.")
        environment: list[Json] = [
            {"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
            {"name": "DEVICES", "value": " ".join(self.devices)},
            {"name": "WATTS", "value": str(self.watts)},
            {"name": "BEFORE", "value": str(self.before)},
        ]
        container: dict[str, Json] = {
            "name": "hold", "image": self.image, "command": ["sh", "-c", HOLD], "env": environment,
            "securityContext": {"privileged": True}, "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
        }  # fmt: skip
        pod: dict[str, Json] = {
            "nodeName": self.node, "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 30,
            "tolerations": [{"operator": "Exists"}], "containers": [container],
        }  # fmt: skip
        metadata: dict[str, Json] = {"name": self.target.name, "namespace": self.target.namespace}
        return {
            "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"backoffLimit": 3, "template": {"spec": pod}},
        }  # fmt: skip

    @property
    def words(self) -> str:
        return f"hold {', '.join(self.devices)} of /Node/{self.node} at {self.watts} W (now {self.before} W)"
