"""What to do about a cause: the value that should be there, found in the evidence, as a plan of typed steps.

Three roads, the surest first: what the object's own declaration says, what its last good revision had, and what the
playbook of the fault works out from the rest of the cluster. None is a blind restart, and none removes what people made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..diagnose.scene import Scene
from ..remedy import Plan
from ..types import Cause
from . import playbooks as playbooks
from .book import BOOK
from .compose import asked as asked
from .compose import best, plan_of
from .site import Draft, Site


def plans(cause: Cause, scene: Scene, experience: Mapping[str, float] | None = None) -> tuple[Plan, ...]:
    """The plans for a cause, the best first. `experience` says how often a playbook has worked for this fault (0..1)."""
    site = Site(cause, scene)
    made = (plan for draft in _drafts(site) if (plan := plan_of(site, draft)))
    return best(made, experience or {})


def _drafts(site: Site) -> Iterator[Draft]:
    if draft := site.declared():
        yield draft
    if draft := site.restored():
        yield draft
    for playbook in BOOK.get(site.cause.fault, ()):
        yield from playbook(site)
