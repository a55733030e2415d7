"""`steersman quantum PART`: queues read, jobs explained, circuits placed; and jobs moved, held or cancelled by plan, gate and undo."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path

import orjson

from steersman_tools.clock import WallClock
from steersman_tools.quantum import circuits, transpile
from steersman_tools.quantum.provider import Order
from steersman_tools.quantum.types import Job, QuantumReadings
from steersman_tools.types import Ref, ToolFailed

from ...app import Tools, journal, local_queue, me, queues
from ...errand import Errand
from ...gate import BadPolicy
from ...plan.site import Draft
from ...quantum import advice, wishes
from ...session import Session, new_id
from ...types import Diagnosed, Request
from .. import quantum_text
from .follow import Answer, follow
from .options import BadSettings, add_policy, add_record, add_source, settings

READS = {
    "backends": "backends with their queues, waits, calibrations and errors",
    "jobs": "your jobs with their places and estimated starts",
    "explain": "why a job waits or failed, and what would put it right",
    "advise": "where a circuit (OpenQASM) should go",
    "submit": "run a circuit (OpenQASM 2) in the queue on this machine, by Qiskit Aer",
}
CHANGES = {
    "move": "let a waiting job run on another backend",
    "cancel": "cancel a job",
    "hold": "keep a waiting job from starting (Slurm)",
    "release": "let a held job start (Slurm)",
    "priority": "give a waiting job another priority (Slurm)",
    "requeue": "stop a running job and put it back into its queue (Slurm)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, words in {**READS, **CHANGES}.items():
        one = parts.add_parser(name, help=words, description=f"{words}.".capitalize())
        if name == "submit":
            one.add_argument("circuit", type=Path, metavar="CIRCUIT.qasm")
            one.add_argument("--shots", type=int, default=1024, help="how many (default: 1024)")
            one.add_argument(
                "--hold",
                action="store_const",
                const="HELD",
                default="",
                help="put it into the queue, and run nothing yet",
            )
        elif name == "advise":
            one.add_argument("circuit", type=Path, metavar="CIRCUIT.qasm")
            one.add_argument("--shots", type=int, default=4000, help="how many (default: 4000)")
            one.add_argument(
                "--least-right", type=float, default=0.0, metavar="P", help="the share that must come out right, 0..1"
            )
        elif name not in ("backends", "jobs"):
            one.add_argument("job", metavar="JOB", help="its id, or PROVIDER.ID")
        if name == "move":
            one.add_argument("--to", default="", metavar="BACKEND", help="where to (default: the shortest wait)")
            one.add_argument(
                "--as-it-is", action="store_true", help="do not transpile the circuits again for the new backend"
            )
        if name == "priority":
            one.add_argument("value", type=int, metavar="N", help="the larger, the earlier")
        if name in CHANGES:
            one.add_argument("--yes", action="store_true", help="approve what policy asks about; never what it denies")
            one.add_argument("--dry-run", action="store_true", help="show the plan and its verdict, and change nothing")
            add_policy(one)
            add_record(one)
        add_source(one)
        one.add_argument("-o", "--output", choices=("text", "json"), default="text")
        one.add_argument("--json", action="store_const", const="json", dest="output", help="the same as --output json")


def run(args: argparse.Namespace) -> int:
    try:
        with queues(settings(args)) as opened:
            return asyncio.run(_closing(opened, _change(opened, args) if args.part in CHANGES else _read(opened, args)))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"steersman: {args.circuit if args.part == 'advise' else 'a file'} cannot be read: {error.strerror}",
            file=sys.stderr,
        )
        return 1


async def _closing(opened: Tools, work: Coroutine[None, None, int]) -> int:
    try:
        return await work
    finally:
        for provider in opened.sources.providers:
            await provider.close()


async def _submit(args: argparse.Namespace) -> int:
    """Into the local queue, and then what waits there is run."""
    queue, text = local_queue(settings(args)), args.circuit.read_text("utf-8")
    circuits.read(text)
    job = await queue.submit(Order(tag="", backend="aer_simulator", params={"qasm": text}, shots=max(args.shots, 1)))
    if args.hold:
        await queue.hold(job.id)
        _say(args, {"job": await queue.job(job.id)}, f"{job.id} is held in the local queue\n")
        return 0
    await queue.work()
    done = await queue.job(job.id)
    if done is None or done.state != "DONE":
        why = done.failure.reason if done and done.failure else f"it is {done.state if done else 'gone'}"
        raise ToolFailed(f"Job {job.id} has no result: {why}.")
    counts = dict(queue.counts(job.id))
    shown = "".join(f"  {bits} {count}\n" for bits, count in sorted(counts.items(), key=lambda c: -c[1])[:20])
    _say(args, {"job": done, "counts": counts}, f"{job.id} done, {sum(counts.values())} shots\n{shown}")
    return 0


async def _read(opened: Tools, args: argparse.Namespace) -> int:
    now = WallClock().now()
    if args.part == "submit":
        return await _submit(args)
    if args.part == "explain":
        return await _explain(opened, args)
    text = args.circuit.read_text("utf-8") if args.part == "advise" else ""
    readings = await _readings(opened, args)
    match args.part:
        case "backends":
            _say(args, {"backends": readings.backends, "usage": readings.usage, "not_checked": readings.not_checked},
                 quantum_text.backends(readings, now))  # fmt: skip
        case "jobs":
            _say(args, {"jobs": readings.jobs, "sessions": readings.sessions, "not_checked": readings.not_checked},
                 quantum_text.jobs(readings, now))  # fmt: skip
        case "advise":
            answer = advice.advise(text, max(args.shots, 1), args.least_right, readings, now)
            _say(args, answer.model_dump(mode="json"), quantum_text.advice(answer))
    return 0 if readings.backends or readings.jobs or not readings.not_checked else 1


async def _explain(opened: Tools, args: argparse.Namespace) -> int:
    """The job itself, and those causes of the whole diagnosis that concern it."""
    answer = None
    async for entry in Session(opened.sources, WallClock()).start(Request(question="")):
        answer = entry.event.diagnosis if isinstance(entry.event, Diagnosed) else answer
    readings = await _readings(opened, args)
    job = wishes.find(readings, args.job)
    causes = [c for c in answer.causes if job.ref in (c.entity, *c.explains, *c.path)] if answer else []
    lines = [quantum_text.job(job, readings, WallClock().now())]
    for cause in causes:
        lines.append(f"{cause.fault} {cause.entity}: {cause.summary}\n  do: {cause.advice}\n")
    if not causes:
        lines.append("Nothing wrong was found: it waits its turn.\n" if job.pending else "Nothing wrong was found.\n")
    _say(args, {"job": job, "causes": causes, "not_checked": readings.not_checked}, "".join(lines))
    return 0


async def _readings(opened: Tools, args: argparse.Namespace) -> QuantumReadings:
    from steersman_tools.quantum.memory import QueueMemory  # noqa: PLC0415  only when queues are read
    from steersman_tools.quantum.reading import read  # noqa: PLC0415  likewise

    now = WallClock().now()
    return QueueMemory(settings(args).data / "queues.json").note(await read(opened.sources.providers, now), now)


async def _change(opened: Tools, args: argparse.Namespace) -> int:
    readings = await _readings(opened, args)
    job, gear = wishes.find(readings, args.job), opened.equipment
    if gear is None:
        raise ToolFailed("Nothing can be changed here: a bundle is a picture.")
    draft = _draft(args, job, readings)
    request = Request(
        question=f"quantum {args.part} {args.job}",
        wants="healing",
        approval="given" if args.yes else "ask",
        act="show only" if args.dry_run else "for real",
        by=me().id,
    )
    clock, name = WallClock(), new_id(WallClock())
    with journal(settings(args)) as record:
        errand = Errand(
            name,
            request,
            opened.sources,
            gear.writer,
            gear.policy,
            gear.actor,
            clock,
            record,
            gear.budget,
        )

        async def decide(digest: str, answer: Answer) -> bool:
            if answer == "nobody":
                print("steersman: nobody is here to approve it: give --yes", file=sys.stderr)
            errand.decide(digest, "approved" if answer == "yes" else "rejected")
            return True

        return await follow(name, errand.run(job.ref, lambda _: draft), request, args.output, decide)


def _draft(args: argparse.Namespace, job: Job, readings: QuantumReadings) -> Draft:
    if args.part != "move":
        found = wishes.actions(args.part, job, readings, getattr(args, "value", 0))
        return Draft(args.part, found, f"asked for: {args.part} {job.id}")
    program = "as-it-was" if args.as_it_is else "transpiled-again"
    if (
        program == "transpiled-again"
        and not transpile.available()
        and "move" not in readings.able.get(job.provider, frozenset())
    ):
        raise ToolFailed(
            "Circuits cannot be transpiled here: pip install 'steersman[quantum]', or --as-it-is where the devices are equal."
        )
    to, found = wishes.move(job, readings, args.to, program)
    notes = (
        ()
        if len(found) == 1
        else ("The new job goes to the end of its queue; the old one is cancelled once the new one is accepted.",)
    )
    return Draft("move", found, f"asked for: move {job.id} to {to}", notes)


def _say(args: argparse.Namespace, document: dict[str, object], text: str) -> None:
    if args.output == "text":
        print(text, end="")
        return
    body = {"schema": f"steersman.quantum.{args.part}/v1", **document}
    print(orjson.dumps(body, default=_plain, option=orjson.OPT_INDENT_2).decode())


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if isinstance(value, Ref):
        return str(value)
    raise TypeError(type(value).__name__)
