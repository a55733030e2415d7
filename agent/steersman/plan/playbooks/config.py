"""Remedies for what containers are told: ConfigMaps, Secrets, keys, environment variables, addresses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from steersman_tools.actions import Action, CreateObject, SetEnv
from steersman_tools.edits import at
from steersman_tools.images import creatable
from steersman_tools.types import Json, Ref

from ...diagnose.analyzers.config import Need, needs
from ...diagnose.workloads import Workload
from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site
from .resources import restart


@playbook(Fault.CONFIGMAP_MISSING, Fault.SECRET_MISSING, Fault.CONFIG_KEY_MISSING)
def reference(site: Site) -> Iterator[Draft]:
    """What the cluster still remembers, or the nearest name that exists; contents that nobody knows cannot be made up."""
    yield from _remembered(site)
    wanted = [(w, n) for w in site.harmed for n in needs(w) if site.entity in (n.target, w.ref) and _lacking(site, n)]
    for workload, need in wanted:
        path = f"{workload.spec_path}.{need.field}"
        if site.scene.snapshot.get(need.target) is None:
            others = [r for r in site.scene.snapshot.all(need.target.kind) if r.namespace == need.target.namespace]
            fit = [r.name for r in others if not need.key or need.key in r.at("data").raw]
            for near in difflib.get_close_matches(need.target.name, fit, 1, 0.75):
                field = f"{path}.name" if need.key else path
                yield Draft(
                    "nearest-name",
                    (site.patch((field, near), of=workload.ref),),
                    f"{need.target.name} does not exist; {near} is the nearest name and has what is needed",
                )
        elif holder := site.scene.snapshot.get(need.target):
            for near in difflib.get_close_matches(need.key, list(holder.at("data").raw), 1, 0.6):
                yield Draft(
                    "nearest-key",
                    (site.patch((f"{path}.key", near), of=workload.ref),),
                    f"{need.target} has no key {need.key}; {near} is the nearest",
                )
    if wanted:
        target, key = wanted[0][1].target, wanted[0][1].key
        what = f"key {key} of {target}" if key and site.scene.snapshot.get(target) else str(target)
        yield Draft("say", (), "its contents are known to nobody here", choices=(
            f"Restore {what} from its source (Git, Helm, a backup).",
            f"Mark the reference in {wanted[0][0].ref} as optional if the container can do without it.",
        ))  # fmt: skip


def _remembered(site: Site) -> Iterator[Draft]:
    """As it was before somebody deleted it, while the API server still knows."""
    was = site.scene.snapshot.past.get(site.entity)
    if was is None:
        return
    since = f"so it stood at revision {was.revision}, before it was deleted"
    if site.resource is None:
        action: Action = CreateObject(target=site.entity, manifest=creatable(was.raw))
        yield Draft("bring-back", (action,), since, ("Find out who deleted it, and whether its source still has it.",))
    elif site.cause.field and (value := at(dict(was.raw), site.cause.field)) is not None:
        yield Draft("bring-key-back", (site.patch((site.cause.field, value)),), since)


def _lacking(site: Site, need: Need) -> bool:
    holder = site.scene.snapshot.get(need.target)
    return holder is None or bool(
        need.key and not any(need.key in holder.at(part).raw for part in ("data", "binaryData"))
    )


@playbook(Fault.ENV_ADDRESS_WRONG, Fault.ENV_MISSING, Fault.DB_PORT_WRONG)
def address(site: Site) -> Iterator[Draft]:
    """The address at which what is called does listen."""
    found = re.match(r"(?P<name>[\w.-]+)=(?P<value>\S+)$", site.cause.expected)
    if site.entity.kind == "ConfigMap" and site.cause.field.startswith("data[") and found:
        actions: tuple[Action, ...] = (
            site.patch((site.cause.field, found["value"])),
            *(restart(site, w.ref) for w in _readers(site)),
        )
        yield Draft("set-address", actions, f"{site.cause.observed} leads nowhere; {found['value']} is served")
    elif site.workload and found and site.container:
        action = SetEnv(target=site.entity, container=site.container, name=found["name"], value=found["value"])
        yield Draft("set-address", (action,), f"{site.cause.observed} leads nowhere; {found['value']} is served")
    elif site.workload and site.cause.fault == Fault.DB_PORT_WRONG:
        name, number = site.cause.observed.partition(":")[0], re.search(r"\d+", site.cause.expected)
        if number and re.fullmatch(r"[\w.-]+", name) and site.cause.field.startswith("spec"):
            old = _value(site, name)
            new = re.sub(r"\d+$|(?<=:)\d+", number[0], old, count=1) if old else number[0]
            yield Draft(
                "set-port",
                (SetEnv(target=site.entity, container=site.container, name=name, value=new),),
                site.cause.summary,
            )
    elif site.workload and site.cause.fault == Fault.ENV_MISSING:
        name = site.cause.expected.partition(" ")[0]
        yield from _like_the_neighbours(site, name)


def _value(site: Site, name: str) -> str:
    env = site.workload.container(site.container).each("env") if site.workload else []
    return next((e.text("value") for e in env if e.text("name") == name), "")


def _readers(site: Site) -> list[Workload]:
    return [w for w in site.harmed if w.ref.kind in ("Deployment", "StatefulSet", "DaemonSet")]


def _like_the_neighbours(site: Site, name: str) -> Iterator[Draft]:
    """The value that all other workloads of the namespace agree on."""
    values = {
        e.text("value")
        for w in site.scene.workloads.values()
        if w.ref.namespace == site.entity.namespace and w.ref != site.entity
        for c in w.containers
        for e in c.each("env")
        if e.text("name") == name and e.text("value")
    }
    if len(values) == 1:
        value = values.pop()
        action = SetEnv(target=site.entity, container=site.container, name=name, value=value)
        yield Draft("set-env", (action,), f"the other workloads that have {name} all say {value}")
    else:
        yield Draft(
            "say",
            (),
            f"the value of {name} is not in the cluster",
            choices=(f"Set {name} of {site.entity} to what the application expects.",),
        )


@playbook(Fault.ENV_DUPLICATED)
def duplicated(site: Site) -> Iterator[Draft]:
    """The entry that stood there first; the later one hid it."""
    found = re.match(r"(?P<name>[^=]+)=(?P<value>.*), once$", site.cause.expected)
    if site.workload and found and site.container:
        action = SetEnv(target=site.entity, container=site.container, name=found["name"], value=found["value"])
        yield Draft("drop-duplicate", (action,), f"{site.cause.observed} hides the entry before it")


@playbook(Fault.SECRET_STALE)
def stale(site: Site) -> Iterator[Draft]:
    """New pods read the new value: the one case in which a restart is the remedy, with its reason."""
    refs = [w.ref for w in site.harmed if w.ref.kind in ("Deployment", "StatefulSet", "DaemonSet")]
    if refs:
        ref = site.entity if site.entity in refs else refs[0]
        yield Draft(
            "restart-readers", (restart(site, ref),), f"{site.cause.observed}; only new pods read the new value"
        )


@playbook(Fault.DNS_POLICY_WRONG)
def dns_policy(site: Site) -> Iterator[Draft]:
    """The cluster's own DNS."""
    found = re.search(r"ClusterFirst(?:WithHostNet)?", site.cause.expected)
    if site.workload and found:
        fields: list[tuple[str, Json]] = [(f"{site.workload.spec_path}.dnsPolicy", found[0])]
        if site.workload.spec.has("dnsConfig"):
            fields.append((f"{site.workload.spec_path}.dnsConfig", None))
        yield Draft("cluster-dns", (site.patch(*fields),), f"{site.cause.observed}: names of Services are not resolved")


