"""The red team: prompt injections planted wherever text comes in, an adversary that obeys them all, and what must not come of it."""

from .judge import Outcome, attack, baseline
from .plant import Injection, injections

__all__ = ["Injection", "Outcome", "attack", "baseline", "injections"]
