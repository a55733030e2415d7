"""A log as its patterns: a thousand lines that say the same are one line with a count. Mined with Drain (drain3)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

from .snapshot import LogLine

logging.getLogger("drain3").setLevel(logging.WARNING)  # it announces every miner
LONGEST_LINE = 400
_BAD = re.compile(
    r"\b(error|err|fatal|panic|exception|traceback|fail(?:ed|ure)?|refused|denied|timeout|timed out|cannot|unable|killed)\b",
    re.I,
)
_MASKS = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?", "time"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b", "address"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b[0-9a-f]{12,}\b", "id"),
    (r"(?<![\w.])\d+(?:\.\d+)?(?:ms|s|us|µs|MB|KB|GB|B)\b", "amount"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pattern:
    """Lines that say the same: `example` is the newest of them, as it stood."""

    example: str
    count: int
    bad: bool
    """Whether it speaks of failure."""
    last: datetime | None = None


def mine(lines: Iterable[LogLine], most: int = 12) -> tuple[Pattern, ...]:
    """The patterns of a log: those that speak of failure first, then the rarer ones, for they are what is new."""
    config = TemplateMinerConfig()
    config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in _MASKS]
    miner = TemplateMiner(config=config)
    seen: dict[int, Pattern] = {}
    for line in lines:
        text = line.text.strip()[:LONGEST_LINE]
        if not text:
            continue
        key = int(miner.add_log_message(text)["cluster_id"])
        before = seen.get(key)
        count = before.count + 1 if before else 1
        seen[key] = Pattern(text, count, bool(_BAD.search(text)), line.at)
    return tuple(sorted(seen.values(), key=lambda p: (not p.bad, p.count))[:most])
