"""What a person asks to be changed, as the frame in which a model may propose: its proposal must follow from the person's own words.

Nothing that was read from a cluster can widen the frame: the target must be named in the request, the number must be derivable
from it, and a request that forbids, asks why, or is understood without a model leaves no room at all.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..intent import Change, CordonNode, DrainNode, Names, RestartIt, RollBackTo, ScaleTo, UncordonNode
from ..intent.changes import careful
from ..intent.names import WORKLOADS
from ..intent.scan import scan
from ..intent.things import preferred
from .case import Case

_KINDS = {"scale": ("Deployment", "StatefulSet"), "rollback": WORKLOADS, "restart": WORKLOADS}


class Refused(Exception):
    """A proposal outside the frame. The text says why."""


@dataclass(frozen=True)
class Wish:
    """What a request leaves room for."""

    open: bool
    """Whether it may ask for a change at all, in words that are known or not."""
    verbs: frozenset[str]
    """The changes that it names; empty: it names none, in words that are known."""
    numbers: tuple[int, ...] = ()
    careful: bool = False
    """Whether it is wanted only if it breaks nothing."""

    amounts: bool = False
    """Whether it says how many more or fewer, which asks for a change as clearly as a verb does."""
    orders: bool = True
    """Whether it may be an order at all: it asks nothing and forbids nothing."""

    @property
    def spoken(self) -> bool:
        """Whether it asks for a change in words that are known: what a model needs that has read the cluster's texts."""
        return self.open and bool(self.verbs)

    @classmethod
    def of(cls, text: str, names: Names) -> Wish:
        """The frame of a request."""
        tokens = scan(text, names)
        verbs = frozenset(t.concept.name for t in tokens if t.concept and t.concept.room == "change")
        closed = (
            any(t.is_("negation") or t.is_("ask") or t.is_("read", "diagnose") for t in tokens) or "delete" in verbs
        )
        named = any(t.refs for t in tokens)
        amounts = any(t.is_("amount", word) for t in tokens for word in ("more", "fewer", "replicas"))
        numbers = tuple(t.number for t in tokens if t.number is not None)
        return cls(named and not closed, verbs, numbers, careful(tokens), bool(numbers) and amounts, not closed)


def wished(case: Case, change: str, target: str, number: int | None) -> Change:
    """The change in its type. Raises Refused where the person's words do not hold it."""
    wish = Wish.of(case.question, case.names)
    if not wish.open:
        raise Refused("the person asked for no change")
    plain = {"scale-up": "scale", "scale-down": "scale", "double": "scale", "halve": "scale"}
    asked = {plain.get(v, v) for v in wish.verbs}
    if asked and change not in asked:
        raise Refused(f"the person asked for: {', '.join(sorted(asked))}")
    kinds = _KINDS.get(change, ("Node",))
    refs = preferred([r for r in case.names.called(target.strip().lower()) if r.kind in kinds])
    mentioned = {r for t in scan(case.question, case.names) for r in t.refs}
    if len(refs) != 1 or refs[0] not in mentioned:
        raise Refused(f"{target} is no {' or '.join(kinds)} that the person named")
    ref, safe = refs[0], wish.careful
    match change:
        case "scale":
            return ScaleTo(target=ref, to=_replicas(case, wish, ref, number), if_safe=safe)
        case "rollback":
            if number is not None and number not in wish.numbers:
                raise Refused("the person named no such revision")
            return RollBackTo(target=ref, revision=number, if_safe=safe)
        case "restart":
            return RestartIt(target=ref, if_safe=safe)
        case "cordon":
            return CordonNode(target=ref, if_safe=safe)
        case "uncordon":
            return UncordonNode(target=ref, if_safe=safe)
    return DrainNode(target=ref, if_safe=safe)


def _replicas(case: Case, wish: Wish, ref: object, number: int | None) -> int:
    workload = next((w for w in case.scene.workloads.values() if w.ref == ref), None)
    now = workload.desired if workload else 0
    derivable = {n for m in wish.numbers for n in (m, now + m, now - m)} or {now + 1, now - 1, 2 * now}
    if number is None or number not in derivable:
        raise Refused(f"the person's words give no {number}; there are {now} replicas now")
    if number < 1:
        raise Refused("scaling to nothing is not proposed by a model")
    return number
