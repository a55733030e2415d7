"""Faults injected live into a real control plane, and healthy clusters that look busy: is the cause named first, and nothing else?"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

import steersman_evals

from ..cli import Unusable
from ..lab import healing_report
from ..lab.bench import Bench, NoLab, answers, running_lab
from ..lab.heal import HEALERS, Healed
from ..lab.heal import run as heal_all
from ..lab.run import Result, run_all
from ..lab.scenario import BadScenario, Scenario, load
from ..report import table

DATA = False
OWN = Path(steersman_evals.__file__).parent / "scenarios"
PORT = 28443


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scenarios", type=Path, default=OWN, help="a file or a folder of them; those of this installation by default"
    )
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="scenarios or files by their names")
    parser.add_argument(
        "--fast", dest="those", action="store_const", const="fast", default="all", help="only the quicker ones"
    )
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="run each so often; the answers must agree")
    parser.add_argument("--kube", type=Path, metavar="BIN_DIR", help="other Kubernetes programs than the packed ones")
    parser.add_argument(
        "--dir", type=Path, help="the folder of a lab that runs already; else one is started and stopped"
    )
    parser.add_argument(
        "--heal",
        dest="healers",
        action="append_const",
        const="steersman",
        help="have them healed as well, and judge that",
    )
    parser.add_argument(
        "--beside", dest="healers", action="append", choices=[h for h in HEALERS if h != "steersman"],
        help="a baseline to run and print beside it, each time on the same faults",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=PORT, help=f"the first port of the lab ({PORT})")


def run(
    data: Path | None, output: Path | None, jobs: int, seed: int, scenarios: Path, only: Sequence[str], those: str,
    repeat: int, kube: Path | None, dir: Path | None, healers: Sequence[str] | None, port: int,
) -> None:  # fmt: skip
    """Runs the scenarios one after the other on one lab, which is put back in between."""
    try:
        wanted = [
            s for s in load(scenarios) if (s.fast or those == "all") and (not only or {s.name, s.group} & set(only))
        ]
        if not wanted:
            raise Unusable(f"no scenario in {scenarios} is as asked for")
        with ExitStack() as stack:
            bench = _bench(stack, dir, port, kube)
            said = asyncio.run(
                _measure(bench, wanted, repeat, output) if healers is None else _heal(bench, wanted, healers, output)
            )
    except (BadScenario, NoLab) as problem:
        raise Unusable(str(problem)) from problem
    print("\n" + said)


def _bench(stack: ExitStack, folder: Path | None, port: int, kube: Path | None) -> Bench:
    if folder is not None and answers(given := Bench(folder, port)):
        return given
    place = folder or Path(stack.enter_context(TemporaryDirectory(prefix="steersman-lab-")))
    options = ("--kube", str(kube.resolve())) if kube else ()
    return stack.enter_context(running_lab(place, port, *options))


async def _measure(bench: Bench, scenarios: Sequence[Scenario], repeat: int, output: Path | None) -> str:
    results = []
    _empty(output)
    async for result in run_all(bench, scenarios, repeat):
        results.append(result)
        print(line(result), flush=True)
        _keep(output, result)
    return summary(results)


async def _heal(bench: Bench, scenarios: Sequence[Scenario], healers: Sequence[str], output: Path | None) -> str:
    results: dict[str, list[Healed]] = {}
    _empty(output)
    for name in healers:
        async for found in heal_all(bench, scenarios, HEALERS[name]):
            result = found.model_copy(update={"healer": name})
            results.setdefault(name, []).append(result)
            print(healing_report.line(result), flush=True)
            _keep(output, result)
    return healing_report.summary(results)


def _empty(output: Path | None) -> None:
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(b"")


def _keep(output: Path | None, result: Result | Healed) -> None:
    if output is not None:
        with output.open("ab") as file:
            file.write(orjson.dumps(result.model_dump(mode="json")) + b"\n")


def line(result: Result) -> str:
    """One result for people."""
    said = "; ".join(result.causes) or "healthy"
    head = f"{'right' if result.right else 'WRONG'}  {result.scenario:<32} {result.seconds:5.2f} s  {said}"
    wrong = [f"missed {m}" for m in result.missed] + [f"false {f}" for f in result.false]
    wrong += [f"unexplained: {u}" for u in result.unexplained] if not result.right else []
    return "\n".join([head, *(f"       {w}" for w in (*wrong, *([result.note] if result.note else [])))])


def summary(results: Sequence[Result]) -> str:
    """The figures by group, and of all."""
    groups = sorted({r.group for r in results})
    rows = [_row(group, [r for r in results if r.group == group]) for group in groups]
    text = table("Live faults", _HEADS, [*rows, _row("all", results)])
    controls = [r for r in results if r.control]
    false = sum(len(r.false) for r in controls)
    text += (
        f"\nhealthy controls: {len(controls)}, with false causes: {sum(bool(r.false) for r in controls)} ({false})\n"
    )
    if max((r.run for r in results), default=1) > 1:
        names = sorted({r.scenario for r in results})
        same = [n for n in names if len({r.answer for r in results if r.scenario == n}) == 1]
        text += f"the same answer in every run: {len(same)} of {len(names)}"
        text += "".join(f"\n  differs: {n}" for n in names if n not in same) + "\n"
    return text


_HEADS = ("group", "scenarios", "right", "rank 1", "false causes", "unexplained", "seconds (median)", "seconds (worst)")


def _row(name: str, results: Iterable[Result]) -> tuple[str | int | float, ...]:
    all_ = list(results)
    seconds = sorted(r.seconds for r in all_)
    return (
        name, len(all_), sum(r.right for r in all_), sum(r.first for r in all_), sum(len(r.false) for r in all_),
        sum(len(r.unexplained) for r in all_), seconds[len(seconds) // 2], seconds[-1],
    )  # fmt: skip
