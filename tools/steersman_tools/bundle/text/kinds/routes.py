"""Ingresses and IngressClasses."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, only, put, told
from ..outline import Described, Section
from .common import comma, metadata

_BACKEND = re.compile(r"([a-z0-9][\w.-]*):([\w-]+)(?: \(.*)?$")
_TLS = re.compile(r"(?:(\S+) terminates|SNI routes)(?: (.*))?$")
_PATH = re.compile(r"(/\S*|\S+)? +(\S+:\S* .*|\S+:\S*|APIGroup: .*)$")


def ingress(text: Described) -> Object:
    """An Ingress. The description has no path types."""
    obj = metadata(text)
    put(obj, "spec.ingressClassName", text.value("Ingress Class"))
    default = text.section("Default backend").value
    if not default.startswith(("default-http-backend", "<")):
        put(obj, "spec.defaultBackend", _backend(default))
    put(obj, "spec.tls", _tls(text.section("TLS")))
    put(obj, "spec.rules", _rules(text.section("Rules")))
    addresses = comma(text.value("Address"))
    put(obj, "status.loadBalancer.ingress", [_address(str(address)) for address in addresses])
    return obj


def ingress_class(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "spec.controller", text.value("Controller"))
    return obj


def _backend(text: str) -> Object | None:
    found = _BACKEND.match(text)
    if not found:
        return None
    port = number(found[2])
    return {"service": {"name": found[1], "port": {"name": found[2]} if port is None else {"number": port}}}


def _tls(section: Section) -> list[Json]:
    return [only(secretName=m[1], hosts=comma(m[2])) for text in section.texts if (m := _TLS.match(text))]


def _rules(section: Section) -> list[Json]:
    """Hosts, each with the paths that stand to the right below it."""
    found: list[Json] = []
    paths: list[Json] = []
    for line in section.lines:
        text = line.rstrip()
        indent = len(text) - len(text.lstrip())
        if not text.strip() or text.strip().startswith(("Host ", "----")):
            continue
        if indent <= 2:
            host, _, rest = text.strip().partition(" ")
            paths = []
            if rest.strip():  # no rules: everything goes to the default backend
                continue
            found.append(only(host=None if host == "*" else told(host)) | {"http": {"paths": paths}})
        elif match := _PATH.match(text.strip() if text.strip()[:1] == "/" else f" {text.strip()}"):
            paths.append(only(path=match[1], backend=_backend(match[2])))
    return found


def _address(text: str) -> Json:
    return {"ip": text} if text.replace(".", "").isdigit() or ":" in text else {"hostname": text}
