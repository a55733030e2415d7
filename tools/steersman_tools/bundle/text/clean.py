"""Makes a pasted text plain: colours, carriage returns, tabs and the marks of editors are not part of what kubectl said."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_LEFT_OUT = re.compile(
    r"(?m)^\s*(?:\.{3,}|…|\[\.{2,}\]|<\.{2,}>|\[?<?(?:snip(?:ped)?|cut|truncated|omitted)>?\]?\.*)\s*$", re.I
)


def plain(text: str) -> str:
    """The text as the terminal showed it."""
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        text = text.expandtabs(8)
    if not text.isascii():
        text = text.replace("\u00a0", " ").replace("\ufeff", "").replace("\u200b", "")
    return text.replace("\x00", "") if "\x00" in text else text


def shortened(text: str) -> bool:
    """Whether somebody has left lines out and says so: `...`, `<snip>`."""
    return (
        "..." in text or "…" in text or "snip" in text or "cut" in text or "omitted" in text or "trunc" in text
    ) and bool(_LEFT_OUT.search(text))