@playbook(Fault.DB_CREDENTIALS_INVALID, Fault.DB_READ_ONLY, Fault.DB_CONNECTIONS_EXHAUSTED)
def database(site: Site) -> Iterator[Draft]:
    """Secrets are never written, and data is not touched: a person decides, or new pods read what has changed."""
    if site.cause.fault == Fault.DB_CONNECTIONS_EXHAUSTED:
        crowd = [w.ref for w in site.harmed if w.ref.kind == "Deployment" and w.ref != site.entity]
        notes = ("The limit stays as it is: the connections come back if the pool is not made smaller.",)
        if crowd:
            yield Draft(
                "restart-clients",
                (restart(site, crowd[0]),),
                "a restart of the client gives its connections back",
                notes,
            )
    yield Draft("say", (), "this is not in the cluster's objects", choices=(site.cause.advice or site.cause.expected,))


@playbook(Fault.SERVICE_ACCOUNT_MISSING)
def account(site: Site) -> Iterator[Draft]:
    """An account of that name without any rights."""
    ref = (
        site.entity
        if site.entity.kind == "ServiceAccount"
        else Ref(site.entity.namespace, "ServiceAccount", site.cause.observed)
    )
    if site.scene.snapshot.get(ref) is None and re.fullmatch(r"[a-z0-9.-]+", ref.name):
        manifest: dict[str, Json] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ref.name}}
        actions: tuple[Action, ...] = (
            CreateObject(target=ref, manifest=manifest),
            *(restart(site, w.ref) for w in _readers(site)),
        )
        notes = ("It has no rights: if the pods need some, bind a role to it.",)
        yield Draft(
            "create-account", actions, "the pods name it, and nobody is shut out by an account without rights", notes
        )
