"""Which thing a request means, out of those that bear a name that it mentions."""

from __future__ import annotations

from collections.abc import Sequence

from steersman_tools.types import Ref

from .doubt import Doubt
from .names import WORKLOADS, Names
from .scan import Token

_PREFERRED = (*WORKLOADS, "Service", "Job", "CronJob", "Node", "Pod")

_INSIDE = ("in", "inside", "within", "在", "里", "里面", "中", "内", "下")


def namespace(tokens: Sequence[Token]) -> str | None:
    """The namespace that is named as one."""
    return found[1] if (found := _space(tokens)) else None


def _space(tokens: Sequence[Token]) -> tuple[Token, str] | None:
    """The token that names a namespace: what else is called so does not count where `in` or the word stands beside it."""
    for at, token in enumerate(tokens):
        spaces = [r for r in token.refs if r.kind == "Namespace"]
        beside = [t for t in (tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None) if t]
        marked = any(t.is_("kind", "Namespace") or t.text in _INSIDE for t in beside)
        if spaces and (marked or len(spaces) == len(token.refs)):
            return token, spaces[0].name
    return None


def things(tokens: Sequence[Token], kinds: Sequence[str] = ()) -> list[tuple[Token, tuple[Ref, ...]]]:
    """The tokens that name things (of these kinds), each with what it may mean once the rest of the request is heard."""
    at, space = _space(tokens) or (None, None)
    wanted = [t.concept.name for t in tokens if t.concept and t.concept.room == "kind"]
    found = []
    for token in tokens:
        if token is at and "Namespace" not in kinds:
            continue
        refs = [r for r in token.refs if not kinds or r.kind in kinds]
        if not kinds:
            refs = [r for r in refs if r.kind != "Namespace"]
        refs = [r for r in refs if space is None or r.namespace in ("", space)] if len(refs) > 1 else refs
        refs = [r for r in refs if r.kind in wanted] or refs
        if refs:
            found.append((token, tuple(refs)))
    return found


def one(tokens: Sequence[Token], names: Names, kinds: Sequence[str], near: str) -> Ref:
    """The only thing of these kinds that is meant. Raises Doubt."""
    found = things(tokens, kinds)
    kind = " or ".join(kinds) if len(kinds) <= 3 else "thing"
    if not found:
        for token in tokens:
            if token.refs and not all(r.kind == "Namespace" for r in token.refs):
                raise Doubt(f"{token.text} is a {token.refs[0].kind}, and this can be done to a {kind} only", near)
        for token in tokens:
            if token.concept is None and (like := names.like(token.text)):
                raise Doubt(f"there is no {token.text}; is {' or '.join(like)} meant?", near)
        raise Doubt(f"it names no {kind} that exists here", near)
    if len({refs for _, refs in found}) > 1:
        raise Doubt(f"it names several things ({', '.join(t.text for t, _ in found)}): ask for one at a time", near)
    refs = preferred(found[0][1])
    if len(refs) > 1:
        raise Doubt(f"{found[0][0].text} may be {' or '.join(map(str, refs[:4]))}: say which", near, choices=refs)
    return refs[0]


def preferred(refs: Sequence[Ref]) -> tuple[Ref, ...]:
    """Of things that share a name, those that people mean: the Deployment rather than its Service."""
    for kind in _PREFERRED:
        if chosen := tuple(r for r in refs if r.kind == kind):
            return chosen
    return tuple(refs)
