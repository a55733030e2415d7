"""Probes: `http-get http://:8080/healthz delay=5s timeout=1s period=10s #success=1 #failure=3` as the API has them."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..build import Object, number_or_text, only
from .commands import argv

_PROBE = re.compile(
    r"(?P<how>\S+) (?P<what>.*?) ?delay=(?P<delay>\d{1,9})s timeout=(?P<timeout>\d{1,9})s period=(?P<period>\d{1,9})s "
    r"#success=(?P<success>\d{1,9}) #failure=(?P<failure>\d{1,9})$"
)
_URL = re.compile(r"(?:(?P<scheme>\w*)://|//)(?P<host>\[[^\]]*\]|[^:/]*)(?::(?P<port>[^/]*))?(?P<path>/.*)?$")


def probe(text: str) -> Object | None:
    """A probe; None where the text is none. An unknown way to ask leaves the times, which are told in any case."""
    found = _PROBE.match(text)
    if not found:
        return None
    return only(
        **_action(found["how"], found["what"].strip()),
        initialDelaySeconds=int(found["delay"]) or None,
        timeoutSeconds=int(found["timeout"]) or None,
        periodSeconds=int(found["period"]) or None,
        successThreshold=int(found["success"]) or None,
        failureThreshold=int(found["failure"]) or None,
    )


def _action(how: str, what: str) -> Object:
    match how:
        case "http-get" if url := _URL.match(what):
            return {
                "httpGet": only(
                    path=unquote(url["path"]) if url["path"] else None,
                    port=number_or_text(url["port"] or ""),
                    host=url["host"].strip("[]") or None,
                    scheme=(url["scheme"] or "").upper() or None,
                )
            }
        case "tcp-socket":
            host, _, port = what.rpartition(":")
            return {"tcpSocket": only(port=number_or_text(port), host=host.strip("[]") or None)}
        case "grpc":
            address, _, service = what.partition(" ")
            return {"grpc": only(port=number_or_text(address.rpartition(":")[2]), service=service.strip() or None)}
        case "exec":
            return {"exec": {"command": argv(what.removeprefix("[").removesuffix("]").split(" "))}}
    return {}
