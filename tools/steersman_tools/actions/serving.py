"""Actions on served models: how much traffic a canary gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..edits import put
from ..fields import Fields
from ..types import JsonObject, Ref
from .base import Base, Unfit, as_json, as_object

MODE = "serving.kserve.io/deploymentMode"
_NO_SPLIT = frozenset({"RawDeployment", "Standard"})
"""Modes of KServe without Knative, in which canaryTrafficPercent has no effect (kserve docs 0.16)."""


class ShiftCanary(Base):
    """Sets the share of traffic that the newest revision of an InferenceService gets; 0 gives all to the one before."""

    kinds: ClassVar = ("InferenceService",)
    do: Literal["ShiftCanary"] = "ShiftCanary"
    percent: Annotated[int, Field(ge=0, le=100)]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        service = Fields(dict(obj))
        mode = service.map("metadata.annotations").get(MODE) or service.text("status.deploymentMode")
        if mode in _NO_SPLIT:
            raise Unfit(f"{self.target} runs in mode {mode}, which splits no traffic: change the route's weights.")
        return as_object(put(as_json(obj), "spec.predictor.canaryTrafficPercent", self.percent))

    @property
    def words(self) -> str:
        return f"give the newest revision of {self.target} {self.percent} % of the traffic"
