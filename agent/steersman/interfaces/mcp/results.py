"""What the tools give back: short enough for an assistant to read, with every name that it needs for the next call."""

from __future__ import annotations

from typing import Literal

from steersman_tools.types import Frozen

from ...types import Outcome
from ..http.prose import causes_text
from ..serving.views import SessionDocument
from ..story import plan_text
from ..style import Style

MOST_TEXT = 24_000


class Found(Frozen):
    """A session as an assistant reads it."""

    session: str
    state: Literal["running", "waiting", "closed"]
    outcome: Outcome | None
    text: str
    """How it ended, in words; empty while it runs."""
    causes: str
    """Markdown: each cause with its evidence and the commands that repeat it."""
    not_checked: tuple[str, ...]
    """What was not looked at, and why: none of it is known to be healthy."""
    plan: str
    """Its steps with what each changes; empty where there is none."""
    digest: str
    """Of the plan that waits for a person's approval; empty when none does."""
    verdicts: tuple[str, ...]
    address: str
    """Where a person reads all of it, and approves."""


def found(document: SessionDocument, address: str) -> Found:
    """The session as an assistant reads it."""
    diagnosis = document.diagnosis
    return Found(
        session=document.session,
        state=document.state,
        outcome=document.outcome,
        text=document.text if document.state == "closed" else "",
        causes="\n\n".join(causes_text(diagnosis))[:MOST_TEXT] if diagnosis else "",
        not_checked=tuple(f"{gap.what}: {gap.why}" for gap in diagnosis.not_checked[:20]) if diagnosis else (),
        plan=plan_text(document.plan, Style())[:MOST_TEXT] if document.plan else "",
        digest=document.waits_for,
        verdicts=tuple(f"{v.effect} by {v.rule}: {v.reason}" for v in document.verdicts),
        address=f"{address}/sessions/{document.session}" if address else f"steersman show {document.session}",
    )
