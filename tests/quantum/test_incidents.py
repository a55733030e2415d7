"""Incidents on the twin, from the first look to a verified repair, with the sessions that people use."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

import pytest

from steersman.gate import load
from steersman.gather import Sources
from steersman.session import Actor, Equipment, Session
from steersman.types import Closed, Diagnosed, Request
from steersman_tools.quantum import transpile
from steersman_tools.quantum.alone import NoCluster
from steersman_tools.quantum.ibm import IbmQuantum
from steersman_tools.quantum.twin.incidents import INCIDENTS, PROGRAM, Incident
from steersman_tools.quantum.twin.state import Twin
from steersman_tools.quantum.writer import QueueWriter, WithQueues
from steersman_tools.world.clock import SimulatedClock

IDS = [i.name for i in INCIDENTS]


def session(ibm: IbmQuantum, clock: SimulatedClock) -> Session:
    """A session of somebody who has no cluster and one quantum account."""
    compiler = transpile.Qiskit() if transpile.available() else None
    gear = Equipment(WithQueues(None, QueueWriter((ibm,), compiler)), load(), Actor(id="ada"))
    return Session(Sources(NoCluster(clock), providers=(ibm,)), clock, equipment=gear)


def bell() -> dict[str, Any]:
    """A Bell pair as IBM's client sends it, laid out on the twin's first device."""
    qiskit = importlib.import_module("qiskit")
    encoder = importlib.import_module("qiskit_ibm_runtime.json").RuntimeEncoder
    circuit = qiskit.QuantumCircuit(16)
    circuit.h(3)
    circuit.cx(3, 11)
    circuit.measure_all()
    made: dict[str, Any] = json.loads(json.dumps({**PROGRAM, "pubs": [(circuit,)]}, cls=encoder))
    return made


def needs_circuits(incident: Incident, twin: Twin) -> None:
    if not incident.circuits:
        return
    if not transpile.available():
        why = "the extra is not installed: uv sync --extra quantum"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    for job in twin.jobs.values():
        job.params = bell()


async def diagnosed(ibm: IbmQuantum, clock: SimulatedClock) -> Diagnosed:
    found = [e.event async for e in session(ibm, clock).start(Request())]
    return next(e for e in found if isinstance(e, Diagnosed))


async def test_a_healthy_account_is_healthy(ibm: IbmQuantum, twin: Twin, clock: SimulatedClock) -> None:
    """A job that waits its turn is nothing wrong."""
    twin.submit("ibm_fez", "sampler", dict(PROGRAM), [])
    assert (await diagnosed(ibm, clock)).diagnosis.healthy


@pytest.mark.parametrize("incident", INCIDENTS, ids=IDS)
async def test_each_incident_is_named_first(
    incident: Incident, ibm: IbmQuantum, twin: Twin, clock: SimulatedClock
) -> None:
    """The fault and the very thing at rank 1, with evidence that can be looked up."""
    name = incident.breaks(twin)
    answer = (await diagnosed(ibm, clock)).diagnosis
    first = answer.causes[0]
    assert (first.fault, str(first.entity)) == (incident.fault, f"quantum/{incident.kind}/{name}")
    assert first.cites
    assert not answer.unexplained


@pytest.mark.parametrize("incident", [i for i in INCIDENTS if i.healed], ids=[i.name for i in INCIDENTS if i.healed])
async def test_what_may_be_healed_is_healed_and_verified(
    incident: Incident, ibm: IbmQuantum, twin: Twin, clock: SimulatedClock
) -> None:
    """The plan passes the gate, is carried out, and the next look finds nothing wrong."""
    incident.breaks(twin)
    needs_circuits(incident, twin)
    asked = Request(wants="healing", approval="given", by="ada")
    events = [e.event async for e in session(ibm, clock).start(asked)]
    closed = events[-1]
    assert isinstance(closed, Closed)
    assert closed.outcome == "healed", [
        e.model_dump(mode="json") for e in events if e.kind in ("verdict", "failed", "verified", "undone", "closed")
    ]
    assert (await diagnosed(ibm, clock)).diagnosis.healthy


@pytest.mark.parametrize(
    "incident", [i for i in INCIDENTS if not i.healed], ids=[i.name for i in INCIDENTS if not i.healed]
)
async def test_what_needs_a_person_is_left_alone(
    incident: Incident, ibm: IbmQuantum, twin: Twin, clock: SimulatedClock
) -> None:
    """No plan spends money or guesses: nothing is posted, and the advice is said."""
    incident.breaks(twin)
    asked = Request(wants="healing", approval="given", by="ada")
    events = [e.event async for e in session(ibm, clock).start(asked)]
    assert events[-1].kind == "closed"
    assert events[-1].outcome == "nothing-to-do"
    assert not [r for r in twin.requests if r[0] == "POST" and r[1] != "/identity/token"]
