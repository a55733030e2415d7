"""Devices of the twin: a ladder of qubits with errors drawn from a seed, in the form of IBM's configuration and properties."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue

BASIS = ("cz", "id", "rz", "sx", "x")
DAILY = timedelta(days=1)


@dataclass
class Device:
    """What is fixed about a device, and when and how well it was calibrated."""

    name: str
    qubits: int = 16
    max_shots: int = 100_000
    max_circuits: int = 300
    clops: float = 200_000
    calibrated_at: datetime = field(default_factory=lambda: datetime(2026, 1, 1))  # noqa: DTZ001  set by the twin
    two_qubit_error: float = 0.004
    readout_error: float = 0.01
    worse: dict[int, float] = field(default_factory=dict)
    """By qubit: by how much its errors are larger since the newest calibration."""
    dead_edges: set[tuple[int, int]] = field(default_factory=set)

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Two rails with a rung at every fourth qubit."""
        half = self.qubits // 2
        rails = [(i, i + 1) for i in range(self.qubits - 1) if i + 1 != half]
        return rails + [(i, i + half) for i in range(0, half, 4)]

    def configuration(self) -> dict[str, JsonValue]:
        """The body of GET /backends/{name}/configuration."""
        coupling: list[JsonValue] = [[a, b] for e in self.edges for a, b in (e, e[::-1])]
        singles: list[JsonValue] = [[i] for i in range(self.qubits)]
        gates: list[JsonValue] = [
            {
                "name": g,
                "parameters": [],
                "qasm_def": f"gate {g} q {{ }}",
                "coupling_map": coupling if g == "cz" else singles,
            }
            for g in BASIS
        ]
        return {
            "backend_name": self.name, "backend_version": "1.0.0", "n_qubits": self.qubits, "basis_gates": list(BASIS),
            "gates": gates, "local": False, "simulator": False, "conditional": False, "open_pulse": False, "memory": True,
            "max_shots": self.max_shots, "max_experiments": self.max_circuits, "coupling_map": coupling,
            "supported_instructions": [*BASIS, "delay", "measure", "reset"], "dt": 4.0, "dtm": 4.0, "credits_required": True,
            "processor_type": {"family": "Heron", "revision": "2"}, "n_registers": 1, "online_date": "2024-05-14T04:00:00+00:00",
            "description": f"{self.qubits} qubit device", "rep_delay_range": [0.0, 500.0], "default_rep_delay": 250.0,
            "timing_constraints": {"acquire_alignment": 1, "granularity": 1, "min_length": 2, "pulse_alignment": 1},
            "supported_features": ["qasm3"], "dynamic_reprate_enabled": True, "parametric_pulses": [], "url": "None",
        }  # fmt: skip

    def properties(self, before: datetime | None = None) -> dict[str, JsonValue]:
        """The body of GET /backends/{name}/properties: the newest calibration, or that in force at a moment."""
        at, newest = self.calibrated_at, True
        while before is not None and at > before:
            at, newest = at - DAILY, False
        rng = random.Random(f"{self.name} {at.date()}")
        return {
            "backend_name": self.name,
            "backend_version": "1.0.0",
            "last_update_date": at.isoformat(),
            "qubits": [self._qubit(i, at, rng, self._factor(newest, i)) for i in range(self.qubits)],
            "gates": self._gates(at, rng, newest),
            "general": [],
        }

    def _factor(self, newest: bool, *qubits: int) -> float:  # noqa: FBT001  which of two calibrations
        return max([self.worse.get(q, 1.0) for q in qubits] if newest else [1.0])

    def _qubit(self, index: int, at: datetime, rng: random.Random, factor: float) -> list[JsonValue]:
        date = at.isoformat()
        own = random.Random(f"{self.name} {index}").uniform(0.8, 1.25) * rng.uniform(0.92, 1.08)
        values = (
            ("T1", "us", 180 / own / factor), ("T2", "us", 120 / own / factor), ("frequency", "GHz", 4.9 + 0.01 * index),
            ("readout_error", "", min(self.readout_error * own * factor, 0.5)),
        )  # fmt: skip
        return [{"date": date, "name": n, "unit": u, "value": v} for n, u, v in values]

    def _gates(self, at: datetime, rng: random.Random, newest: bool) -> list[JsonValue]:  # noqa: FBT001
        date, made = at.isoformat(), list[JsonValue]()

        def gate(name: str, qubits: tuple[int, ...], error: float, length: float) -> dict[str, JsonValue]:
            parameters: list[JsonValue] = [
                {"date": date, "name": "gate_error", "unit": "", "value": error},
                {"date": date, "name": "gate_length", "unit": "ns", "value": length},
            ]
            return {
                "gate": name,
                "name": name + "_".join(map(str, qubits)),
                "qubits": list(qubits),
                "parameters": parameters,
            }

        for name in ("id", "sx", "x"):
            made += [gate(name, (i,), 2.5e-4 * rng.uniform(0.9, 1.1), 32) for i in range(self.qubits)]
        made += [gate("rz", (i,), 0.0, 0) for i in range(self.qubits)]
        for a, b in self.edges:
            own = random.Random(f"{self.name} {a} {b}").uniform(0.8, 1.25) * rng.uniform(0.92, 1.08)
            error = (
                1.0 if newest and (a, b) in self.dead_edges else self.two_qubit_error * own * self._factor(newest, a, b)
            )
            made += [gate("cz", pair, min(error, 1.0), 84) for pair in ((a, b), (b, a))]
        return made
