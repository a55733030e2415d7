"""Admission: what stands between a valid request and the store. Each plugin is one class with the API server's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..fields import Fields
from ..quantity import amount
from ..selectors import selects
from .api.caller import Caller
from .api.kinds import Type
from .api.registry import Registry
from .api.status import ApiError, forbidden, not_found
from .objects import Obj
from .quotas import used_by
from .schema.amounts import canonical

WebhookReach = Callable[[Obj], str]
"""Why a webhook does not answer; '' when it does."""
_ANYWHERE = frozenset({"events", "leases.coordination.k8s.io"})


@dataclass
class NamespaceLifecycle:
    """Nothing is made in a namespace that does not exist or is going."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if not kind.namespaced or old is not None:
            return
        name = obj["metadata"].get("namespace", "")
        found = self.registry.store.get("namespaces", "", name)
        if found is None:
            raise not_found("namespaces", "", name)
        if found["metadata"].get("deletionTimestamp"):
            what = obj["metadata"].get("name") or obj["metadata"].get("generateName", "")
            text = f"unable to create new content in namespace {name} because it is being terminated"
            error = forbidden(kind.plural, kind.group, what, text)
            assert error.details is not None
            error.details["causes"] = [
                {
                    "reason": "NamespaceTerminating",
                    "message": f"namespace {name} is being terminated",
                    "field": "metadata.namespace",
                }
            ]
            raise error

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass


@dataclass
class ServiceAccounts:
    """A pod runs as a ServiceAccount that exists, and gets its token."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "pods" or old is not None:
            return
        spec, meta = obj["spec"], obj["metadata"]
        name = spec.get("serviceAccountName") or "default"
        account = self.registry.store.get("serviceaccounts", meta["namespace"], name)
        if account is None:
            what = meta.get("name") or meta.get("generateName", "")
            raise forbidden(
                "pods",
                "",
                what,
                f'error looking up service account {meta["namespace"]}/{name}: serviceaccount "{name}" not found',
            )
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = list(account["imagePullSecrets"])
        wanted = spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True))
        if wanted is not False:
            _mount_token(spec, self.registry.suffix())

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass


_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def _mount_token(spec: Obj, suffix: str) -> None:
    name = f"kube-api-access-{suffix}"
    mounted = False
    for container in [*spec.get("containers", ()), *spec.get("initContainers", ())]:
        mounts = container.setdefault("volumeMounts", [])
        if not any(m.get("mountPath") == _TOKEN_PATH for m in mounts):
            mounts.append({"name": name, "readOnly": True, "mountPath": _TOKEN_PATH})
            mounted = True
    if mounted:
        sources = [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {
                "downwardAPI": {
                    "items": [
                        {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
                    ]
                }
            },
        ]
        spec.setdefault("volumes", []).append({"name": name, "projected": {"sources": sources, "defaultMode": 420}})


@dataclass
class Priorities:
    """A pod's priority is that of its class."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "pods" or old is not None:
            return
        spec = obj["spec"]
        classes = "priorityclasses.scheduling.k8s.io"
        name = spec.get("priorityClassName")
        if not name:
            found = next((c for c in self.registry.store.of(classes) if c.get("globalDefault")), None)
            if found:
                spec["priorityClassName"] = found["metadata"]["name"]
        else:
            found = self.registry.store.get(classes, "", name)
            if found is None:
                what = obj["metadata"].get("name") or obj["metadata"].get("generateName", "")
                raise forbidden("pods", "", what, f"no PriorityClass with name {name} was found")
        spec["priority"] = int((found or {}).get("value", 0))
        spec["preemptionPolicy"] = (found or {}).get("preemptionPolicy", "PreemptLowerPriority")

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass


@dataclass
class DefaultTolerations:
    """A pod bears with a node that is lost for a while."""

    seconds: int = 300

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "pods" or old is not None:
            return
        tolerations = obj["spec"].setdefault("tolerations", [])
        for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
            if not any(
                (t.get("key") in (key, None, "")) and t.get("effect") in (None, "", "NoExecute") for t in tolerations
            ):
                tolerations.append(
                    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": self.seconds}
                )

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass


