"""Cloud-OpsBench: the first three answers of the engine, without a model, on frozen Kubernetes incidents."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import orjson

from steersman.gather import Sources
from steersman.types import Diagnosed, Diagnosis, Request
from steersman.workflow import investigate

from ..cli import Unusable
from ..opsbench.answers import Prediction, predictions
from ..opsbench.cases import Case, Seen, cases
from ..opsbench.score import Scored, tables
from ..opsbench.sight import CaseReader


@dataclass(frozen=True)
class Answer:
    """What the engine said of a case, and how long it took: reading the case's files, gathering and judging."""

    case: str
    top: tuple[Prediction, ...]
    seconds: float
    processor: float = 0.0
    """Seconds of one core."""
    evidence: tuple[tuple[str, str, str], ...] = ()
    """Of every cause: the fault in our words, the thing, and the sentence."""


def run(data: Path, output: Path | None, jobs: int, seed: int) -> None:
    """Solves every case below `data`; nothing is drawn, so the seed is not used."""
    found = cases(data)
    if not found:
        raise Unusable(f"there is no metadata.json below {data}; unpack the benchmark there first")
    answers = list(_solved(found, jobs))
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(b"".join(orjson.dumps(_document(a)) + b"\n" for a in answers))
    known = [
        Scored(a.case, a.top, truth, a.seconds)
        for a, case in zip(answers, found, strict=True)
        if (truth := case.truth())
    ]
    print(tables(known, [a.seconds for a in answers]))
    print(
        f"of one core, a case: mean {fmean(a.processor for a in answers):.3f} s; at most {_peak_megabytes():.0f} MB of memory"
    )


def _solved(found: Sequence[Case], jobs: int) -> Iterator[Answer]:
    if jobs <= 1:
        yield from map(solve, found)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(solve, found, chunksize=4)


def solve(case: Case) -> Answer:
    """The engine's answer to one case, from what may be seen of it."""
    begin, busy = time.perf_counter(), time.process_time()
    diagnosis = asyncio.run(diagnose(case.seen()))
    top = predictions(diagnosis)
    evidence = tuple((c.fault, str(c.entity), c.summary) for c in diagnosis.causes)
    return Answer(case.name, top, time.perf_counter() - begin, time.process_time() - busy, evidence)


async def diagnose(seen: Seen) -> Diagnosis:
    """The same workflow as `steersman investigate`."""
    request = Request(question=seen.query)
    sources = Sources(CaseReader(seen), no_metrics="")
    async for event, _ in investigate(request, sources):
        if isinstance(event, Diagnosed):
            return event.diagnosis
    return Diagnosis()


def _peak_megabytes() -> float:
    """The most memory that this process, or one of its workers, has held."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024


def _document(answer: Answer) -> dict[str, object]:
    return {
        "case": answer.case,
        "top_3_predictions": [prediction.document for prediction in answer.top],
        "seconds": round(answer.seconds, 4),
        "causes": [{"fault": fault, "entity": entity, "summary": text} for fault, entity, text in answer.evidence],
    }
