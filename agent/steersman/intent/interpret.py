"""From tokens to an intent. A change is recognised only where nothing speaks against it; all doubt ends in a question to the person."""

from __future__ import annotations

from collections.abc import Sequence

from .changes import change
from .doubt import Doubt
from .lexicon import lexicon
from .names import Names
from .reads import read
from .scan import Token, scan
from .types import Intent, NotUnderstood

LONGEST = 600


def interpret(text: str, names: Names) -> Intent | NotUnderstood:
    """What the person wants, in terms of the names that the cluster has. Pure: the same words always mean the same."""
    if len(text) > LONGEST:
        return NotUnderstood(
            text=text[:LONGEST], why=f"that is longer than {LONGEST} characters: ask it in one sentence"
        )
    tokens = scan(text, names)
    try:
        found = (change(tokens, names) if _commands(tokens) else None) or read(text, tokens, names)
    except Doubt as doubt:
        nearest = examples(doubt.near or _near(tokens), tokens)
        return NotUnderstood(text=text, why=doubt.why, nearest=nearest, choices=doubt.choices)
    if found is not None:
        return found
    unknown = [t.text for t in tokens if t.concept is None and not t.refs]
    why = f"these words mean nothing to me: {', '.join(unknown)}" if unknown else "it names nothing to do or to look at"
    return NotUnderstood(text=text, why=why, nearest=examples(_near(tokens), tokens))


def _commands(tokens: Sequence[Token]) -> bool:
    """Whether the request commands a change: it has a verb of change that no word before it turns into a question or a report."""
    for token in tokens:
        if token.is_("change"):
            return not any(t.is_("state") for t in tokens) or token.is_("change", "heal")
        if token.is_("ask") or token.is_("read") or token.is_("state"):
            return False
    return False


def examples(near: Sequence[str], tokens: Sequence[Token] = ()) -> tuple[str, ...]:
    """Requests that are understood, those nearest first, in the language of the request, with the names that it has."""
    chinese = any("\u3400" <= c <= "\u9fff" for t in tokens for c in t.text)
    all_of = lexicon().examples
    order = [*near, *(k for k in ("diagnose", "list", "logs", "scale") if k not in near)]
    chosen: list[str] = []
    for key in order:
        lines = [e for e in all_of[key] if any("\u3400" <= c <= "\u9fff" for c in e) == chinese]
        chosen += lines[:1] or all_of[key][:1]
    name = next((t.text for t in tokens if t.refs), "")
    node = next((t.text for t in tokens if any(r.kind == "Node" for r in t.refs)), "")
    return tuple(e.replace("NODE", node or "NODE") if "NODE" in e else _with(e, name) for e in chosen[:4])


def _with(example: str, name: str) -> str:
    return example.replace("NAMESPACE", "\0").replace("NAME", name or "NAME").replace("\0", "NAMESPACE")


_NEAR = {
    "scale-up": "scale",
    "scale-down": "scale",
    "double": "scale",
    "halve": "scale",
    "move": "move-job",
    "delete": "heal",
    "queue": "quantum",
    "troubled": "diagnose",
    "why": "diagnose",
    "memory": "forecast",
    "cpu": "forecast",
    "disk": "forecast",
}


def _near(tokens: Sequence[Token]) -> list[str]:
    known = lexicon().examples
    keys = [_NEAR.get(t.concept.name, t.concept.name) for t in tokens if t.concept]
    return list(dict.fromkeys(k for k in keys if k in known))
