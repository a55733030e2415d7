"""What to do about a cause: the value that should be there, found in the evidence, as a plan of typed steps.

Three roads, the surest first: what the object's own declaration says, what its last good revision had, and what the
playbook of the fault works out from the rest of the cluster. None is a blind restart, and none removes what people made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from steersman_tools.actions import RestartRollout

from ..diagnose.analyzers.config import needs
from ..diagnose.scene import Scene
from ..experience import Experience
from ..faults import Fault
from ..remedy import Plan
from ..seams import Handbook
from ..types import Cause
from . import playbooks as playbooks
from .book import BOOK
from .compose import asked as asked
from .compose import best, plan_of
from .playbooks.resources import restart
from .site import Draft, Site
from .templates import templates

NOTHING = Experience()

MOST_RESTARTS = 4
_AHEAD = frozenset({Fault.LOAD_AHEAD, Fault.LOAD_PASSED})
"""What lies ahead: the declaration and the last good revision know nothing of it."""
_OUTSIDE = frozenset(f for f in Fault if f.group in ("performance", "nodes", "gpu", "quantum"))
"""Faults that come upon a workload from outside, unless a field of it is named."""


def plans(
    cause: Cause, scene: Scene, experience: Experience = NOTHING, handbook: Handbook | None = None
) -> tuple[Plan, ...]:
    """The plans for a cause, the best first. The runbooks' own templates come after what steersman knows itself."""
    site = Site(cause, scene)
    drafts = _drafts(site, handbook)
    made = (plan for draft in drafts if (plan := plan_of(site, _read_anew(site, draft), experience)))
    return best(made, experience)


def _read_anew(site: Site, draft: Draft) -> Draft:
    """A ConfigMap that containers read as they start takes effect when those that suffer from it start again."""
    changed = {a.target for a in draft.actions if a.target.kind == "ConfigMap"}
    if not changed or any(a.do == "RestartRollout" for a in draft.actions):
        return draft
    readers = [w.ref for w in site.harmed if any(n.target in changed and "env" in n.field for n in needs(w))]
    again = tuple(restart(site, ref) for ref in readers if ref.kind in RestartRollout.kinds)
    return replace(draft, actions=(*draft.actions, *again[:MOST_RESTARTS]))


def _drafts(site: Site, handbook: Handbook | None) -> Iterator[Draft]:
    tells = _past_tells(site)
    if tells:
        yield from _looking_back(site)
    for playbook in BOOK.get(site.cause.fault, ()):
        yield from playbook(site)
    if handbook:
        yield from templates(site, handbook.of(site.cause.fault))
    if tells and site.restored() and (whole := site.rolled_back()):
        yield whole  # where the field alone cannot go back without the rest of what came with it


def _past_tells(site: Site) -> bool:
    """Whether what an object was before says what it should be: where no field of it is at fault, that would be a guess."""
    return site.cause.fault not in _AHEAD and (bool(site.cause.field) or site.cause.fault not in _OUTSIDE)


def _looking_back(site: Site) -> Iterator[Draft]:
    if draft := site.declared():
        yield draft
    if draft := site.restored():
        yield draft