@dataclass
class DefaultStorageClass:
    """A claim that names no class gets the default one."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "persistentvolumeclaims" or old is not None or "storageClassName" in obj["spec"]:
            return
        note = "storageclass.kubernetes.io/is-default-class"
        for found in self.registry.store.of("storageclasses.storage.k8s.io"):
            if (found["metadata"].get("annotations") or {}).get(note) == "true":
                obj["spec"]["storageClassName"] = found["metadata"]["name"]

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass


@dataclass
class Protection:
    """Claims and volumes are not deleted while they are in use."""

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        name = {
            "persistentvolumeclaims": "kubernetes.io/pvc-protection",
            "persistentvolumes": "kubernetes.io/pv-protection",
        }.get(kind.id)
        if name and old is None and name not in (obj["metadata"].get("finalizers") or ()):
            obj["metadata"]["finalizers"] = [*(obj["metadata"].get("finalizers") or ()), name]

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass


@dataclass
class LimitRanges:
    """Containers get the namespace's default resources, and keep within its bounds."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "pods" or old is not None:
            return
        for rule in self._rules(obj):
            for container in [*obj["spec"].get("containers", ()), *obj["spec"].get("initContainers", ())]:
                resources = container.setdefault("resources", {})
                for field, source in (("limits", "default"), ("requests", "defaultRequest")):
                    for name, value in (rule.get(source) or {}).items():
                        if name not in (resources.get(field) or {}):
                            resources.setdefault(field, {})[name] = value

    def _rules(self, obj: Obj) -> list[Obj]:
        found = self.registry.store.of("limitranges", obj["metadata"]["namespace"])
        return [
            rule for o in found for rule in (o.get("spec") or {}).get("limits") or () if rule.get("type") == "Container"
        ]

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if kind.id != "pods" or old is not None:
            return
        problems: list[str] = []
        for rule in self._rules(obj):
            for container in obj["spec"].get("containers", ()):
                problems += _out_of_bounds(rule, container.get("resources") or {})
        if problems:
            unique = list(dict.fromkeys(problems))
            text = unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"
            raise forbidden("pods", "", obj["metadata"].get("name", ""), text)


def _out_of_bounds(rule: Obj, resources: Obj) -> list[str]:
    found = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, bound in (rule.get("min") or {}).items():
        if name not in requests:
            found.append(f"minimum {name} usage per Container is {bound}.  No request is specified")
        elif amount(requests[name]) < amount(bound):
            found.append(f"minimum {name} usage per Container is {bound}, but request is {requests[name]}")
    for name, bound in (rule.get("max") or {}).items():
        if name not in limits:
            found.append(f"maximum {name} usage per Container is {bound}.  No limit is specified")
        elif amount(limits[name]) > amount(bound):
            found.append(f"maximum {name} usage per Container is {bound}, but limit is {limits[name]}")
    return found


@dataclass
class Quotas:
    """The objects of a namespace stay within its ResourceQuotas."""

    registry: Registry

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        pass

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        if old is not None or not kind.namespaced or kind.id in _ANYWHERE:
            return
        wanted = used_by(kind, obj)
        what = obj["metadata"].get("name", "")
        for quota in self.registry.store.of("resourcequotas", obj["metadata"]["namespace"]):
            hard = (quota.get("spec") or {}).get("hard") or {}
            if kind.id == "pods":
                self._needs(quota, hard, obj, what)
            used = {name: amount(value) for name, value in ((quota.get("status") or {}).get("used") or {}).items()}
            over = [
                name
                for name in hard
                if name in wanted and wanted[name] and used.get(name, 0) + wanted[name] > amount(hard[name]) + 1e-9
            ]
            if over:
                raise forbidden(kind.plural, kind.group, what, _exceeded(quota, hard, used, wanted, sorted(over)))
        if not caller.dry_run:
            self._charge(kind, obj, wanted)

    def _needs(self, quota: Obj, hard: Obj, obj: Obj, what: str) -> None:
        missing = [name for name in hard if ("." in name and name.split(".")[0] in ("limits", "requests")) or name in ("cpu", "memory")
                   if not _specified(obj["spec"], name)]  # fmt: skip
        if missing:
            raise forbidden(
                "pods", "", what, f"failed quota: {quota['metadata']['name']}: must specify {','.join(sorted(missing))}"
            )

    def _charge(self, kind: Type, obj: Obj, wanted: dict[str, float]) -> None:
        """Counts the object at once: the next request of the same moment must see it."""
        store, quotas = self.registry.store, self.registry.store.types["resourcequotas"]
        for quota in store.of("resourcequotas", obj["metadata"]["namespace"]):
            status = quota.get("status") or {}
            used = dict(status.get("used") or {})
            for name, value in wanted.items():
                if name in used:
                    used[name] = shown(name, amount(used[name]) + value)
            if used != status.get("used"):
                store.put(quotas, quota | {"status": {**status, "used": used}, "metadata": dict(quota["metadata"])})


