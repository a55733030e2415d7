"""Requests that only look. Here a word that is not understood is passed over, and named in the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steersman_tools.types import Ref

from .doubt import Doubt
from .names import Names
from .scan import Token
from .things import namespace, one, preferred, things
from .types import (
    AskGpus,
    AskQuantum,
    Describe,
    Diagnose,
    FindRunbook,
    Forecast,
    Help,
    Intent,
    ListThings,
    ReadLogs,
    Resource,
)

_LOGGED = ("Deployment", "StatefulSet", "DaemonSet", "Pod", "Job", "CronJob", "Service")


def read(text: str, tokens: Sequence[Token], names: Names) -> Intent | None:
    """What is asked for; None where nothing known is. Raises Doubt."""

    def has(room: str, *concepts: str) -> bool:
        return any(t.is_(room, c) for t in tokens for c in concepts or ("",))

    if has("read", "help") and not things(tokens):
        return Help()
    for matches in (_runbook, _forecast, _quantum, _gpu, _logs, _list, _describe, _diagnose):
        if (found := matches(text, tokens, names, has)) is not None:
            return found.model_copy(update={"unread": _unread(tokens)}) if not isinstance(found, FindRunbook) else found
    return None


Has = Callable[..., bool]


def _runbook(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    about = [t.text for t in tokens if not (t.is_("filler") or t.is_("read") or t.is_("ask"))]
    if has("read", "runbook") or (has("ask", "how") and (has("change") or has("state"))):
        if not about:
            raise Doubt("a runbook about what?", "runbook")
        return FindRunbook(words=" ".join(about))
    return None


def _forecast(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    if not has("read", "forecast") or has("ask", "why"):
        return None
    what: Resource = next((r for r in ("memory", "cpu", "disk") if has("topic", r)), "any")
    gpu_nodes = has("topic", "gpu") and has("kind", "Node")
    if what == "any" and has("topic", "gpu"):
        what = "gpu"
    ahead = next((float(t.concept.name) for t in tokens if t.concept and t.is_("hours")), 24.0)
    return Forecast(what=what, entity=_maybe(tokens), gpu_nodes=gpu_nodes, hours=ahead)


def _quantum(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    if not (has("topic", "quantum") or (has("topic", "queue") and has("topic", "job"))):
        return None
    if has("topic", "queue"):
        return AskQuantum(about="queue")
    if has("topic", "job"):
        return AskQuantum(about="jobs")
    return AskQuantum(about="health" if has("state") or has("read", "diagnose") else "all")


def _gpu(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    if not has("topic", "gpu") or has("ask", "why") or things(tokens):
        return None
    for about in ("idle", "free", "users"):
        if has("topic", about):
            return AskGpus(about=about)
    return AskGpus(about="health" if has("state") or has("read", "diagnose") else "all")


def _logs(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    if not has("read", "logs") or has("ask", "why"):
        return None
    return ReadLogs(entity=one(tokens, names, _LOGGED, "logs"), previous=has("topic", "previous"))


def _list(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    kinds = [t.concept.name for t in tokens if t.concept and t.concept.room == "kind" and t.concept.name != "Namespace"]
    spaces = has("kind", "Namespace") and not namespace(tokens)
    asked = has("read", "list") or (has("ask", "what") and not has("ask", "why"))
    if not asked or things(tokens) or not (kinds or spaces):
        return None
    return ListThings(kind=kinds[0] if kinds else "Namespace", namespace=namespace(tokens), only_troubled=has("state"))


def _describe(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    shown = has("read", "describe") or has("read", "list")
    if not shown or has("ask", "why") or has("state"):
        return None
    if not things(tokens):
        _slip(tokens, names, "describe")
        return None
    return Describe(entity=one(tokens, names, (), "describe"))


def _diagnose(text: str, tokens: Sequence[Token], names: Names, has: Has) -> Intent | None:
    if not (has("ask", "why") or has("state") or has("read", "diagnose") or has("read", "describe")):
        asked = has("ask") and has("change") and bool(things(tokens))
        if not asked:
            return None
    if not things(tokens) and not namespace(tokens):
        _slip(tokens, names, "diagnose")
    return Diagnose(entity=_maybe(tokens), namespace=namespace(tokens))


def _maybe(tokens: Sequence[Token]) -> Ref | None:
    """The thing that is named, where it is clear which; the whole is looked at otherwise."""
    found = things(tokens)
    refs = preferred(found[0][1]) if found else ()
    return refs[0] if len(refs) == 1 else None


def _slip(tokens: Sequence[Token], names: Names, near: str) -> None:
    for token in tokens:
        if token.concept is None and not token.refs and (like := names.like(token.text)):
            raise Doubt(f"there is no {token.text}; is {' or '.join(like)} meant?", near)


def _unread(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(t.text for t in tokens if t.concept is None and not t.refs)
