"""The benchmark's tool answers as the commands that would have printed them: what the reader of transcripts understands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import orjson

from steersman_tools.fields import Fields
from steersman_tools.types import Json

from .cases import Seen
from .patterns import error_lines

_REPORT = re.compile(r"Debug Pod test results deployed on (\S+?): ")
LOG_CHARACTERS = 192 * 1024
"""How much of the end of a log is read."""


def pairs(seen: Seen) -> Iterator[tuple[str, str]]:
    """(command, output) pairs of everything that is a command's output."""
    yield from seen.states.items()
    for key, answer in seen.tools.items():
        tool, _, arguments = key.partition(":")
        if isinstance(answer, str):
            yield from _pair(tool, _arguments(arguments), answer, seen)
    yield from _logs(seen)


def _arguments(text: str) -> Fields:
    try:
        return Fields(orjson.loads(text))
    except orjson.JSONDecodeError:
        return Fields(None)


def _pair(tool: str, given: Fields, answer: str, seen: Seen) -> Iterator[tuple[str, str]]:
    if tool in ("GetResources", "DescribeResource"):
        line = _line("get" if tool == "GetResources" else "describe", given)
        if line not in seen.states:
            yield line, answer
    elif tool == "GetAppYAML":
        yield f"cat {given.text('app_name')}.yaml", answer
    elif tool == "CheckNodeServiceStatus":
        unit, node = given.text("service_name"), given.text("node_name")
        yield f"ssh {node} systemctl status {unit}", answer.partition("Status: ")[2]


def _line(verb: str, given: Fields) -> str:
    """The command as the benchmark's own recording writes it."""
    words = ["kubectl", verb, given.text("resource_type"), given.text("name")]
    words += ["-n", given.text("namespace")] if given.has("namespace") else []
    words += ["-o", "wide"] if given.flag("output_wide") else []
    words += ["--show-labels"] if given.flag("show_labels") else []
    words += ["-l", given.text("label_selector")] if given.has("label_selector") else []
    return " ".join(word for word in words if word)


def _logs(seen: Seen) -> Iterator[tuple[str, str]]:
    """The logs, each under `kubectl logs`; where only the lines with errors were kept, those."""
    for key, body in seen.logs.items():
        service, _, part = key.partition(".")
        text = "\n".join(map(str, body)) if isinstance(body, list) else body if isinstance(body, str) else ""
        yield from _log(service, part, text, seen)
    for key, answer in seen.tools.items():
        tool, _, arguments = key.partition(":")
        if tool != "GetErrorLogs" or not answer:
            continue
        service = _arguments(arguments).text("service_name")
        for part, lines in error_lines(answer).items():
            if not seen.logs.get(f"{service}.{part}" if part else service):
                for line, text in _log(service, part, "\n".join(lines), seen):
                    yield f"{line} | grep ERROR", text


def _log(service: str, part: str, text: str, seen: Seen) -> Iterator[tuple[str, str]]:
    text = text[-LOG_CHARACTERS:].strip("\n")
    if not text or text.startswith(("Error: error:", "Error: Error from server")):
        return
    options = " --previous" if part == "previous" else f" -c {part}" if part else ""
    for kind in ("deployment", "statefulset"):
        yield f"kubectl logs {kind}/{service} -n {seen.namespace}{options}", text


def connections(tools: Mapping[str, Json]) -> Iterator[tuple[str, int, str, bool, str]]:
    """(Service, port, node from which, whether it answered, the words) of every attempt to connect."""
    for key, answer in tools.items():
        tool, _, arguments = key.partition(":")
        given = _arguments(arguments)
        if tool == "CheckServiceConnectivity" and isinstance(answer, str) and given.has("port"):
            first, *reports = _REPORT.split(answer)
            pieces = list(zip(reports[::2], reports[1::2], strict=True)) or [("", first)]
            for node, text in pieces:
                yield given.text("service_name"), given.count("port"), node, "Succeeded" in text, text.strip()