def _specified(spec: Obj, name: str) -> bool:
    kind, _, resource = name.rpartition(".")
    field = "limits" if kind == "limits" else "requests"
    return all(resource in ((c.get("resources") or {}).get(field) or {}) for c in spec.get("containers", ()))


def _exceeded(quota: Obj, hard: Obj, used: dict[str, float], wanted: dict[str, float], over: list[str]) -> str:
    def text(values: dict[str, str]) -> str:
        return ",".join(f"{name}={values[name]}" for name in over)

    requested = text({name: shown(name, wanted[name]) for name in over})
    return (f"exceeded quota: {quota['metadata']['name']}, requested: {requested}, used: "
            f"{text({n: shown(n, used.get(n, 0)) for n in over})}, limited: {text({n: hard[n] for n in over})}")  # fmt: skip


def shown(name: str, value: float) -> str:
    """An amount as quotas write it."""
    if name.endswith(("memory", "storage")):
        for suffix, size in (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
            if value and value % size == 0:
                return f"{int(value // size)}{suffix}"
        return f"{value:.0f}"
    return canonical(f"{value:.6f}".rstrip("0").rstrip(".")) or "0"


@dataclass
class Webhooks:
    """Admission webhooks. None is ever called: whether it answers is read from the world, and one that answers agrees."""

    registry: Registry
    reach: WebhookReach

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        self._ask("mutating", kind, obj, old)

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        self._ask("validating", kind, obj, old)

    def _ask(self, style: str, kind: Type, obj: Obj, old: Obj | None) -> None:
        if kind.group == "admissionregistration.k8s.io":
            return
        type_id = f"{style}webhookconfigurations.admissionregistration.k8s.io"
        for config in self.registry.store.of(type_id):
            for hook in config.get("webhooks") or ():
                if self._concerns(hook, kind, obj, "UPDATE" if old else "CREATE") and (error := self.reach(hook)):
                    if hook.get("failurePolicy") == "Ignore":
                        continue
                    raise ApiError(500, f'Internal error occurred: failed calling webhook "{hook["name"]}": {error}', reason="InternalError",
                                   details={"causes": [{"message": f'failed calling webhook "{hook["name"]}": {error}'}]})  # fmt: skip

    def _concerns(self, hook: Obj, kind: Type, obj: Obj, operation: str) -> bool:
        def has(values: list[str] | None, value: str) -> bool:
            return bool(values) and ("*" in values or value in values)  # type: ignore[operator]   # not None here

        rules = hook.get("rules") or ()
        if not any(
            has(r.get("operations"), operation)
            and has(r.get("apiGroups"), kind.group)
            and has(r.get("resources"), kind.plural)
            for r in rules
        ):
            return False
        if not selects(Fields(hook.get("objectSelector") or {}), obj["metadata"].get("labels") or {}):
            return False
        name = (
            obj["metadata"].get("namespace")
            if kind.namespaced
            else obj["metadata"].get("name")
            if kind.id == "namespaces"
            else None
        )
        space = self.registry.store.get("namespaces", "", name) if name else None
        return space is None or selects(
            Fields(hook.get("namespaceSelector") or {}), space["metadata"].get("labels") or {}
        )
