"""A diagnosis as Markdown, for tickets and chats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steersman_tools.types import Evidence

from ..types import Cause, Diagnosis, Seconds


def text(diagnosis: Diagnosis, seconds: Seconds, question: str) -> str:
    """The whole answer."""
    return "\n".join(_lines(diagnosis, seconds, question)).rstrip() + "\n"


def _lines(diagnosis: Diagnosis, seconds: Seconds, question: str) -> Iterator[str]:
    count = len(diagnosis.causes)
    if count:
        yield f"# {count} root cause{'s' if count > 1 else ''}"
    else:
        yield "# Healthy" if diagnosis.healthy else "# The cause was not found"
    yield ""
    if question:
        yield from (f"> {question}", "")
    evidence = {e.id: e for e in diagnosis.evidence}
    for cause in diagnosis.causes:
        yield from _cause(cause, evidence)
    if diagnosis.unexplained:
        yield from ("## Not explained", "")
        yield from (f"- {symptom.text}" for symptom in diagnosis.unexplained)
        yield ""
    if diagnosis.warnings:
        yield from ("## Soon", "")
        yield from (f"- {each.summary}" for each in diagnosis.warnings)
        yield ""
    if diagnosis.not_checked:
        yield from ("## Not checked", "")
        yield from (f"- {gap.what}: {gap.why}" for gap in diagnosis.not_checked)
        yield ""
    yield f"_{seconds.gather + seconds.diagnose:.1f} s, without a model_"


def _cause(cause: Cause, evidence: Mapping[str, Evidence]) -> Iterator[str]:
    yield from (f"## {cause.rank}. {cause.summary}", "")
    yield (
        f"- **{cause.fault}** of `{cause.entity}`"
        + (f", field `{cause.field}`" if cause.field else "")
        + f", {cause.confidence:.0%} sure"
    )
    yield f"- is `{cause.observed}`, should be `{cause.expected}`"
    if cause.written_by:
        at = f" at {cause.written_by.at:%Y-%m-%d %H:%M:%S} UTC" if cause.written_by.at else ""
        yield f"- written by {cause.written_by.manager}{at}"
    if cause.explains:
        yield "- harms " + ", ".join(f"`{ref}`" for ref in cause.explains)
    if cause.advice:
        yield f"- **Do:** {cause.advice}"
    for out in cause.ruled_out:
        yield f"- ruled out: {out.fault} of `{out.entity}`, because {out.why}"
    yield ""
    for key in cause.cites:
        item = evidence[key]
        fence = "```" if "```" not in item.text else "~~~~"
        yield from (f"{key}: `{item.call}`", "", fence, item.text, fence, "")
