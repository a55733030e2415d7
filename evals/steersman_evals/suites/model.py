"""`steersman-eval model`: how well a language model serves: intents, tools, citations, plans, refusals, honesty.

Without --endpoint the offline interpreter alone is measured: it is the floor that a model must not fall below. With --costs a
stand-in that uses up whatever it may shows what an explanation takes, on the embedded world or on the lab.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from steersman.models import Budget
from steersman.models.lazy import LazyModel
from steersman.seams import Aide

from ..cli import Unusable
from ..lab.bench import Bench, NoLab, answers, running_lab
from ..lab.scenario import load
from ..model.cases import Skill, requests
from ..model.cost import Cost, on_lab, on_worlds
from ..model.judge import Marked, mark
from ..report import Figures, table, write
from .lab import OWN

DATA = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--endpoint", metavar="URL", help="an OpenAI-compatible endpoint (its key: $STEERSMAN_MODEL_KEY)"
    )
    parser.add_argument("--model", default="", help="the model's name there")
    parser.add_argument("--seconds", type=float, default=120.0, help="the time budget of one answer")
    parser.add_argument("--skill", action="append", help="only this skill (may be given again)")
    parser.add_argument("--most", type=int, metavar="N", help="only the first N requests of each skill")
    parser.add_argument("--costs", choices=("world", "lab"), help="what explanations take, instead of requests")
    parser.add_argument(
        "--dir", type=Path, help="with --costs lab: the folder of a lab, which is started if it does not run"
    )
    parser.add_argument("--port", type=int, default=28443, help="with --costs lab: its first port (28443)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="with --costs lab: every Nth fast scenario")


def run(
    data: Path | None,
    output: Path | None,
    jobs: int,
    seed: int,
    endpoint: str | None = None,
    model: str = "",
    seconds: float = 120.0,
    skill: Sequence[str] | None = None,
    most: int | None = None,
    costs: str | None = None,
    dir: Path | None = None,
    port: int = 28443,
    every: int = 1,
) -> None:
    """Asks everything of the endpoint, or of nobody, and prints the table."""
    if costs:
        write(output, asyncio.run(_costs(costs, dir, port, every)))
        return
    aide = None
    if endpoint:
        key = os.environ.get("STEERSMAN_MODEL_KEY", "")
        aide = Aide(LazyModel(endpoint, key, model, seconds), Budget(seconds=seconds))
    marked = asyncio.run(_all(aide, skill, most))
    name = (model or "default") if endpoint else "no model"
    print(table(f"Requests, by {name}", HEADS, [_row(s, _of(marked, s)) for s in requests() if _of(marked, s)]))
    wrong = [m for m in marked if not m.right]
    print("\n".join(f"wrong  {m.skill:<8} {m.text[:60]:<60} got {m.got[:90]} {m.note[:120]}" for m in wrong))
    figures: Figures = {
        "model": name,
        "right": sum(m.right for m in marked),
        "requests": len(marked),
        "skills": {s: _figures(_of(marked, s)) for s in requests() if _of(marked, s)},
        "answers": {f"{m.skill}: {m.text}": f"{'right' if m.right else 'wrong'}: {m.got} {m.note}" for m in marked},
    }
    write(output, figures)


HEADS = ("skill", "right", "of", "share", "s median", "tokens median", "calls median")


async def _all(aide: Aide | None, skills: Sequence[str] | None, most: int | None) -> list[Marked]:
    found: list[Marked] = []
    for skill, entries in requests().items():
        if aide is None and skill in ("tool", "explain"):
            continue  # only a model chooses tools and writes sentences
        if skills is None or skill in skills:
            for asked in entries[:most]:
                found.append(await mark(skill, asked, aide))
                if aide is not None:
                    _tell(found[-1])
    return found


def _tell(marked: Marked) -> None:
    """A line for those who wait: a small model takes its time."""
    word = "right" if marked.right else "wrong"
    print(f"{word}  {marked.skill:<8} {marked.seconds:6.1f} s  {marked.text[:60]}  {marked.note[:90]}", flush=True)


def _on_lab(stack: ExitStack, folder: Path | None, port: int, every: int) -> AsyncIterator[Cost]:
    place = folder or Path(stack.enter_context(TemporaryDirectory(prefix="steersman-lab-")))
    try:
        given = Bench(place, port)
        bench = given if folder and answers(given) else stack.enter_context(running_lab(place, port))
    except NoLab as problem:
        raise Unusable(str(problem)) from problem
    return on_lab(bench, [s for s in load(OWN) if s.fast and s.truth][::every])


async def _costs(where: str, folder: Path | None, port: int, every: int) -> Figures:
    found: list[Cost] = []
    with ExitStack() as stack:
        stream = _on_lab(stack, folder, port, every) if where == "lab" else on_worlds()
        async for cost in stream:
            found.append(cost)
            print(f"{cost.case:<34} {cost.calls} calls  {cost.tokens:>5} tokens", flush=True)
    calls, used = sorted(c.calls for c in found), sorted(c.tokens for c in found)
    figures: dict[str, float | int] = {
        "cases": len(found), "explained": sum(c.explained for c in found), "calls median": median(calls),
        "calls most": calls[-1], "tokens median": median(used), "tokens most": used[-1],
    }  # fmt: skip
    print("\n" + table(f"What explanations take on the {where}", tuple(figures), [tuple(figures.values())]))
    return dict(figures)


def _of(marked: Sequence[Marked], skill: Skill) -> list[Marked]:
    return [m for m in marked if m.skill == skill]


def _row(skill: Skill, marked: Sequence[Marked]) -> tuple[str | float | int, ...]:
    right = sum(m.right for m in marked)
    medians = [median(getattr(m, name) for m in marked) for name in ("seconds", "tokens", "calls")]
    return skill, right, len(marked), right / len(marked), round(medians[0], 1), int(medians[1]), int(medians[2])


def _figures(marked: Sequence[Marked]) -> Figures:
    row = _row(marked[0].skill, marked)
    return {"right": row[1], "of": row[2], "seconds": row[4], "tokens": row[5], "calls": row[6]}
