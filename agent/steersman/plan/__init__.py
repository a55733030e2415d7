"""What to do about a cause: the value that should be there, found in the evidence, as a plan of typed steps.

Three roads, the surest first: what the object's own declaration says, what its last good revision had, and what the
playbook of the fault works out from the rest of the cluster. None is a blind restart, and none removes what people made.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnose.scene import Scene
from ..experience import Experience
from ..remedy import Plan
from ..seams import Handbook
from ..types import Cause
from . import playbooks as playbooks
from .book import BOOK
from .compose import best, plan_of
from .site import Draft, Site
from .templates import templates

NOTHING = Experience()


def plans(
    cause: Cause, scene: Scene, experience: Experience = NOTHING, handbook: Handbook | None = None
) -> tuple[Plan, ...]:
    """The plans for a cause, the best first. The runbooks' own templates come after what steersman knows itself."""
    site = Site(cause, scene)
    made = (plan for draft in _drafts(site, handbook) if (plan := plan_of(site, draft, experience)))
    return best(made, experience)


def _drafts(site: Site, handbook: Handbook | None) -> Iterator[Draft]:
    if draft := site.declared():
        yield draft
    if draft := site.restored():
        yield draft
    for playbook in BOOK.get(site.cause.fault, ()):
        yield from playbook(site)
    if handbook:
        yield from templates(site, handbook.of(site.cause.fault))
