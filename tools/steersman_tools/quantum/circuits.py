"""How large a circuit is: read from its OpenQASM text, and, where Qiskit is installed, as it would be after compiling it."""

from __future__ import annotations

import re
from math import prod

from ..types import Frozen, ToolFailed
from . import transpile
from .types import Backend

_REGISTER = re.compile(
    r"^\s*(?:qreg\s+(?P<a>\w+)\s*\[(?P<n>\d+)\]|qubit\s*\[(?P<m>\d+)\]\s*(?P<b>\w+)|qubit\s+(?P<c>\w+))", re.M
)
_CALL = re.compile(r"^\s*(?P<gate>[a-zA-Z_]\w*)\s*(?:\([^;]*?\))?\s+(?P<on>[\w$\[\]\s,]+);", re.M)
_NOT_GATES = (
    "qreg",
    "creg",
    "qubit",
    "bit",
    "include",
    "measure",
    "barrier",
    "reset",
    "openqasm",
    "gate",
    "def",
    "input",
    "output",
)


class Size(Frozen):
    """Counts of one circuit. `method` says whether they are as written or as compiled for a backend."""

    qubits: int
    depth: int
    one_qubit: int
    two_qubit: int
    success: float | None = None
    """The product of what each gate and readout gets right, 0..1."""
    method: str = "as written"


def read(text: str) -> Size:
    """The circuit as it is written. Raises ToolFailed where it declares no qubits."""
    bare = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    bare = re.sub(r"\bgate\s+\w+[^{]*\{[^}]*\}", "", bare)
    registers = {
        (m["a"] or m["b"] or m["c"]): int(m["n"] or m["m"] or 1) for m in _REGISTER.finditer(bare.replace(";", ";\n"))
    }
    if not registers:
        raise ToolFailed("The file declares no qubits: is it OpenQASM 2 or 3?")
    levels: dict[str, int] = {}
    one = two = 0
    for call in _CALL.finditer(bare.replace(";", ";\n")):
        operands = [o.strip() for o in call["on"].split(",")]
        if call["gate"].lower() in _NOT_GATES:
            continue
        width = max(registers.get(o, 1) if "[" not in o else 1 for o in operands)
        one, two = (one + width, two) if len(operands) == 1 else (one, two + width * (len(operands) - 1))
        for index in range(width):
            on = [o if "[" in o else f"{o}[{index}]" for o in operands]
            level = 1 + max(levels.get(o, 0) for o in on)
            levels.update(dict.fromkeys(on, level))
    return Size(qubits=sum(registers.values()), depth=max(levels.values(), default=0), one_qubit=one, two_qubit=two)


def on(text: str, size: Size, backend: Backend) -> Size:
    """The circuit on the backend: compiled where that is possible, else its counts with the backend's median errors."""
    if transpile.available() and backend.calibration and backend.basis:
        return transpile.sized(text, backend)
    calibration = backend.calibration
    if calibration is None:
        return size
    parts = (
        (1 - (calibration.two_qubit_median or 0)) ** size.two_qubit,
        (1 - (calibration.one_qubit_median or 0)) ** size.one_qubit,
        (1 - (calibration.readout_median or 0)) ** size.qubits,
    )
    return size.model_copy(update={"success": prod(parts), "method": "as written, not routed; median errors"})
