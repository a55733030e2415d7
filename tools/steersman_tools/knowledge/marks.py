"""The little of Markdown that can be read line by line: marks inside a line, and the names under which headings are linked to."""

from __future__ import annotations

import re
from collections.abc import Iterator

INLINE = re.compile(r"[`*]+|!?\[([^\]]*)\]\([^)]*\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")
_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s+")


def anchor(heading: str) -> str:
    """The name under which a link finds the heading, as GitHub and GitLab make it."""
    return re.sub(r"[^\w\- ]", "", INLINE.sub(r"\1", heading).strip().lower()).replace(" ", "-")


def plain(line: str) -> str:
    """The words of a line without its marks."""
    return " ".join(INLINE.sub(r"\1", _ITEM.sub("", line.strip())).split())


def headed(text: str) -> Iterator[tuple[str, list[str]]]:
    """The headings, each with the lines under it, code among them. Quick, for one look; `pieces.sections` reads it all."""
    heading, lines, fenced = "", list[str](), False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if not fenced and (found := _HEADING.match(line)):
            yield heading, lines
            heading, lines = found[1], []
        else:
            lines.append(line)
    yield heading, lines
