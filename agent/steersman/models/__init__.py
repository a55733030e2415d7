"""Language models behind one seam: they answer in types, within budgets, and hold nothing that could change a cluster."""

from .base import Call, Message, Model, ModelFailed, Prompt, Reply, Shape, Speaker, Tool, ToolRefused, ToolSpec, Usage
from .budget import Budget, Meter, OverBudget, Price

__all__ = [
    "Budget",
    "Call",
    "Message",
    "Meter",
    "Model",
    "ModelFailed",
    "OverBudget",
    "Price",
    "Prompt",
    "Reply",
    "Shape",
    "Speaker",
    "Tool",
    "ToolRefused",
    "ToolSpec",
    "Usage",
]
