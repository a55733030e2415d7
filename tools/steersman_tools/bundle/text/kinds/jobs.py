"""Jobs and CronJobs."""

from __future__ import annotations

import re

from ..build import Object, number, put, truth
from ..outline import Described
from ..times import age, stamp
from .common import comma, metadata, selector
from .pods import template

_PODS = re.compile(r"(\d{1,9}) (Active|Running|Succeeded|Failed)(?: \((\d{1,9}) Ready\))?")


def job(text: Described) -> Object:
    """A Job. That it is complete follows from its completion time; the description prints no conditions."""
    obj = metadata(text)
    _spec(obj, "spec", text)
    put(obj, "spec.completionMode", text.value("Completion Mode"))
    put(obj, "spec.suspend", truth(text.section("Suspend").value))
    put(obj, "spec.backoffLimit", number(text.section("Backoff Limit").value))
    put(obj, "spec.ttlSecondsAfterFinished", number(text.section("TTL Seconds After Finished").value))
    put(obj, "status.startTime", stamp(text.value("Start Time") or ""))
    for count, word, ready in _PODS.findall(text.section("Pods Statuses").value):
        put(obj, f"status.{'active' if word == 'Running' else word.lower()}", int(count))
        put(obj, "status.ready", number(ready))
    if done := stamp(text.value("Completed At") or ""):
        put(obj, "status.completionTime", done)
        put(obj, "status.conditions", [{"type": "Complete", "status": "True", "lastTransitionTime": done}])
    return obj


def cron_job(text: Described) -> Object:
    obj = metadata(text)
    _spec(obj, "spec.jobTemplate.spec", text)
    put(obj, "spec.schedule", text.value("Schedule"))
    put(obj, "spec.concurrencyPolicy", text.value("Concurrency Policy"))
    put(obj, "spec.suspend", truth(text.section("Suspend").value))
    put(obj, "spec.successfulJobsHistoryLimit", number(text.section("Successful Job History Limit").value))
    put(obj, "spec.failedJobsHistoryLimit", number(text.section("Failed Job History Limit").value))
    put(obj, "spec.startingDeadlineSeconds", _seconds(text.value("Starting Deadline Seconds")))
    put(obj, "status.lastScheduleTime", stamp(text.value("Last Schedule Time") or ""))
    put(obj, "status.active", [{"kind": "Job", "name": name} for name in comma(text.value("Active Jobs"))])
    return obj


def _spec(obj: Object, path: str, text: Described) -> None:
    put(obj, f"{path}.selector", selector(text.value("Selector")))
    put(obj, f"{path}.parallelism", number(text.section("Parallelism").value))
    put(obj, f"{path}.completions", number(text.section("Completions").value))
    put(obj, f"{path}.activeDeadlineSeconds", _seconds(text.value("Active Deadline Seconds")))
    put(obj, f"{path}.template", template(text.section("Pod Template"), text.odd))


def _seconds(text: str | None) -> int | None:
    """`30s` as a number of seconds."""
    found = age(text or "")
    return int(found) if found is not None else None
