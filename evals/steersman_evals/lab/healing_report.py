"""What a run of healers over the lab's faults says: how much was healed end to end, how fast, and what diagnosis was worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..report import table
from .heal import Healed

HEADS = (
    "healer", "faults", "right cause", "healed", "kept", "end to end", "share",
    "P(healed | right)", "P(healed | wrong)", "seconds (median)", "seconds (worst)", "controls", "harmed controls",
)  # fmt: skip


def line(result: Healed) -> str:
    """One result for people."""
    good = result.end_to_end
    head = f"{'ok ' if good else 'BAD'}  {result.healer:<10} {result.scenario:<34} {result.outcome:<14} {result.seconds:6.1f} s"
    head += f"  {', '.join(result.plans)}"
    if good:
        return head
    why = [
        "" if result.right else f"named {', '.join(result.causes) or 'nothing'}",
        "" if result.healed or result.control else "not well again",
        *result.lost,
        result.text,
        result.note,
    ]
    return head + "".join(f"\n       {w}" for w in why if w)


def summary(results: Mapping[str, Sequence[Healed]]) -> str:
    """A row for each healer."""
    return table("Healing", HEADS, [_row(name, found) for name, found in results.items()])


def _row(name: str, results: Sequence[Healed]) -> tuple[str | int | float, ...]:
    faults = [r for r in results if not r.control]
    controls = [r for r in results if r.control]
    seconds = sorted(r.seconds for r in faults) or [float("nan")]
    whole = sum(r.end_to_end for r in faults)
    return (
        name, len(faults), sum(r.right for r in faults), sum(r.healed for r in faults), sum(r.kept for r in faults),
        whole, whole / len(faults) if faults else float("nan"),
        _share(r.healed and r.kept for r in faults if r.right), _share(r.healed and r.kept for r in faults if not r.right),
        seconds[len(seconds) // 2], seconds[-1], len(controls), sum(r.harmed for r in controls),
    )  # fmt: skip


def _share(values: Iterable[bool]) -> str:
    every = list(values)
    return f"{sum(every)}/{len(every)}" if every else "-"
