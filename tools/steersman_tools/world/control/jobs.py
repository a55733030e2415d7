"""Jobs: pods that run to completion, again when they fail, up to a limit."""

from __future__ import annotations

from ..api.deletion import Options
from ..api.status import ApiError
from ..objects import Obj, moment
from ..store import Key
from .base import Control, ready

JOB = "jobs.batch"


class Jobs(Control):
    name = "job"
    watches, owns = (JOB,), ("pods",)

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get(JOB, *key)
        if obj is None or obj["metadata"].get("deletionTimestamp"):
            return None
        if _finished(obj):
            return self._expire(obj)
        spec, status = obj["spec"], dict(obj.get("status") or {})
        pods = self.store.owned(obj["metadata"]["uid"], "pods")
        alive = [
            p
            for p in pods
            if (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            and not p["metadata"].get("deletionTimestamp")
        ]
        succeeded = sum((p.get("status") or {}).get("phase") == "Succeeded" for p in pods)
        failed = sum((p.get("status") or {}).get("phase") == "Failed" for p in pods)
        if not spec.get("suspend"):
            status.setdefault("startTime", self.registry.now())
        again: float | None = None
        end = self._end(obj, status, alive, succeeded, failed)
        if end:
            for pod in alive:
                self.delete("pods", pod)
                self.tell(JOB, obj, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
            failed, alive = failed + len(alive) if end[0] == "Failed" else failed, []
            self._conclude(obj, status, *end)
        elif spec.get("suspend"):
            for pod in alive:
                self.delete("pods", pod)
        else:
            again = self._manage(obj, pods, alive, succeeded, failed)
            alive = [
                p
                for p in self.store.owned(obj["metadata"]["uid"], "pods")
                if (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            ]
        counts = {"active": len(alive), "succeeded": succeeded, "failed": failed, "ready": sum(map(ready, alive))}
        status = {k: v for k, v in status.items() if k not in counts} | {
            k: v for k, v in counts.items() if v or k == "ready"
        }
        self.status(JOB, obj, status)
        limit = spec.get("activeDeadlineSeconds")
        if limit and not end and status.get("startTime"):
            left = limit - (self.now - moment(status["startTime"])).total_seconds()
            again = min(again, left) if again is not None else left
        if end and spec.get("ttlSecondsAfterFinished") is not None:
            again = float(spec["ttlSecondsAfterFinished"])
        return again

    def _end(self, obj: Obj, status: Obj, alive: list[Obj], succeeded: int, failed: int) -> tuple[str, str, str] | None:
        """How the Job ends now: condition, reason, message."""
        spec = obj["spec"]
        restarts = sum(
            c.get("restartCount", 0) for p in alive for c in (p.get("status") or {}).get("containerStatuses") or ()
        )
        limit = spec.get("backoffLimit", 6)
        on_failure = (spec["template"]["spec"].get("restartPolicy")) == "OnFailure"
        if failed > limit or (on_failure and restarts and (restarts >= limit if limit else restarts > 0)):
            return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        if (
            deadline
            and status.get("startTime")
            and (self.now - moment(status["startTime"])).total_seconds() >= deadline
        ):
            return "Failed", "DeadlineExceeded", "Job was active longer than specified deadline"
        wanted = spec.get("completions")
        if (wanted is not None and succeeded >= wanted) or (wanted is None and succeeded and not alive):
            return "Complete", "", ""
        return None

    def _conclude(self, obj: Obj, status: Obj, kind: str, reason: str, message: str) -> None:
        now = self.registry.now()
        made = {"type": kind, "status": "True", "lastProbeTime": now, "lastTransitionTime": now}
        if reason:
            made |= {"reason": reason, "message": message}
            self.tell(JOB, obj, reason, message, warning=True)
        else:
            status["completionTime"] = now
            self.tell(JOB, obj, "Completed", "Job completed")
        status["conditions"] = [*(status.get("conditions") or ()), made]

    def _manage(self, obj: Obj, pods: list[Obj], alive: list[Obj], succeeded: int, failed: int) -> float | None:
        """Creates or removes pods; after failures it waits longer and longer."""
        spec = obj["spec"]
        wanted = spec.get("parallelism", 1)
        if spec.get("completions") is not None:
            wanted = min(wanted, spec["completions"] - succeeded)
        elif succeeded:
            wanted = len(alive)
        if failed and len(alive) < wanted:
            ends = [c["state"]["terminated"]["finishedAt"] for p in pods if (p.get("status") or {}).get("phase") == "Failed"
                    for c in p["status"].get("containerStatuses") or () if "terminated" in (c.get("state") or {})]  # fmt: skip
            wait = min(10 * 2 ** (failed - 1), 360) - self.seconds_since(max(ends)) if ends else 0
            if wait > 0:
                return wait
        for pod in alive[wanted:] if wanted >= 0 else alive:
            self.delete("pods", pod)
            self.tell(JOB, obj, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        for _ in range(wanted - len(alive)):
            self._create(obj)
        return None

    def _create(self, obj: Obj) -> None:
        template, meta = obj["spec"]["template"], obj["metadata"]
        pod_meta = {k: v for k, v in (template.get("metadata") or {}).items() if k in ("labels", "annotations") and v}
        pod = {"metadata": {**pod_meta, "generateName": f"{meta['name']}-", "namespace": meta["namespace"], "ownerReferences": [self.reference(JOB, obj)]},
               "spec": template["spec"]}  # fmt: skip
        try:
            made = self.create("pods", pod)
        except ApiError as error:
            self.tell(JOB, obj, "FailedCreate", f"Error creating: {error.message}", warning=True)
            raise
        self.tell(JOB, obj, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _expire(self, obj: Obj) -> float | None:
        """Deletes a finished Job whose time to live is over."""
        ttl = obj["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return None
        ended = next(
            c["lastTransitionTime"] for c in obj["status"]["conditions"] if c["type"] in ("Complete", "Failed")
        )
        left = ttl - self.seconds_since(ended)
        if left > 0:
            return float(left)
        self.delete(JOB, obj, Options(propagation="Foreground"))
        return None


def _finished(obj: Obj) -> bool:
    return any(
        c["type"] in ("Complete", "Failed") and c["status"] == "True"
        for c in (obj.get("status") or {}).get("conditions") or ()
    )
