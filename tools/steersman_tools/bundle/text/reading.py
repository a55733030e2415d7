"""One command and its output: what they tell together."""

from __future__ import annotations

import re

from ...types import NotChecked
from . import describe, get, logs, systemd, whole
from .clean import plain, shortened
from .commands import Command, Target, parse
from .errors import Answer, answer
from .parts import Listing, Part, Rank, Reading
from .words import CLUSTER, kind_named

_SERVER = re.compile(r"Server Version: *(?:version\.Info\{.*?GitVersion:\")?(v\d[\w.+-]*)")
_MANIFEST = re.compile(r"(?:cat|less|more|bat) +\S+\.(?:ya?ml|json)$|helm +(?:get +manifest|template) ")
_EVENTS_LOST = "--show-events=false"
_NAMED = re.compile(r"([a-z][\w.-]*)/([a-z0-9][\w.:-]*)$")
_UNASKED = Command("")


def read(line: str, output: str) -> Reading:
    """Everything that the output tells; `line` is the command, '' where nobody knows it."""
    if systemd.is_status(line):
        return systemd.read(line, plain(output))
    command = parse(line) or _UNASKED
    text = plain(output).strip("\n")
    if _MANIFEST.match(line):
        return whole.read(text, None, Rank.MANIFEST) if whole.is_whole(text) else Reading()
    if command.verb == "namespace":
        return Reading(context=command.namespace)
    if command.verb in ("logs", "log"):
        return Reading(logs=list(logs.read(command, text.split("\n")))) if text else Reading()
    if command.verb == "version":
        found = _SERVER.search(text)
        return Reading(version=found[1] if found else "")
    if command.verb not in ("get", "describe", "events", ""):
        return Reading()
    said = answer(text.split("\n"))
    reading = _objects(command, said, events_shown=_EVENTS_LOST not in line)
    if command.namespace is None and not command.everywhere:
        reading.context = _context(reading)
    _remarks(command, line, said, reading)
    if command.verb != "" and not shortened(text):
        reading.listings += _listings(command, said, reading)
    return reading


def _objects(command: Command, said: Answer, *, events_shown: bool) -> Reading:
    """The answer, by what it looks like: people paste the output of one command below another."""
    text = "\n".join(said.lines).strip("\n")
    namespace = None if command.everywhere else command.namespace
    kind = command.targets[0].kind if len({t.kind for t in command.targets}) == 1 else ""
    if not text:
        return Reading()
    if whole.is_whole(text):
        return Reading() if command.cut and command.verb else whole.read(text, namespace)
    if text.startswith("Name:") or ("\nName:" in text and command.verb == "describe"):
        many = len({t.kind for t in command.targets}) > 1
        hint = kind if command.verb == "describe" and not many else ""
        return describe.read(text, hint, namespace, events_shown=events_shown)
    if command.verb == "describe":
        return _of_the_gone(said, command, text)
    if command.output == "name":
        return Reading(parts=_names(said.lines, namespace))
    if command.output in ("", "wide"):
        return get.read(said.lines, kind, namespace)
    return Reading()


def _of_the_gone(said: Answer, command: Command, text: str) -> Reading:
    """`describe` of a pod that is gone still shows its events; anything else is a description without its beginning."""
    if not said.not_found:
        return Reading(
            gaps=[
                NotChecked(
                    what=f"describe {' '.join(t.name for t in command.targets)}".strip(), why="its beginning is missing"
                )
            ]
        )
    kind, name = said.not_found[0]
    reading = describe.read(f"Name: {name}\nNamespace: {command.namespace or ''}\n{text}", kind, command.namespace)
    return Reading(events=reading.events)


def _names(lines: list[str], namespace: str | None) -> list[Part]:
    """`-o name`: `pod/web-5d`."""
    found = []
    for line in lines:
        if (match := _NAMED.match(line.strip())) and (kind := kind_named(match[1])):
            found.append(Part(kind, "" if kind in CLUSTER else namespace, match[2], {}, Rank.ROW))
    return found


def _context(reading: Reading) -> str | None:
    """The namespace of the context: that in which an object was found which was asked for without one."""
    found = {p.namespace for p in reading.parts if p.rank >= Rank.DESCRIBED and p.namespace}
    return found.pop() if len(found) == 1 and all(p.kind != "Namespace" for p in reading.parts) else None


def _remarks(command: Command, line: str, said: Answer, reading: Reading) -> None:
    """What the server said beside the answer."""
    if said.nothing_in and command.namespace is None and not command.everywhere:
        reading.context = said.nothing_in
    for kind, name in said.not_found:
        if kind:
            reading.absent.append((kind, "" if kind in CLUSTER else command.namespace, name))
    for kind, namespace, words in said.forbidden:
        where = f" in namespace {namespace}" if namespace else ""
        reading.gaps.append(NotChecked(what=f"{kind}{where}", why=words))
    for words in said.failures:
        if "previous terminated container" not in words:
            reading.gaps.append(NotChecked(what=line or "an output", why=words))


def _listings(command: Command, said: Answer, reading: Reading) -> list[Listing]:
    """The kinds that the answer shows whole."""
    if said.failures or command.output not in ("", "wide", "yaml", "json", "name"):
        return []
    denied = {kind for kind, _, _ in said.forbidden}
    return [
        _listing(command, target, reading)
        for target in command.targets
        if target.kind and target.kind not in denied and command.lists(target)
    ]


def _listing(command: Command, target: Target, reading: Reading) -> Listing:
    namespace = "" if command.everywhere or target.kind in CLUSTER else command.namespace
    names = frozenset((p.namespace, p.name) for p in reading.parts if p.kind == target.kind and p.rank > Rank.MENTION)
    return Listing(target.kind, namespace, names)
