"""CronJobs: Jobs by schedule."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..api.deletion import Options
from ..api.status import ApiError
from ..objects import Obj, moment, stamp
from ..store import Key
from .base import Control
from .jobs import JOB

CRON = "cronjobs.batch"
_NAMES = {"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *",
          "@midnight": "0 0 * * *", "@hourly": "0 * * * *"}  # fmt: skip
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def _field(text: str, low: int, high: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        first, last = (low, high) if body in ("*", "?") else (int(body.split("-")[0]), int(body.split("-")[-1]))
        if step and "-" not in body and body not in ("*", "?"):
            last = high
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def matches(schedule: str, at: datetime) -> bool:
    """Whether a schedule fires in the minute."""
    minute, hour, day, month, week = _NAMES.get(schedule, schedule).split()
    sets = [_field(t, *r) for t, r in zip((minute, hour, day, month, week.replace("7", "0")), _RANGES, strict=True)]
    days = at.day in sets[2], (at.weekday() + 1) % 7 in sets[4]
    right_day = all(days) if "*" in (day[0], week[0]) else any(days)
    return at.minute in sets[0] and at.hour in sets[1] and at.month in sets[3] and right_day


class CronJobs(Control):
    name = "cronjob"
    watches, owns = (CRON,), (JOB,)

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get(CRON, *key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return None
        jobs = self.store.owned(obj["metadata"]["uid"], JOB)
        status = self._tidy(obj, jobs)
        if not obj["spec"].get("suspend"):
            try:
                status = self._fire(obj, status)
            except (ValueError, IndexError):
                self.tell(
                    CRON, obj, "UnparseableSchedule", f"unparseable schedule: {obj['spec']['schedule']!r}", warning=True
                )
                return None
        self.status(CRON, obj, status)
        return 60.0 - self.now.second - self.now.microsecond / 1e6

    def _tidy(self, obj: Obj, jobs: list[Obj]) -> Obj:
        """Notes which Jobs run, and removes old ones."""
        status, alive = dict(obj.get("status") or {}), []
        done: dict[str, list[Obj]] = {"Complete": [], "Failed": []}
        known = {a["uid"] for a in status.get("active") or ()}
        for job in jobs:
            end = next(
                (
                    c["type"]
                    for c in (job.get("status") or {}).get("conditions") or ()
                    if c["status"] == "True" and c["type"] in done
                ),
                None,
            )
            if end is None:
                alive.append(self._ref(job))
                continue
            done[end].append(job)
            if job["metadata"]["uid"] in known:
                self.tell(CRON, obj, "SawCompletedJob", f"Saw completed job: {job['metadata']['name']}, status: {end}")
                if end == "Complete":
                    status["lastSuccessfulTime"] = (job.get("status") or {}).get(
                        "completionTime"
                    ) or self.registry.now()
        for end, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            limit = obj["spec"].get(field)
            old = sorted(done[end], key=lambda j: (j.get("status") or {}).get("startTime", ""))
            for job in old[: len(old) - limit] if limit is not None and len(old) > limit else ():
                self.delete(JOB, job, Options(propagation="Background"))
                self.tell(CRON, obj, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")
        status.pop("active", None)
        return status | ({"active": alive} if alive else {})

    def _ref(self, job: Obj) -> Obj:
        meta = job["metadata"]
        return {
            "kind": "Job",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
            "apiVersion": "batch/v1",
            "resourceVersion": meta["resourceVersion"],
        }

    def _fire(self, obj: Obj, status: Obj) -> Obj:
        schedule, now = obj["spec"]["schedule"], self.now.replace(second=0, microsecond=0)
        last = moment(status.get("lastScheduleTime") or obj["metadata"]["creationTimestamp"])
        if last >= now or not (due := self._due(schedule, last, now)):
            return status
        deadline = obj["spec"].get("startingDeadlineSeconds")
        if deadline is not None and (self.now - due).total_seconds() > deadline:
            self.tell(
                CRON,
                obj,
                "MissSchedule",
                f"Missed scheduled time to start a job: {due:%a, %d %b %Y %H:%M:%S} +0000",
                warning=True,
            )
            return status
        policy, alive = obj["spec"].get("concurrencyPolicy", "Allow"), status.get("active") or []
        if alive and policy == "Forbid":
            self.tell(
                CRON,
                obj,
                "JobAlreadyActive",
                "Not starting job because prior execution is running and concurrency policy is Forbid",
            )
            return status
        if alive and policy == "Replace":
            for ref in alive:
                if job := self.store.get(JOB, ref["namespace"], ref["name"]):
                    self.delete(JOB, job, Options(propagation="Background"))
                    self.tell(CRON, obj, "SuccessfulDelete", f"Deleted job {ref['name']}")
            alive = []
        return self._start(obj, status, due, alive)

    def _due(self, schedule: str, last: datetime, now: datetime) -> datetime | None:
        """The latest minute since `last` in which the schedule fires."""
        at, oldest = now, max(last, now - timedelta(days=2))
        while at > oldest:
            if matches(schedule, at):
                return at
            at -= timedelta(minutes=1)
        return None

    def _start(self, obj: Obj, status: Obj, due: datetime, alive: list[Obj]) -> Obj:
        template, meta = obj["spec"]["jobTemplate"], obj["metadata"]
        name = f"{meta['name']}-{int(due.timestamp()) // 60}"
        extra = {k: v for k, v in (template.get("metadata") or {}).items() if k in ("labels", "annotations") and v}
        try:
            job = self.create(
                JOB,
                {
                    "metadata": {
                        **extra,
                        "name": name,
                        "namespace": meta["namespace"],
                        "ownerReferences": [self.reference(CRON, obj)],
                    },
                    "spec": template["spec"],
                },
            )
        except ApiError as error:
            if error.reason != "AlreadyExists":
                self.tell(CRON, obj, "FailedCreate", f"Error creating job: {error.message}", warning=True)
            return status
        self.tell(CRON, obj, "SuccessfulCreate", f"Created job {name}")
        return status | {"lastScheduleTime": stamp(due), "active": [*alive, self._ref(job)]}
