"""Quantities in the one form in which the API server writes them back: `0.5` as `500m`, `1024Mi` as `1Gi`.

Source: k8s.io/apimachinery/pkg/api/resource, Quantity.CanonicalizeBytes.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?")
_SI = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


@lru_cache(maxsize=4096)
def canonical(text: str) -> str | None:
    """The canonical form of a quantity; None when the text is none."""
    if not (found := _FORM.fullmatch(text)):
        return None
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        value = number * 1024 ** _BINARY[suffix]
        if value == value.to_integral_value() and abs(value) >= 1024:
            power = max((p for p in range(7) if value % 1024**p == 0), default=0)
            return f"{int(value) // 1024**power}{next((s for s, p in _BINARY.items() if p == power), '')}"
        return _decimal(value)
    if suffix[:1] in ("e", "E") and suffix != "E":
        return _decimal(number * Decimal(10) ** int(suffix[1:]), exponent=True)
    return _decimal(number * Decimal(10) ** _SI[suffix])


def _decimal(value: Decimal, *, exponent: bool = False) -> str:
    if value == 0:
        return "0"
    for suffix, power in reversed(_SI.items()):
        scaled = value / Decimal(10) ** power
        if scaled == scaled.to_integral_value():
            tail = f"e{power}" if exponent and power else suffix if not exponent else ""
            return f"{int(scaled)}{tail}"
    return f"{int((value * 10**9).to_integral_value(rounding='ROUND_UP'))}n"
