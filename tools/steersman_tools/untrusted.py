"""Text that others wrote, made fit for a reader that might obey it: no control characters, no imitation of our own marks, fenced."""

from __future__ import annotations

import re
import unicodedata

OPEN, CLOSE = "<<<", ">>>"
_TEMPLATE = re.compile(
    r"<\|[^|>]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?(?:tool_call|tool_response|system|assistant|user|im_start|im_end)>|`{3,}",
    re.I,
)
"""Marks of chat templates: in data they are noise, to a model they may be the end of the data."""


def plain(text: str) -> str:
    """The text without control and invisible characters, and without marks that a model could take for structure."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs"))
    kept = _TEMPLATE.sub("·", kept)
    return kept.replace(OPEN, "‹‹‹").replace(CLOSE, "›››")


def fenced(label: str, text: str) -> str:
    """The text between marks that it cannot contain: `<<<label` ... `>>>`."""
    return f"{OPEN}{label}\n{plain(text)}\n{CLOSE}"
