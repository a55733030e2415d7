"""Validation of the kinds that make pods."""

from __future__ import annotations

import re

from ...fields import Fields
from ...selectors import selects
from ..objects import Obj
from .base import Errors, Verbatim, int_or_string, selector_shown, shown
from .pods import template

_PERCENT = re.compile(r"[0-9]+%")
_CRON = re.compile(
    r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+|(TZ=\S+ |CRON_TZ=\S+ )?(\S+ +){4}\S+"
)


def _selected(spec: Obj, errors: Errors) -> None:
    """The selector of a workload, and that it selects the template's labels."""
    selector = spec.get("selector")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if selector is None:
        errors.required("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        errors.invalid("spec.selector", selector_shown(selector), "empty selector is invalid for deployment")
    if selector is None or not selects(Fields(selector), labels):
        errors.invalid(
            "spec.template.metadata.labels",
            labels or Verbatim("map[string]string(nil)"),
            "`selector` does not match template `labels`",
        )


def _always(spec: Obj, errors: Errors) -> None:
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy != "Always":
        errors.unsupported("spec.template.spec.restartPolicy", policy, ("Always",))
    if ((spec.get("template") or {}).get("spec") or {}).get("activeDeadlineSeconds") is not None:
        errors.forbidden(
            "spec.template.spec.activeDeadlineSeconds", "activeDeadlineSeconds in ReplicaSet is not Supported"
        )


def _counts(spec: Obj, errors: Errors, *fields: str) -> None:
    for field in fields:
        if spec.get(field) is not None:
            errors.not_negative(f"spec.{field}", spec[field])


def deployment(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    _counts(spec, errors, "replicas")
    _selected(spec, errors)
    template(spec.get("template") or {}, "spec.template", errors)
    _always(spec, errors)
    strategy = spec.get("strategy") or {}
    kind = strategy.get("type")
    if kind == "Recreate" and strategy.get("rollingUpdate"):
        errors.forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif kind not in ("Recreate", "RollingUpdate"):
        whole = Verbatim(
            f"apps.DeploymentStrategy{{Type:{shown(kind)}, RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}}"
        )
        errors.unsupported("spec.strategy", whole, ("Recreate", "RollingUpdate"))
    elif kind == "RollingUpdate":
        _rolling(strategy.get("rollingUpdate") or {}, errors)
    _counts(spec, errors, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and deadline <= spec.get("minReadySeconds", 0):
        errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _rolling(rolling: Obj, errors: Errors) -> None:
    path = "spec.strategy.rollingUpdate"
    zero = []
    for field in ("maxUnavailable", "maxSurge"):
        value = rolling.get(field, 0)
        if isinstance(value, str) and not _PERCENT.fullmatch(value):
            errors.invalid(
                f"{path}.{field}",
                int_or_string(value),
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
            )
            return
        if isinstance(value, int) and value < 0:
            errors.invalid(f"{path}.{field}", int_or_string(value), "must be greater than or equal to 0")
        if isinstance(value, str) and field == "maxUnavailable" and int(value[:-1]) > 100:
            errors.invalid(f"{path}.{field}", value, "must not be greater than 100%")
        zero.append(value in (0, "0%"))
    if all(zero):
        errors.invalid(
            f"{path}.maxUnavailable", int_or_string(rolling.get("maxUnavailable")), "may not be 0 when `maxSurge` is 0"
        )


def replica_set(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    _counts(spec, errors, "replicas", "minReadySeconds")
    _selected(spec, errors)
    template(spec.get("template") or {}, "spec.template", errors)
    _always(spec, errors)


def stateful_set(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    policies = ("OrderedReady", "Parallel")
    if spec.get("podManagementPolicy") not in policies:
        errors.invalid(
            "spec.podManagementPolicy", spec.get("podManagementPolicy"), f"must be '{policies[0]}' or '{policies[1]}'"
        )
    _counts(spec, errors, "replicas")
    _selected(spec, errors)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    errors.labels("spec.template.labels", labels)  # the pod spec itself is left to the creation of pods
    _always(spec, errors)


def daemon_set(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    _selected(spec, errors)
    template(spec.get("template") or {}, "spec.template", errors)
    _always(spec, errors)


def job(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    _job_spec(spec, "spec", errors)
    if spec.get("selector") is None:
        errors.required("spec.selector")


def _job_spec(spec: Obj, path: str, errors: Errors) -> None:
    for field in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        if spec.get(field) is not None:
            errors.not_negative(f"{path}.{field}", spec[field])
    template(spec.get("template") or {}, f"{path}.template", errors)
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    if policy not in ("OnFailure", "Never"):
        errors.required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def cron_job(obj: Obj, errors: Errors) -> None:
    spec = obj.get("spec") or {}
    schedule = spec.get("schedule", "")
    if not schedule:
        errors.required("spec.schedule")
    elif not _CRON.fullmatch(schedule):
        found = len(schedule.split())
        errors.invalid(
            "spec.schedule",
            schedule,
            f"expected exactly 5 fields, found {found}: [{schedule}]" if found != 5 else "invalid",
        )
    if spec.get("concurrencyPolicy") not in ("Allow", "Forbid", "Replace"):
        errors.unsupported("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), ("Allow", "Forbid", "Replace"))
    _counts(spec, errors, "startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    _job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec", errors)


def selector_update(old: Obj, new: Obj, errors: Errors) -> None:
    before, after = old["spec"].get("selector"), new["spec"].get("selector")
    errors.immutable("spec.selector", before, after, selector_shown(after or {}))


def stateful_set_update(old: Obj, new: Obj, errors: Errors) -> None:
    free = {"replicas", "template", "updateStrategy", "minReadySeconds", "persistentVolumeClaimRetentionPolicy", "ordinals",
            "revisionHistoryLimit"}  # fmt: skip
    before = {k: v for k, v in old["spec"].items() if k not in free}
    after = {k: v for k, v in new["spec"].items() if k not in free}
    if before != after:
        errors.forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'template', and 'updateStrategy' are forbidden",
        )


def job_update(old: Obj, new: Obj, errors: Errors) -> None:
    before, after = old["spec"], new["spec"]
    errors.immutable("spec.completions", before.get("completions"), after.get("completions"))
    selector = after.get("selector") or {}
    errors.immutable("spec.selector", before.get("selector"), after.get("selector"), selector_shown(selector))
    if before.get("template") != after.get("template"):
        errors.invalid("spec.template", "", "field is immutable")
