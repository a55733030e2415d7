"""What one look at the cluster tells a session that heals: what is wrong, what may be done about it, and what policy may know."""

from __future__ import annotations

from collections.abc import Callable

from steersman_tools.actions import Unfit
from steersman_tools.types import Frozen, Ref

from .diagnose import Examination
from .diagnose.scene import Scene
from .experience import Experience
from .gate import Target
from .plan import asked, plans
from .remedy import Plan
from .seams import Handbook
from .types import Diagnosed, Request
from .verify import severity

ENTITY_FREEZE = "steersman.dev/freeze"


class Assessment(Frozen):
    """One look at the cluster: what is wrong, what may be done about each cause, and how bad it is."""

    diagnosed: Diagnosed
    plans: tuple[tuple[Plan, ...], ...]
    """For each cause, in its order."""
    targets: dict[str, Target]
    severity: float
    version: str = ""
    context: str = ""
    wish: Plan | None = None
    """The plan of what was asked for, where that is a change."""
    no_wish: str = ""
    """Why it cannot be planned."""


def assess(
    request: Request,
    diagnosed: Diagnosed,
    examination: Examination,
    experience: Callable[[str], Experience],
    handbook: Handbook | None,
) -> Assessment:
    """The plans for every cause, the plan of what was asked for, and all that policy may know of their objects."""
    scene = examination.scene
    options = tuple(plans(cause, scene, experience(cause.fault), handbook) for cause in diagnosed.diagnosis.causes)
    wish, no_wish = _wished(request, scene)
    refs = {s.action.target for those in (*options, (wish,) if wish else ()) for plan in those for s in plan.steps}
    return Assessment(
        diagnosed=diagnosed,
        plans=options,
        targets={str(ref): _target(examination, ref) for ref in refs},
        severity=severity(examination),
        version=scene.snapshot.version,
        context=scene.snapshot.context,
        wish=wish,
        no_wish=no_wish,
    )


def _wished(request: Request, scene: Scene) -> tuple[Plan | None, str]:
    """The plan of what was asked for, or why there is none."""
    if request.action is None:
        return None, ""
    try:
        return asked(request.action, scene, f"asked: {request.question}" if request.question else "asked"), ""
    except Unfit as error:
        return None, str(error)


def _target(examination: Examination, ref: Ref) -> Target:
    """What policy may know of an object."""
    snapshot = examination.scene.snapshot
    found, space = snapshot.get(ref), snapshot.get(Ref("", "Namespace", ref.namespace))
    marks = {**(space.annotations if space else {}), **(space.labels if space else {})}
    if found is not None:
        marks |= {**found.annotations, **found.labels}
    return Target(
        labels=found.labels if found else {},
        annotations={k: v for k, v in found.annotations.items() if len(v) < 500} if found else {},
        replicas=found.count("spec.replicas") if found else 0,
        frozen=marks.get(ENTITY_FREEZE, "") in ("true", "yes", "1"),
    )
