"""Quantum incidents on the twin of IBM's API, over a socket: which are named at rank 1, and which are healed and verified."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from steersman.gate import load
from steersman.session import Actor, Equipment, Session, Sources
from steersman.types import Closed, Diagnosed, Request
from steersman_tools.quantum import transpile
from steersman_tools.quantum.alone import NoCluster
from steersman_tools.quantum.ibm import IbmQuantum
from steersman_tools.quantum.twin.incidents import INCIDENTS, Incident
from steersman_tools.quantum.twin.server import serving
from steersman_tools.quantum.twin.stage import account
from steersman_tools.quantum.writer import QueueWriter, WithQueues
from steersman_tools.world.clock import SimulatedClock

from ..report import Figures, table, write

DATA = False


def run(data: Path | None, output: Path | None, jobs: int, seed: int) -> None:
    """Prints one row an incident. Remedies that compile circuits are not tried here: the incidents carry none."""
    rows: list[list[str | float | int]] = []
    figures: Figures = {}
    for incident in INCIDENTS:
        began = time.perf_counter()
        right, outcome = asyncio.run(_play(incident))
        figures[incident.name] = {"right": right, "outcome": outcome, "seconds": round(time.perf_counter() - began, 3)}
        rows.append([incident.name, incident.fault, "yes" if right else "no", outcome])
    print(table(f"{len(rows)} incidents", ["incident", "fault", "rank 1", "outcome"], rows))
    write(output, figures)


async def _play(incident: Incident) -> tuple[bool, str]:
    clock = SimulatedClock()
    twin = account(clock)
    name = incident.breaks(twin)
    with serving(twin) as url:
        ibm = IbmQuantum("key", "crn", f"{url}/api/v1", url, clock)
        compiler = transpile.Qiskit() if transpile.available() and not incident.circuits else None
        gear = Equipment(WithQueues(None, QueueWriter((ibm,), compiler)), load(), Actor(id="eval"))
        request = Request(wants="diagnosis" if incident.circuits else "healing", approval="given", by="eval")
        session = Session(Sources(NoCluster(clock), providers=(ibm,)), clock, equipment=gear)
        events = [e.event async for e in session.start(request)]
        await ibm.close()
    first = next(e.diagnosis.causes[:1] for e in events if isinstance(e, Diagnosed))
    right = bool(first) and (first[0].fault, str(first[0].entity)) == (
        incident.fault,
        f"quantum/{incident.kind}/{name}",
    )
    outcome = next(e.outcome for e in events if isinstance(e, Closed))
    return right, "diagnosed only" if incident.circuits else outcome
