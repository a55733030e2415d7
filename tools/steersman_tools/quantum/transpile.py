"""Circuits compiled anew for a backend as it is calibrated now. The only place that holds Qiskit's compiler; an optional extra."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from ..types import ToolFailed
from ..writer import Refused
from .types import Backend

if TYPE_CHECKING:
    from .circuits import Size

SEED = 7
LEVEL = 2


def available() -> bool:
    """Whether the extra `quantum` is installed."""
    return find_spec("qiskit") is not None and find_spec("qiskit_ibm_runtime") is not None


class Qiskit:
    """A Transpiler."""

    async def again(self, params: Mapping[str, JsonValue], backend: Backend) -> Mapping[str, JsonValue]:
        return await asyncio.to_thread(_again, params, backend)


def _again(params: Mapping[str, JsonValue], backend: Backend) -> Mapping[str, JsonValue]:
    from qiskit import QuantumCircuit, generate_preset_pass_manager  # noqa: PLC0415  heavy, and optional
    from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder  # noqa: PLC0415

    sent = json.loads(json.dumps(dict(params)), cls=RuntimeDecoder)
    compiler = generate_preset_pass_manager(LEVEL, target=target(backend), seed_transpiler=SEED)
    pubs = []
    for pub in sent.get("pubs") or ():
        circuit, *rest = pub
        if not isinstance(circuit, QuantumCircuit):
            raise Refused("This job's circuits are text and not Qiskit's: transpile them where they were written.")
        if rest and any(isinstance(part, (dict, list)) and "observable" in str(part) for part in rest[:1]):
            raise Refused(
                "This is an estimator's job, whose observables are laid out with the circuit: repeat it where it was written."
            )
        small = _used(circuit)
        if small.num_qubits > (backend.qubits or 0):
            raise Refused(f"The circuit needs {small.num_qubits} qubits; {backend.name} has {backend.qubits}.")
        pubs.append((compiler.run(small), *rest))
    made: dict[str, JsonValue] = json.loads(json.dumps({**sent, "pubs": pubs}, cls=RuntimeEncoder))
    return made


def sized(text: str, backend: Backend) -> Size:
    """The OpenQASM circuit compiled for the backend: its counts, and what it would get right. Raises ToolFailed."""
    from qiskit import QuantumCircuit, generate_preset_pass_manager, qasm2  # noqa: PLC0415  heavy, and optional

    from .circuits import Size  # noqa: PLC0415  it counts without a compiler by itself

    try:
        circuit = QuantumCircuit.from_qasm_str(text) if "OPENQASM 3" not in text else _qasm3(text)
    except (qasm2.QASM2ParseError, ValueError) as error:
        raise ToolFailed(f"The circuit cannot be read: {str(error).splitlines()[0]}") from error
    wanted = target(backend)
    made = generate_preset_pass_manager(LEVEL, target=wanted, seed_transpiler=SEED).run(circuit)
    right, one, two = 1.0, 0, 0
    for item in made.data:
        where = tuple(made.find_bit(q).index for q in item.qubits)
        found = wanted[item.operation.name].get(where) if item.operation.name in wanted.operation_names else None
        right *= 1 - ((found.error or 0.0) if found else 0.0)
        if item.operation.name not in ("measure", "barrier"):
            one, two = one + (len(where) == 1), two + (len(where) == 2)
    return Size(
        qubits=circuit.num_qubits, depth=made.depth(), one_qubit=one, two_qubit=two, success=right, method="compiled for it"
    )  # fmt: skip


def _qasm3(text: str) -> Any:
    if find_spec("qiskit_qasm3_import") is None:
        raise ToolFailed("OpenQASM 3 needs qiskit-qasm3-import beside Qiskit: install it, or give OpenQASM 2.")
    from qiskit import qasm3  # noqa: PLC0415

    return qasm3.loads(text)


def target(backend: Backend) -> Any:
    """Qiskit's description of the backend: its gates where they work, with their errors."""
    from qiskit.circuit.library import get_standard_gate_name_mapping  # noqa: PLC0415
    from qiskit.circuit.measure import Measure  # noqa: PLC0415
    from qiskit.transpiler import InstructionProperties, Target  # noqa: PLC0415

    known, calibration = get_standard_gate_name_mapping(), backend.calibration
    made = Target(num_qubits=backend.qubits)
    by_gate: dict[str, dict[tuple[int, ...], Any]] = {}
    for gate in calibration.gates if calibration else ():
        if gate.error is None or gate.error < 1:  # an error of 1: out of service
            by_gate.setdefault(gate.gate, {})[gate.qubits] = InstructionProperties(error=gate.error)
    for name, places in by_gate.items():
        if name in known and name in backend.basis:
            made.add_instruction(known[name], places)
    readout = (
        {(q.qubit,): InstructionProperties(error=q.readout_error) for q in calibration.qubits} if calibration else {}
    )
    made.add_instruction(Measure(), readout)
    return made


def _used(circuit: Any) -> Any:
    """The circuit without the qubits that it does not touch: what was laid out on one device is laid out anew on another."""
    from qiskit import QuantumCircuit, QuantumRegister  # noqa: PLC0415

    touched = {q for item in circuit.data if item.operation.name != "barrier" for q in item.qubits}
    order = [q for q in circuit.qubits if q in touched]
    register = QuantumRegister(len(order), "q")
    place = dict(zip(order, register, strict=True))
    made = QuantumCircuit(register, *circuit.cregs, name=circuit.name, metadata=circuit.metadata)
    for item in circuit.data:
        if qubits := [place[q] for q in item.qubits if q in place]:
            operation = item.operation
            if operation.name == "barrier":
                made.barrier(qubits)
            else:
                made.append(operation, qubits, item.clbits)
    return made
