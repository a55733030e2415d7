"""Commands and arguments of containers. A description prints them word by word, or line by line: what belongs together is
known only of shells, whose script is one argument."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....types import Json

_SCRIPT_FLAG = re.compile(r"-[a-z]*c")
_INDENT = 6


def argv(words: Sequence[str]) -> list[Json]:
    """The words of `sh -c echo hello` as the arguments that they were."""
    for index, word in enumerate(words):
        if index and _SCRIPT_FLAG.fullmatch(word) and index + 1 < len(words):
            return [*words[: index + 1], " ".join(words[index + 1 :])]
    return list(words)


def argument_lines(lines: Sequence[str], *, after_shell: bool) -> list[Json]:
    """The lines below `Command:` or `Args:`; all of one script where a shell's `-c` stands before them."""
    shown = [line[_INDENT:] if line[:_INDENT].isspace() else line.strip() for line in lines]
    if after_shell:
        return ["\n".join(shown)] if shown else []
    for index, text in enumerate(shown):
        if index and _SCRIPT_FLAG.fullmatch(text) and index + 1 < len(shown):
            return [*shown[: index + 1], "\n".join(shown[index + 1 :])]
    return list(shown)


def ends_in_shell(command: Sequence[Json]) -> bool:
    """Whether what follows is a script: the command is a shell with `-c`."""
    last = command[-1] if len(command) > 1 else None
    return isinstance(last, str) and bool(_SCRIPT_FLAG.fullmatch(last))
