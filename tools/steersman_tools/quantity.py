"""Kubernetes quantities (`250m`, `64Mi`, `2e3`) as numbers, and back for people.

Source: kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity.
"""

from __future__ import annotations

import re

_FORM = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkKMGTPE]i?)?")
_SUFFIX = {
    None: 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


def quantity(text: str) -> float | None:
    """The number that a quantity stands for (cores, bytes, pieces); None when the text is no quantity."""
    found = _FORM.fullmatch(text.strip())
    if not found or found[2] not in _SUFFIX:
        return None
    try:
        return float(found[1]) * _SUFFIX[found[2]]
    except ValueError:
        return None


def amount(text: str) -> float:
    """The number that a quantity stands for; what is absent or unreadable counts as nothing."""
    return quantity(text) or 0.0


def cores(value: float) -> str:
    """CPU for people: `250m`, `2`."""
    return f"{value:g}" if value == int(value) else f"{value * 1000:.0f}m"


def size(value: float) -> str:
    """Bytes for people: `64Mi`, `1.5Gi`."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if abs(value) >= _SUFFIX[unit]:
            return f"{value / _SUFFIX[unit]:.4g}{unit}"
    return f"{value:.0f}"
