"""Remedies for containers that do not start or do not stay up: images, commands, crashes, releases."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

from steersman_tools.actions import FieldValue, Replace, SetImage
from steersman_tools.snapshot import Resource

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site

MOST_JOBS = 4
"""Jobs that one plan makes anew: a plan changes five objects at the most."""


@playbook(Fault.IMAGE_NOT_FOUND, Fault.IMAGE_REGISTRY_UNREACHABLE, Fault.IMAGE_PULL_UNAUTHORIZED, Fault.IMAGE_ARCHITECTURE_MISMATCH)  # fmt: skip
def image(site: Site) -> Iterator[Draft]:
    """The image that the workload's own running pods have, or that others run from the same repository."""
    if site.workload is None or not site.container:
        return
    now = site.workload.container(site.container).text("image")
    running: Counter[str] = Counter()
    for pod in site.scene.snapshot.all("Pod"):
        for status in pod.each("status.containerStatuses"):
            if status.flag("ready") and status.text("image") != now:
                own = site.scene.workload_of.get(pod.ref)
                weight = 100 if own and own.ref == site.entity and status.text("name") == site.container else 1
                running[status.text("image")] += weight
    near = [i for i, n in running.most_common() if n >= 100 or _repository(i) == _repository(now)]
    near += [i for i in difflib.get_close_matches(now, running, 1, 0.85) if i not in near]
    for found in near[:2]:
        action = SetImage(target=site.entity, container=site.container, image=found)
        again = tuple(_again(site, found))
        yield Draft("set-image", (action, *again), f"{found} runs in this cluster; {now} cannot be pulled")


def _again(site: Site, image: str) -> Iterator[Replace]:
    """The Jobs that a CronJob has made from the wrong template and that wait in vain: a Job's own template cannot be changed."""
    if site.workload is None or site.entity.kind != "CronJob":
        return
    waiting = [j for j in site.workload.jobs if not _over(j)]
    for job in waiting[:MOST_JOBS]:
        for index, container in enumerate(job.each("spec.template.spec.containers")):
            if container.text("name") == site.container:
                field = FieldValue(path=f"spec.template.spec.containers[{index}].image", value=image)
                yield Replace(target=job.ref, fields=(field,))


def _over(job: Resource) -> bool:
    return any(job.condition(kind).text("status") == "True" for kind in ("Complete", "Failed"))


def _repository(image: str) -> str:
    return image.partition("@")[0].rpartition(":")[0]


@playbook(
    Fault.RELEASE_REGRESSION, Fault.ROLLOUT_STUCK, Fault.CRASH_ON_START, Fault.COMMAND_INVALID,
    Fault.VOLUME_PERMISSION_DENIED, Fault.CONTAINER_PORT_CONFLICT, Fault.INIT_CONTAINER_BLOCKED,
)  # fmt: skip
def release(site: Site) -> Iterator[Draft]:
    """The last good revision, where the newest one brought the failure: none of its pods has become ready, or it answers worse."""
    worse = site.cause.fault in (Fault.RELEASE_REGRESSION, Fault.ROLLOUT_STUCK)
    if (draft := site.rolled_back()) and (worse or not _works(site)):
        yield draft


def _works(site: Site) -> bool:
    """Whether some pod of the newest revision is ready."""
    workload = site.workload
    if workload is None or workload.current is None:
        return workload is None or workload.ready > 0
    newest = workload.current.ref
    return any(p.controller == newest for p in workload.ready_pods)


@playbook(Fault.COMMAND_INVALID)
def command(site: Site) -> Iterator[Draft]:
    """Without the command that is not in the image, the image's own is run."""
    if site.workload and site.container and site.cause.field.endswith(".command"):
        yield Draft(
            "drop-command",
            (site.patch((site.cause.field, None)),),
            f"{site.cause.observed}; without it the image's own entry point runs",
        )


@playbook(
    Fault.CONTAINER_PORT_CONFLICT, Fault.INIT_CONTAINER_BLOCKED, Fault.CRASH_ON_START, Fault.VOLUME_PERMISSION_DENIED
)
def unknown(site: Site) -> Iterator[Draft]:
    """What the application needs is not written in the cluster."""
    yield Draft("say", (), "the right value is not in the cluster", choices=(site.cause.advice or site.cause.expected,))
