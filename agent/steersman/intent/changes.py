"""Requests for a change: exactly one verb, one target that exists, amounts that are said, and no word left over that may matter."""

from __future__ import annotations

from collections.abc import Sequence

from steersman_tools.types import Ref

from .doubt import Doubt
from .names import WORKLOADS, Names
from .scan import Token
from .things import namespace, one, preferred, things
from .types import Change, CordonNode, DrainNode, HealIt, Intent, MoveJob, RestartIt, RollBackTo, ScaleTo, UncordonNode

_SCALES = ("scale", "scale-up", "scale-down", "double", "halve")
_SCALABLE = ("Deployment", "StatefulSet")
_NEAR = {"scale-up": "scale", "scale-down": "scale", "double": "scale", "halve": "scale", "move": "move-job"}


def change(tokens: Sequence[Token], names: Names) -> Intent | None:
    """The change that is commanded. Raises Doubt rather than guess."""
    verbs = list(dict.fromkeys(t.concept.name for t in tokens if t.concept and t.concept.room == "change"))
    verb = next((v for v in verbs if v not in _SCALES), "scale")
    near = _NEAR.get(verb, verb)
    if verb == "delete":
        raise Doubt("deleting is not done on request; `steersman heal` deletes only what its plan can put back", "heal")
    if any(t.is_("negation") for t in tokens):
        raise Doubt("it says what not to do; say only what to do", near)
    if len({"scale" if v in _SCALES else v for v in verbs}) > 1:
        raise Doubt(f"it asks for several changes ({', '.join(verbs)}): ask for one at a time", near)
    if any(t.is_("ask") for t in tokens):
        return None
    if verb == "move":
        return _move(tokens)
    if verb == "heal":
        healing = _heal(tokens)
        _nothing_left(tokens, near, healing.entity)
        return healing
    found = _scale(tokens, verbs, names) if verb == "scale" else _plain(verb, tokens, names)
    _nothing_left(tokens, near, found.target)
    return found.model_copy(update={"if_safe": careful(tokens)})


def careful(tokens: Sequence[Token]) -> bool:
    """Whether the change is wanted only if it breaks nothing."""
    return any(t.is_("filler", "caution") for t in tokens)


def _plain(verb: str, tokens: Sequence[Token], names: Names) -> Change:
    match verb:
        case "rollback":
            target = one(tokens, names, WORKLOADS, verb)
            return RollBackTo(target=target, revision=next(iter(_numbers(tokens)), None))
        case "restart":
            _no_amount(tokens, verb)
            return RestartIt(target=one(tokens, names, WORKLOADS, verb))
    _no_amount(tokens, verb)
    node = one(tokens, names, ("Node",), verb)
    if verb == "drain":
        return DrainNode(target=node)
    return CordonNode(target=node) if verb == "cordon" else UncordonNode(target=node)


def _scale(tokens: Sequence[Token], verbs: Sequence[str], names: Names) -> Change:
    target = one(tokens, names, _SCALABLE, "scale")
    if "double" in verbs or "halve" in verbs:
        return ScaleTo(target=target, factor=2.0 if "double" in verbs else 0.5)
    numbers = _numbers(tokens)
    if len(numbers) != 1:
        raise Doubt("how many? Say one number" if not numbers else "it says several numbers: say one", "scale")
    number = numbers[0]
    gpus = any(t.is_("topic", "gpu") for t in tokens)
    unit = "gpus" if gpus else "replicas"
    down = "scale-down" in verbs or any(t.is_("amount", "fewer") for t in tokens)
    up = "scale-up" in verbs or any(t.is_("amount", "more") for t in tokens)
    said = next(t for t in tokens if t.number is not None)
    if said.text[0] in "+-":
        return ScaleTo(target=target, by=number, unit=unit)
    if "scale" in verbs and not any(t.is_("amount", "more") or t.is_("amount", "fewer") for t in tokens):
        by = any(t.is_("amount", "by") for t in tokens)
        if by:
            raise Doubt("scale by how many: up or down? Say `add` or `remove`", "scale")
        return ScaleTo(target=target, to=number, unit=unit)
    if any(t.is_("amount", "to") for t in tokens) and not any(t.is_("amount", "more") for t in tokens) and not gpus:
        at = next(i for i, t in enumerate(tokens) if t.is_("amount", "to"))
        if at + 1 < len(tokens) and tokens[at + 1].number is not None:
            return ScaleTo(target=target, to=number, unit=unit)
    if up == down:
        raise Doubt("more or fewer? It says both or neither", "scale")
    return ScaleTo(target=target, by=number if up else -number, unit=unit)


def _heal(tokens: Sequence[Token]) -> HealIt:
    found = things(tokens)
    refs = preferred(found[0][1]) if found else ()
    if found and len(refs) > 1:
        raise Doubt(f"{found[0][0].text} may be {' or '.join(map(str, refs[:4]))}: say which", "heal", choices=refs)
    return HealIt(entity=refs[0] if refs else None, namespace=namespace(tokens))


def _move(tokens: Sequence[Token]) -> MoveJob:
    if not any(t.is_("topic", "job") or t.is_("topic", "quantum") or t.is_("topic", "queue") for t in tokens):
        raise Doubt(
            "only quantum jobs are moved to another queue; pods move when their node is drained", "move-job", "drain"
        )
    toward = [
        at for at, t in enumerate(tokens) if t.is_("amount", "to") or (t.is_("change", "move") and t.text[-1] == "到")
    ]
    cut = toward[-1] if toward else len(tokens)
    job, to = _called(tokens[:cut]), _called(tokens[cut + 1 :])
    if len(job) != 1:
        raise Doubt("which job? Name one" if not job else f"which job is meant by: {', '.join(job)}?", "move-job")
    if len(to) > 1:
        raise Doubt(f"which backend is meant by: {', '.join(to)}?", "move-job")
    return MoveJob(job=job[0], to=to[0] if to else "")


def _called(tokens: Sequence[Token]) -> list[str]:
    """Words that may be the name of a job or a backend."""
    general = ("quantum", "qpu", "backend", "backends", "circuit", "量子", "后端", "量子任务")
    return [
        t.text
        for t in tokens
        if (t.concept is None) or (t.is_("topic", "quantum") and t.text not in general) or t.is_("number")
    ]


def _numbers(tokens: Sequence[Token]) -> list[int]:
    return [t.number for t in tokens if t.number is not None]


def _no_amount(tokens: Sequence[Token], near: str) -> None:
    if numbers := _numbers(tokens):
        raise Doubt(f"what is the {numbers[0]} for? This change takes no number", near)


def _nothing_left(tokens: Sequence[Token], near: str, meant: Ref | None) -> None:
    """Of a change, every word must be understood: the one that is not may be the one that forbids it."""
    left = [t.text for t in tokens if (t.concept is None and not t.refs) or t.is_("hours") or t.is_("read", "forecast")]
    others = [t.text for t in tokens if t.refs and meant not in t.refs and not _space_of(t, meant)]
    if left or others:
        raise Doubt(f"the change is clear, but not what is meant by: {', '.join([*left, *others])}", near)


def _space_of(token: Token, meant: Ref | None) -> bool:
    return any(r.kind == "Namespace" and (meant is None or r.name == meant.namespace) for r in token.refs)
