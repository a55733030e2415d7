"""Colour for terminals, and none for anything else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True)
class Style:
    """Marks up words; a plain style leaves them as they are."""

    colours: bool = False

    def _wrap(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colours and text else text

    def bold(self, text: str) -> str:
        return self._wrap(text, "1")

    def bad(self, text: str) -> str:
        return self._wrap(text, "1;31")

    def good(self, text: str) -> str:
        return self._wrap(text, "1;32")

    def dim(self, text: str) -> str:
        return self._wrap(text, "2")


def style_for(stream: TextIO) -> Style:
    """Colours on a terminal, unless NO_COLOR or a dumb terminal says otherwise."""
    wanted = stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return Style(wanted)
