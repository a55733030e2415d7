"""`steersman-eval model`: how well a language model serves: intents, tools, citations, plans, refusals, honesty.

Without --endpoint the offline interpreter alone is measured: it is the floor that a model must not fall below.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from steersman.models import Budget
from steersman.models.lazy import LazyModel
from steersman.seams import Aide

from ..model.cases import Skill, requests
from ..model.judge import Marked, mark
from ..report import Figures, table, write

DATA = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--endpoint", metavar="URL", help="an OpenAI-compatible endpoint (its key: $STEERSMAN_MODEL_KEY)"
    )
    parser.add_argument("--model", default="", help="the model's name there")
    parser.add_argument("--seconds", type=float, default=120.0, help="the time budget of one answer")
    parser.add_argument("--skill", action="append", help="only this skill (may be given again)")


def run(
    data: Path | None,
    output: Path | None,
    jobs: int,
    seed: int,
    endpoint: str | None = None,
    model: str = "",
    seconds: float = 120.0,
    skill: Sequence[str] | None = None,
) -> None:
    """Asks everything of the endpoint, or of nobody, and prints the table."""
    aide = None
    if endpoint:
        key = os.environ.get("STEERSMAN_MODEL_KEY", "")
        aide = Aide(LazyModel(endpoint, key, model, seconds), Budget(seconds=seconds))
    marked = asyncio.run(_all(aide, skill))
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


async def _all(aide: Aide | None, skills: Sequence[str] | None) -> list[Marked]:
    found = []
    for skill, entries in requests().items():
        if aide is None and skill in ("tool", "explain"):
            continue  # only a model chooses tools and writes sentences
        if skills is None or skill in skills:
            found += [await mark(skill, asked, aide) for asked in entries]
    return found


def _of(marked: Sequence[Marked], skill: Skill) -> list[Marked]:
    return [m for m in marked if m.skill == skill]


def _row(skill: Skill, marked: Sequence[Marked]) -> tuple[str | float | int, ...]:
    right = sum(m.right for m in marked)
    medians = [median(getattr(m, name) for m in marked) for name in ("seconds", "tokens", "calls")]
    return skill, right, len(marked), right / len(marked), round(medians[0], 1), int(medians[1]), int(medians[2])


def _figures(marked: Sequence[Marked]) -> Figures:
    row = _row(marked[0].skill, marked)
    return {"right": row[1], "of": row[2], "seconds": row[4], "tokens": row[5], "calls": row[6]}
