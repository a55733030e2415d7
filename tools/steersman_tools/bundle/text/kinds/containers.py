"""Containers of a pod or of a pod template: what they are to be, and how they fare."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, only, put, told, truth
from ..outline import Section
from ..times import stamp
from .commands import argument_lines, ends_in_shell
from .common import amounts
from .env import sources, variables
from .probes import probe

_PORT = re.compile(r"(\d{1,5})/(\w+)(?: \((.+?)\))?$")
_MOUNT = re.compile(r"(.+) from (\S+) \((r[ow])(?:,path=\"(.*)\")?[^)]*\)$")
_DEVICE = re.compile(r"(.+) from (\S+)$")
_STATES = {"Running": "running", "Waiting": "waiting", "Terminated": "terminated"}


def container(section: Section, odd: list[str]) -> tuple[Object, Object | None]:
    """A container's spec, and its status where the text has one; what is not understood is added to `odd`."""
    parts = {part.title: part for part in section.entries}
    spec: Object = {"name": section.title}
    put(spec, "image", told(_value(parts, "Image")))
    put(spec, "ports", _ports(parts))
    command = argument_lines(parts["Command"].lines, after_shell=False) if "Command" in parts else []
    put(spec, "command", command)
    if "Args" in parts:
        put(spec, "args", argument_lines(parts["Args"].lines, after_shell=ends_in_shell(command)))
    for title, path in (("Limits", "limits"), ("Requests", "requests")):
        if title in parts:
            put(spec, f"resources.{path}", amounts(parts[title]))
    for title in ("Liveness", "Readiness", "Startup"):
        if title in parts:
            put(spec, f"{title.lower()}Probe", found := probe(parts[title].value))
            if found is None:
                odd.append(f"the {title.lower()} probe of container {section.title}")
    if "Environment Variables from" in parts:
        put(spec, "envFrom", sources(parts["Environment Variables from"].lines))
    if "Environment" in parts:
        put(spec, "env", variables(parts["Environment"].lines))
    if "Mounts" in parts:
        put(spec, "volumeMounts", _mounts(parts["Mounts"]))
    if "Devices" in parts:
        put(spec, "volumeDevices", _devices(parts["Devices"]))
    return spec, _status(section.title, parts, odd) if "State" in parts else None


def _value(parts: dict[str, Section], *titles: str) -> str:
    return next((parts[title].value for title in titles if title in parts), "")


def _ports(parts: dict[str, Section]) -> list[Json]:
    """`80/TCP, 443/TCP` with the host's ports, which stand in the same order."""
    hosts = [m for t in _value(parts, "Host Ports", "Host Port").split(", ") if (m := _PORT.match(t))]
    found: list[Json] = []
    for index, text in enumerate(_value(parts, "Ports", "Port").split(", ")):
        if match := _PORT.match(text):
            host = int(hosts[index][1]) if index < len(hosts) else 0
            found.append(only(containerPort=int(match[1]), protocol=match[2], name=match[3], hostPort=host or None))
    return found


def _mounts(section: Section) -> list[Json]:
    return [
        only(mountPath=m[1], name=m[2], readOnly=True if m[3] == "ro" else None, subPath=m[4])
        for text in section.texts
        if (m := _MOUNT.match(text))
    ]


def _devices(section: Section) -> list[Json]:
    return [{"devicePath": m[1], "name": m[2]} for text in section.texts if (m := _DEVICE.match(text))]


def _status(name: str, parts: dict[str, Section], odd: list[str]) -> Object:
    status: Object = {"name": name, "image": _value(parts, "Image"), "imageID": _value(parts, "Image ID")}
    put(status, "containerID", told(_value(parts, "Container ID")))
    put(status, "ready", truth(_value(parts, "Ready")))
    put(status, "restartCount", number(_value(parts, "Restart Count")))
    for title, path in (("State", "state"), ("Last State", "lastState")):
        if title in parts:
            put(status, path, found := _state(parts[title]))
            if found is None:
                odd.append(f"the {title.lower()} of container {name}")
    return status


def _state(section: Section) -> Object | None:
    """`{"waiting": ...}`, `{"running": ...}` or `{"terminated": ...}`; None for words of no meaning here."""
    phase = _STATES.get(section.value)
    if phase is None:
        return None
    told_of = {entry.title: entry for entry in section.entries}
    if phase == "running":
        return {"running": only(startedAt=stamp(_value(told_of, "Started")))}
    reason, message = told(_value(told_of, "Reason")), _message(told_of)
    if phase == "waiting":
        return {"waiting": only(reason=reason, message=message)}
    return {
        "terminated": only(
            reason=reason,
            message=message,
            exitCode=number(_value(told_of, "Exit Code")),
            signal=number(_value(told_of, "Signal")),
            startedAt=stamp(_value(told_of, "Started")),
            finishedAt=stamp(_value(told_of, "Finished")),
        )
    }


def _message(parts: dict[str, Section]) -> str | None:
    return "\n".join(parts["Message"].texts) if "Message" in parts else None
