"""Keeps secrets out of everything that is shown, logged or sent: patterns of credentials become `<redacted>`.

A `Vault` does it reversibly for a conversation: `<secret:1>`, `<email:2>`, `<address:3>` stand for the same thing wherever it
occurs, and only who holds the vault can put it back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Literal, TypeAlias

MARK = "<redacted>"

_NAMED = (
    r"(?:[\w.-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key"
    r"|credential)[\w.-]*)"
)
_SECRETS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.S)
    for pattern in (
        r"(?P<it>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))",
        r"\b(?P<it>eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",                                                # JWT
        r"(?i:\b(?:authorization:\s*(?:bearer|basic)|bearer)\s+)(?P<it>[\w.~+/=-]{8,})",
        r"\b(?P<it>(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{30,}|hf_\w{20,}"
        r"|xox[abprs]-[\w-]{10,}|sk[-_][\w-]{16,}|AIza[\w-]{30,})\b",
        r"\w+://[^\s:/@]+:(?P<it>[^\s@/<]+)@",                                                       # URL userinfo
        rf"(?i:\b{_NAMED}(?<!ref)(?<!name)[\"']?\s*[:=]\s*[\"']?)(?![\[{{<])(?P<it>[^\s\"',;&]{{3,}})",
        r"(?<![\w/+-])(?P<it>(?=[\w+-]*[a-z])(?=[\w+-]*[A-Z])(?=[\w+-]*\d)[A-Za-z0-9+_-]{40,}={0,2})(?![\w/+-])",
    )
)  # fmt: skip
"""What is secret is the group `it`. The last one: long strings of mixed case and digits that nothing names."""
_EMAIL = re.compile(r"(?P<it>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b)")
_ADDRESS = re.compile(
    r"(?<![\w.:])(?P<it>(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4})(?![\w.]*\w\.)"
)

_PLACEHOLDER = re.compile(r"<(?P<kind>secret|email|address):\d+>")
_SLOTS = re.compile("\ue000([sea])([0-9]+)\ue001")
_KINDS = {"s": "secret", "e": "email", "a": "address"}

Hidden: TypeAlias = Literal["secret", "email", "address"]


def redact(text: str) -> str:
    """The text without the credentials that can be recognised in it."""
    return _replaced(text, _SECRETS, lambda _: MARK)


class Vault:
    """What was taken out of a conversation, by the placeholder that stands for it."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}
        self._marks: dict[tuple[Hidden, str], str] = {}

    def hide(self, text: str) -> str:
        """The text with placeholders for secrets, e-mails and network addresses; hiding twice is hiding once."""
        text = _PLACEHOLDER.sub(lambda m: _slot(m[0]) if m[0] in self._held else m[0], text)
        for kind, patterns in (("secret", _SECRETS), ("email", (_EMAIL,)), ("address", (_ADDRESS,))):
            text = _replaced(text, patterns, lambda it, kind=kind: self._slot(kind, it))  # type: ignore[misc]
        return _SLOTS.sub(_held_by, text)

    def reveal(self, text: str, kinds: Collection[Hidden] = ("email", "address")) -> str:
        """The text with what stood there before. Secrets only where they are asked for by name: for the eyes of who may see them."""

        def held(found: re.Match[str]) -> str:
            return self._held.get(found[0], found[0]) if found["kind"] in kinds else found[0]

        return _PLACEHOLDER.sub(held, text)

    def _slot(self, kind: Hidden, it: str) -> str:
        if it == MARK or _SLOTS.fullmatch(it):
            return it
        it = _SLOTS.sub(lambda m: self._held[_held_by(m)], it)
        if (kind, it) not in self._marks:
            number = 1 + sum(1 for known, _ in self._marks if known == kind)
            self._marks[kind, it] = f"<{kind}:{number}>"
            self._held[f"<{kind}:{number}>"] = it
        return _slot(self._marks[kind, it])


def _slot(placeholder: str) -> str:
    """A placeholder while others are still looked for: `<secret:1>` in plain letters would be taken for a secret itself."""
    kind, _, number = placeholder[1:-1].partition(":")
    return f"\ue000{kind[0]}{number}\ue001"


def _held_by(slot: re.Match[str]) -> str:
    return f"<{_KINDS[slot[1]]}:{slot[2]}>"


def _replaced(text: str, patterns: Iterable[re.Pattern[str]], mark: Callable[[str], str]) -> str:
    for pattern in patterns:
        text = pattern.sub(
            lambda m: m[0][: m.start("it") - m.start()] + mark(m["it"]) + m[0][m.end("it") - m.start() :], text
        )
    return text


def bounded(text: str, characters: int) -> str:
    """The text, cut in the middle where it is longer."""
    if len(text) <= characters:
        return text
    half = (characters - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"
