"""Answers to people: what they want is looked up, a model may explain it, and what would change something is only ever a proposal."""

from .case import Case, case_of, open_case
from .explain import explain
from .replies import Reply, answer

__all__ = ["Case", "Reply", "answer", "case_of", "explain", "open_case"]
