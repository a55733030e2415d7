"""Slurm's JSON and `scontrol`'s lines as our types, of 22.05 as of newer versions: there a state is a list, and a number an object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from ..fields import Fields
from .labels import deadline_of, transpiled_of
from .types import Backend, Count, Failure, Job, JobState, Machine

_STATES: Mapping[str, JobState] = {
    "PENDING": "QUEUED",
    "REQUEUED": "QUEUED",
    "REQUEUE_HOLD": "HELD",
    "SPECIAL_EXIT": "HELD",
    "CONFIGURING": "RUNNING",
    "RUNNING": "RUNNING",
    "SUSPENDED": "RUNNING",
    "COMPLETING": "RUNNING",
    "COMPLETED": "DONE",
    "CANCELLED": "CANCELLED",
    "FAILED": "FAILED",
    "TIMEOUT": "FAILED",
    "NODE_FAIL": "FAILED",
    "BOOT_FAIL": "FAILED",
    "OUT_OF_MEMORY": "FAILED",
    "DEADLINE": "FAILED",
    "PREEMPTED": "FAILED",
}
_HELD = {"JobHeldUser": "user", "JobHeldAdmin": "admin"}
_FAILURES = {"TIMEOUT": "ran-too-long", "DEADLINE": "ran-too-long", "NODE_FAIL": "service", "BOOT_FAIL": "service"}
_ASKS = re.compile(r"^(?:#SBATCH|\s*srun)\s.*?--qpu[= ]([\w,.-]+)", re.M)
NO_PRIORITY = 4_294_967_294


def number(item: Fields, key: str) -> int | None:
    """A number, or `{"set": true, "infinite": false, "number": 5}`; None where it is not set."""
    if (plain := item.integer(key)) is not None:
        return plain
    inner = item.at(key)
    return inner.integer("number") if inner.flag("set") and not inner.flag("infinite") else None


def state_of(item: Fields) -> str:
    """`PENDING`, or the first of `["PENDING", …]`."""
    listed = item.texts("job_state")
    return listed[0] if listed else item.text("job_state")


def words_of(item: Fields) -> tuple[str, ...]:
    """The words of a job's comment, which stand for tags."""
    comment = item.text("comment") or item.text("comment.job")
    return tuple(comment.split())


def licences(text: str) -> tuple[str, ...]:
    """The names in `ibm_fez:1,ibm_torino:2`."""
    return tuple(part.partition(":")[0].partition("@")[0] for part in re.split(r"[,;|]", text) if part)


def job(item: Fields, now: datetime, call: str, script: str = "") -> Job:
    """One entry of `squeue --json`, with the job's script where that was read."""
    raw, reason = state_of(item), item.text("state_reason")
    state = _STATES.get(raw, "UNKNOWN")
    held = _HELD.get(reason, "")
    if state == "QUEUED" and (held or item.flag("hold")):
        state = "HELD"
    tags, priority = words_of(item), number(item, "priority")
    wanted = licences(item.text("licenses"))
    asked = ",".join(_ASKS.findall(script))
    started, limit = _time(item, "start_time"), number(item, "time_limit")
    failure = None
    if state == "FAILED":
        failure = Failure(
            kind=_FAILURES.get(raw, "unknown"), reason=raw if reason in ("", "None") else f"{raw} ({reason})"
        )
    return Job(
        provider="slurm",
        id=str(item.integer("job_id")),
        state=state,
        raw_state=raw,
        observed_at=now,
        name=item.text("name"),
        backend=wanted[0] if wanted else "",
        owner=item.text("user_name"),
        submitted=_time(item, "submit_time"),
        started=started if state not in ("QUEUED", "HELD") else None,
        ended=_time(item, "end_time") if state in ("DONE", "FAILED", "CANCELLED") else None,
        estimated_start=started if state == "QUEUED" and started and started > now else None,
        deadline=deadline_of(tags),
        limit_seconds=limit * 60.0 if limit else None,
        priority=priority if state != "HELD" and priority not in (None, NO_PRIORITY, 0) else None,
        restarts=number(item, "restart_cnt") or 0,
        held_by=held or ("user" if state == "HELD" else ""),
        waits_for="" if reason in ("None", "") or state not in ("QUEUED", "HELD") else reason,
        licences=wanted,
        asked_qpu=asked,
        node=item.text("nodes"),
        comment=" ".join(tags),
        tags=tags,
        transpiled=transpiled_of(tags),
        failure=failure,
        call=call,
    )


def backends(text: str, jobs: tuple[Job, ...], only: tuple[str, ...], now: datetime, call: str) -> list[Backend]:
    """The licences of `scontrol show licenses -o` that are QPUs; all of them where none are named."""
    found = []
    for line in text.splitlines():
        values = pairs(line)
        name = values.get("LicenseName", "")
        if not name or (only and name not in only):
            continue
        waiting = sum(j.state in ("QUEUED", "HELD", "RUNNING") and name in j.licences for j in jobs)
        found.append(
            Backend(
                provider="slurm",
                name=name,
                status="online",
                raw_status="licence",
                observed_at=now,
                pending=Count(value=waiting),
                slots=_int(values.get("Total")),
                slots_used=_int(values.get("Used")),
                call=call,
            )
        )
    return found


def machines(text: str, call: str) -> list[Machine]:
    """The nodes of `scontrol show nodes -o`."""
    found = []
    for line in text.splitlines():
        if name := pairs(line).get("NodeName"):
            states = tuple(re.split(r"[+*~#!%$@^-]+", pairs(line).get("State", "").rstrip("*~#!%$@^-")))
            reason = re.search(r"\bReason=(.*?)(?: \[[^\]]*\])?(?: \w+=|$)", line)
            found.append(
                Machine(provider="slurm", name=name, states=states, reason=reason[1] if reason else "", call=call)
            )
    return found


def pairs(line: str) -> dict[str, str]:
    """The `Key=Value` of a line."""
    return dict(re.findall(r"(\w+)=(\S*)", line))


def _int(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _time(item: Fields, key: str) -> datetime | None:
    seconds = number(item, key)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
