"""Empties a node by eviction: the server decides for every pod whether its disruption budget allows it."""

from __future__ import annotations

from .clock import Clock
from .fields import Fields
from .types import Ref
from .writer import Busy, Refused, Writer

PATIENCE_SECONDS, PAUSE_SECONDS = 120.0, 2.0


async def drain(writer: Writer, node: str, clock: Clock) -> str:
    """Evicts what can be evicted and says what became of the pods. Raises Refused before it moves any that nobody would replace."""
    pods = [pod for pod in map(Fields, await writer.pods_on(node)) if _moves(pod)]
    bare = [pod.text("metadata.name") for pod in pods if not pod.each("metadata.ownerReferences")]
    if bare:
        raise Refused(f"Nobody would replace {', '.join(bare)}: move or delete what stands alone before the drain.")
    waiting = [Ref(pod.text("metadata.namespace"), "Pod", pod.text("metadata.name")) for pod in pods]
    total, patience = len(waiting), PATIENCE_SECONDS
    while waiting:
        held = []
        for pod in waiting:
            try:
                await writer.evict(pod, "for real")
            except Busy:
                held.append(pod)
        waiting = held
        if not waiting or patience <= 0:
            break
        await clock.sleep(PAUSE_SECONDS)
        patience -= PAUSE_SECONDS
    kept = f"; disruption budgets keep {', '.join(pod.name for pod in waiting)}" if waiting else ""
    return f"{total - len(waiting)} of {total} pods evicted{kept}"


def _moves(pod: Fields) -> bool:
    """Whether a drain concerns the pod: not one of a DaemonSet, nor one of the node's own, nor one that has ended."""
    owners = {owner.text("kind") for owner in pod.each("metadata.ownerReferences")}
    ended = pod.text("status.phase") in ("Succeeded", "Failed") or pod.has("metadata.deletionTimestamp")
    return not owners & {"DaemonSet", "Node"} and not ended
