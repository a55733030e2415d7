"""Keeps secrets out of everything that is shown, logged or sent: patterns of credentials become `<redacted>`."""

from __future__ import annotations

import re

MARK = "<redacted>"

_NAMED = (
    r"(?:[\w.-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*)"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), MARK),
    (re.compile(r"\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)"), MARK),                                     # JWT
    (re.compile(r"(?i)\b(authorization:\s*(?:bearer|basic)|bearer)\s+[\w.~+/=-]{8,}"), rf"\1 {MARK}"),
    (re.compile(r"\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{16,})\b"), MARK),
    (re.compile(r"(\w+://[^\s:/@]+):([^\s@/]+)@"), rf"\1:{MARK}@"),                                  # URL userinfo
    (re.compile(rf"(?i)\b({_NAMED}(?<!ref)(?<!name)[\"']?\s*[:=]\s*[\"']?)(?![\[{{<])([^\s\"',;&]{{3,}})"), rf"\1{MARK}"),
)  # fmt: skip


def redact(text: str) -> str:
    """The text without the credentials that can be recognised in it."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def bounded(text: str, characters: int) -> str:
    """The text, cut in the middle where it is longer."""
    if len(text) <= characters:
        return text
    half = (characters - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"
