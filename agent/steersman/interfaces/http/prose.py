"""Answers and entries as Markdown for chat front ends: short, the cause first, every claim with its evidence."""

from __future__ import annotations

from collections.abc import Iterator

from ...types import Diagnosis, Entry
from .. import foreseen, gpu_text
from ..serving.looks import Told
from ..story import plan_text
from ..style import Style

MOST_CAUSES, MOST_LINES = 5, 40


def told_text(told: Told) -> Iterator[str]:
    """The paragraphs of an answer."""
    reply = told.reply
    yield reply.headline
    if told.explained and told.explained.explanation:
        yield " ".join(f"{s.text} [{', '.join(s.cites)}]" for s in told.explained.explanation.sentences)
    if reply.diagnosis:
        yield from causes_text(reply.diagnosis)
    elif told.outlook:
        yield f"```\n{foreseen.text(told.outlook, Style()).rstrip()}\n```"
    elif told.gpus:
        for each in told.gpus:
            yield f"```\n{gpu_text.text(each).rstrip()}\n```"
    else:
        for item in reply.evidence:
            yield f"```\n{_short(item.text)}\n```\n`{item.call}`"
    if reply.nearest:
        yield "\n".join(f"- {example}" for example in reply.nearest)
    if reply.command and not reply.request:
        yield f"`{reply.command}`"
    if reply.not_checked:
        yield "Not checked: " + "; ".join(f"{gap.what} ({gap.why})" for gap in reply.not_checked[:5])


def causes_text(found: Diagnosis) -> Iterator[str]:
    """Its causes with what shows them."""
    evidence = {e.id: e for e in found.evidence}
    for cause in found.causes[:MOST_CAUSES]:
        yield f"**{cause.rank}. {cause.summary}** ({cause.fault}, {cause.entity}, confidence {cause.confidence:.0%})"
        for name in cause.cites[:3]:
            if shown := evidence.get(name):
                yield f"{name} `{shown.call}`\n```\n{_short(shown.text)}\n```"
    for each in found.unexplained[:MOST_CAUSES]:
        yield f"Unexplained: {each.text} ({each.entity})"


def entry_text(entry: Entry) -> str:
    """One entry of a session; empty where there is nothing to say."""
    event = entry.event
    match event.kind:
        case "diagnosis":
            said = "\n\n".join(causes_text(event.diagnosis))
            return said or "Nothing is wrong in what was checked."
        case "plan":
            return f"```\n{plan_text(event.plan, Style())}\n```"
        case "verdict":
            return "\n".join(f"- step {n}: {v.effect} by {v.rule}: {v.reason}" for n, v in enumerate(event.verdicts, 1))
        case "rehearsal":
            return f"Rehearsed: {event.verdict.replace('-', ' ')}, {event.text}."
        case "started":
            return f"Doing: {event.prepared.action.words[:200]}"
        case "verified":
            return ("Verified: " if event.healed else "Not healed: ") + event.text
        case "undone":
            return f"Step {event.step + 1} {'taken back' if event.proven else 'NOT taken back'}: {event.text}"
        case "failed":
            return f"Failed: {event.text}"
        case "closed":
            return f"**{event.outcome.replace('-', ' ').capitalize()}**{f': {event.text}' if event.text else ''}"
    return ""


def _short(text: str) -> str:
    lines = text.splitlines()
    more = [f"… {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *more])
