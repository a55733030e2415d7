"""What conversational faces say, as values: an entry or a reply as short lines, and the parts that more than one face shows."""

from __future__ import annotations

from collections.abc import Iterator

from ...asking import Answered
from ...types import Closed, Diagnosed, Diagnosis, Entry, Event, Judged, Planned
from .. import foreseen, gpu_text
from ..story import Story
from ..style import Style

PLAIN = Style()
LINES = 30
WIDTH = 78


def entry_lines(story: Story, entry: Entry) -> str:
    """The entry in a conversation: causes are told in a sentence each, since a panel shows the rest."""
    match entry.event:
        case Diagnosed() as event:
            return "\n".join(_diagnosis(event))
        case Planned() as event:
            steps = [f"  {n}. {s.action.words[:300]}" for n, s in enumerate(event.plan.steps, 1)]
            return "\n".join([f"Plan {event.plan.name} ({event.plan.digest})", *steps, *event.plan.choices])
        case event if event.kind == "note":
            return ""
    return story.tell(entry).strip()


def _diagnosis(event: Diagnosed) -> Iterator[str]:
    found = event.diagnosis
    took = f"({event.seconds.gather + event.seconds.diagnose:.1f} s)"
    if found.healthy:
        yield f"Nothing wrong was found in what was checked {took}"
    else:
        count = len(found.causes)
        yield f"{count} root cause{'' if count == 1 else 's'} {took}"
    for cause in found.causes:
        yield f"{cause.rank}. {cause.summary}  [{cause.fault}, {cause.confidence:.0%} sure]"
    yield from (f"not explained: {u.text}" for u in found.unexplained[:5])
    if found.not_checked:
        yield "not checked: " + ", ".join(gap.what for gap in found.not_checked[:6])


def reply_lines(answered: Answered) -> Iterator[str]:
    """An answer that began no session."""
    reply = answered.reply
    yield reply.headline
    if answered.outlook:
        yield foreseen.text(answered.outlook, PLAIN, WIDTH).rstrip()
    for each in answered.gpus:
        yield gpu_text.text(each).rstrip()
    for item in () if answered.outlook or answered.gpus else reply.evidence:
        yield from (f"  {line}" for line in item.text.splitlines()[:LINES])
        yield f"  {item.id} $ {item.call}"
    yield from (f"  for example: {example}" for example in reply.nearest)
    if reply.command:
        yield f"  $ {reply.command}"
    if reply.not_checked:
        yield "  not checked: " + "; ".join(f"{g.what} ({g.why})" for g in reply.not_checked[:5])


def diagnosis_of(events: list[Event]) -> Diagnosis | None:
    """The first diagnosis: what was wrong when it was asked."""
    return next((e.diagnosis for e in events if isinstance(e, Diagnosed)), None)


def plan_of(events: list[Event]) -> tuple[Planned | None, Judged | None]:
    """The latest plan, and what policy says of it."""
    plan = next((e for e in reversed(events) if isinstance(e, Planned)), None)
    judged = next((e for e in reversed(events) if isinstance(e, Judged)), None)
    return plan, judged if plan and judged and judged.digest == plan.plan.digest else None


def state_of(entries: list[Entry], waits: str) -> str:
    """Where a session is, in a word or two."""
    if entries and isinstance(closed := entries[-1].event, Closed):
        return closed.outcome.replace("-", " ")
    return f"waits for approval of plan {waits}" if waits else "at work"
