"""Answers to people: what they want is looked up, a model may explain it, and what would change something is only ever a proposal."""

from .case import Case, open_case
from .explain import explain
from .replies import Reply, answer
from .seams import Library, Passage, QuantumView

__all__ = ["Case", "Library", "Passage", "QuantumView", "Reply", "answer", "explain", "open_case"]
