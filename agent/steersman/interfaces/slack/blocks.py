"""A session as Slack's Block Kit: pure, within Slack's limits, and with nothing in it that Slack would take for markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steersman_tools.types import Json

from ...remedy import Decision, Plan
from ...types import Closed, Diagnosis, Entry, Judged
from ..talk.plans import plan_lines
from ..talk.words import diagnosis_of, plan_of, state_of

Block = dict[str, Json]
SECTION, BLOCKS, EVIDENCE = 2900, 45, 6
LIMIT_CAUSES = 6


def escaped(text: str) -> str:
    """Text of the cluster as Slack shows it: no mention, no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def section(text: str) -> Block:
    """A paragraph, cut to Slack's limit."""
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": text if len(text) <= SECTION else text[:SECTION] + " …"},
    }


def code(text: str) -> Block:
    """Lines as they are."""
    shown = escaped(text).replace("```", "'''")
    return section("```" + shown[: SECTION - 10] + "```")


def summary(entries: Sequence[Entry], waits: str) -> str:
    """One line: what notifications and screen readers get."""
    asked = entries[0].event if entries else None
    question = asked.request.question if asked and asked.kind == "question" else ""
    return escaped(f"{question or 'steersman'}: {state_of(list(entries), waits)}")[:2900]


def session_blocks(session: str, entries: Sequence[Entry], waits: str) -> list[Block]:
    """The one message of a session, as it is now."""
    events = [e.event for e in entries]
    found, (plan, judged) = diagnosis_of(events), plan_of(events)
    blocks = [section(f"*{summary(entries, waits)}*")]
    if found:
        blocks += _causes(found)
    if plan:
        blocks += _plan(plan.plan, judged, entries)
    blocks += [_decision(e.decision) for e in events if e.kind == "approval"][-3:]
    blocks += [section(escaped(f"failed: {e.text}")) for e in events if e.kind == "failed"][-3:]
    if entries and isinstance(closed := events[-1], Closed) and closed.text:
        blocks.append(section(escaped(closed.text)))
    blocks = blocks[:BLOCKS]
    if buttons := list(_buttons(session, waits, found, bool(entries) and isinstance(events[-1], Closed))):
        blocks.append({"type": "actions", "elements": list[Json](buttons)})
    context: Block = {"type": "mrkdwn", "text": f"session `{session}`"}
    return [*blocks, {"type": "context", "elements": [context]}]


def _decision(said: Decision) -> Block:
    by = f"<@{said.by.removeprefix('slack:')}>" if said.by.startswith("slack:") else escaped(said.by)
    return section(f"{said.kind} by {by}" + (f": {escaped(said.why)}" if said.why else ""))


def _causes(found: Diagnosis) -> Iterator[Block]:
    if found.healthy:
        yield section("Nothing wrong was found in what was checked.")
    for cause in found.causes[:LIMIT_CAUSES]:
        harms = ", ".join(f"{r.kind} {r.name}" for r in cause.explains[:5])
        words = (
            f"`{cause.fault}` {cause.entity} {cause.field} · {cause.confidence:.0%} sure · {' '.join(cause.cites[:6])}"
        )
        yield section(
            f"*{cause.rank}. {escaped(cause.summary)}*\n{escaped(words)}"
            + (f"\nharms: {escaped(harms)}" if harms else "")
        )
    if more := len(found.causes[LIMIT_CAUSES:]):
        yield section(f"and {more} more: `steersman show`")
    for each in found.unexplained[:3]:
        yield section(escaped(f"not explained: {each.text}"))
    if found.not_checked:
        yield section(escaped("not checked: " + ", ".join(gap.what for gap in found.not_checked[:8])))


def _plan(plan: Plan, judged: Judged | None, entries: Sequence[Entry]) -> Iterator[Block]:
    yield {"type": "divider"}
    yield code("\n".join(text for _, text in plan_lines(plan, judged, [e.event for e in entries])))


def _buttons(session: str, waits: str, found: Diagnosis | None, over: bool) -> Iterator[Block]:  # noqa: FBT001  a fact of the session
    if waits and not over:
        yield _button("approve", "Approve", f"{session} {waits}", "primary")
        yield _button("reject", "Reject", f"{session} {waits}", "danger")
    if found and found.evidence:
        yield _button("evidence", "Show evidence", session, "")


def _button(action: str, words: str, value: str, style: str) -> Block:
    text: Block = {"type": "plain_text", "text": words}
    button: Block = {"type": "button", "action_id": action, "text": text, "value": value}
    if style:
        ask = f"{words} exactly the plan {value.split()[-1]}?"
        yes: Block = {"type": "plain_text", "text": words}
        no: Block = {"type": "plain_text", "text": "Not now"}
        button |= {"style": style, "confirm": {
            "title": {"type": "plain_text", "text": words}, "text": {"type": "plain_text", "text": ask},
            "confirm": yes, "deny": no,
        }}  # fmt: skip
    return button


def evidence_blocks(entries: Sequence[Entry]) -> list[Block]:
    """What the first cause cites, for the one who asked to see it."""
    found = diagnosis_of([e.event for e in entries])
    if found is None:
        return [section("There is no diagnosis yet.")]
    cited = [key for cause in found.causes for key in cause.cites] or [e.id for e in found.evidence]
    known = {e.id: e for e in found.evidence}
    blocks: list[Block] = []
    for key in list(dict.fromkeys(cited))[:EVIDENCE]:
        if item := known.get(key):
            blocks += [section(f"*{key}* `{escaped(item.call)[:600]}`"), code(item.text)]
    return blocks or [section("Nothing is cited.")]
