"""Finds what is wrong with runbooks before somebody needs them at night: front matter, sections, links, commands, plan templates.

Everything is judged from the files alone. Links into the web are checked for their form; nothing is called.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import get_args
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from ..actions import Action
from ..types import ToolFailed
from .front import Malformed, card, load, split, steps
from .marks import headed
from .pieces import parser, sections
from .sources import Document
from .types import Card, PlanStep, Problem

SECTIONS = ("Symptoms", "Confirm", "Remedy", "Undo", "Source")
_SHELLS = ("sh", "bash", "shell", "console", "zsh")
_PLACES = frozenset(("entity", "namespace", "kind", "name", "field", "observed", "expected", "container", "now"))
_PLACE = re.compile(r"\{(\w+)\}")
_CALL = re.compile(r"(?:^|[|;&(]\s*)(kubectl|steersman)\s+(?:-\S+\s+)*([\w-]+)", re.MULTILINE)


def lint(
    documents: Sequence[Document], faults: Collection[str], commands: Collection[str], today: date
) -> list[Problem]:
    """What is wrong, by file and line. `faults` are the known names, `commands` those of steersman."""
    read = {(document.root, document.file): document for document in documents}
    cards = [card(document.text, document.file, document.root) for document in documents]
    twice = {name for name, count in Counter(c.id for c in cards).items() if count > 1}
    found: list[Problem] = []
    for document, said in zip(documents, cards, strict=True):
        problems = [
            *_front(document, said, faults, today),
            *((1, f"another runbook has the id {said.id!r} too") for _ in [0] if said.id in twice),
            *_missing(document, said),
            *_links(document, read),
            *_commands(document, commands),
        ]
        found += [Problem(file=document.file, line=line, text=text) for line, text in sorted(problems)]
    return found


def _front(document: Document, said: Card, faults: Collection[str], today: date) -> Iterator[tuple[int, str]]:
    front, _, _ = split(document.text)
    try:
        fields = load(front)
        plan = steps(fields.get("plan"))
    except Malformed as error:
        yield 1, str(error)
        return
    if said.skill:
        yield from ((1, f"SKILL.md needs `{name}`") for name in ("name", "description") if not fields.get(name))
        return
    yield from (
        (1, f"the front matter has no `{name}`") for name in ("title", "risk", "updated") if not fields.get(name)
    )
    if fields.get("risk") and said.risk == "unknown" and fields["risk"] != "unknown":
        yield 1, f"risk {fields['risk']!r} must be none, low, medium or high"
    if fields.get("updated") and said.updated is None:
        yield 1, f"updated {fields['updated']!r} is no date such as 2026-11-21"
    if said.updated and said.updated > today:
        yield 1, f"updated {said.updated} lies in the future"
    yield from ((1, f"there is no fault {name!r}") for name in said.faults if name not in faults)
    for number, step in enumerate(plan, 1):
        yield from ((1, f"step {number} of plan: {text}") for text in _step(step))


def _step(step: PlanStep) -> Iterator[str]:
    """What is wrong with a step of a plan template, as far as can be told without a cause."""
    kind = _actions().get(step.do)
    if kind is None:
        yield f"there is no action {step.do!r}; the actions are {', '.join(sorted(_actions()))}"
        return
    known = set(kind.model_fields) - {"do", "target"}
    yield from (f"{step.do} has no {name!r}" for name in step.arguments if name not in known)
    needed = {name for name in known if kind.model_fields[name].is_required()}
    yield from (f"{step.do} needs {name!r}" for name in sorted(needed - step.arguments.keys()))
    said = " ".join((step.target, step.why, str(step.arguments)))
    yield from (f"there is no placeholder {{{name}}}" for name in _PLACE.findall(said) if name not in _PLACES)


def _missing(document: Document, said: Card) -> Iterator[tuple[int, str]]:
    _, body, before = split(document.text)
    there = {heading.split()[0].lower() for heading, _ in headed(body) if heading}
    if not said.skill:
        yield from ((before + 1, f"there is no section {name!r}") for name in SECTIONS if name.lower() not in there)
    for section in sections(document.text):
        if section.heading and not section.text and not said.skill:
            deeper = any(other.heading.startswith(f"{section.heading} > ") for other in sections(document.text))
            if not deeper:
                yield section.line, f"section {section.heading!r} is empty"


def _links(document: Document, read: dict[tuple[str, str], Document]) -> Iterator[tuple[int, str]]:
    _, body, before = split(document.text)
    for token in parser().parse(body):
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if child.type not in ("link_open", "image") or not isinstance(target, str):
                continue
            if why := _dead(unquote(target), document, read):
                yield before + (token.map[0] if token.map else 0) + 1, f"dead link {target}: {why}"


def _dead(target: str, document: Document, read: dict[tuple[str, str], Document]) -> str:
    """Why a link leads nowhere; empty where it leads somewhere, or into the web."""
    parts = urlsplit(target)
    if parts.scheme in ("http", "https"):
        return "" if parts.hostname and "." in parts.hostname else "it has no host"
    if parts.scheme == "mailto":
        return ""
    if parts.scheme:
        return f"{parts.scheme} links cannot be followed"
    path = (document.path.parent / parts.path).resolve() if parts.path else document.path.resolve()
    if not path.exists():
        return "there is no such file"
    if not parts.fragment or path.is_dir():
        return ""
    other = next((each for each in read.values() if each.path.resolve() == path), None)
    if other is None:
        return ""
    anchors = {section.anchor for section in sections(other.text)} | {"", _title_anchor(other)}
    return "" if parts.fragment.lower() in anchors else "there is no such heading"


def _title_anchor(document: Document) -> str:
    from .marks import anchor  # noqa: PLC0415  only here

    return anchor(card(document.text, document.file, document.root).title)


def _commands(document: Document, own: Collection[str]) -> Iterator[tuple[int, str]]:
    _, body, before = split(document.text)
    for token in parser().parse(body):
        if token.type == "fence" and token.info.split()[:1] and token.info.split()[0].lower() in _SHELLS:
            line = before + (token.map[0] if token.map else 0) + 1
            script = re.sub(r"^\$ ", "", token.content, flags=re.MULTILINE)
            if why := _unparsable(script):
                yield line, f"the commands do not parse: {why}"
            for program, verb in _CALL.findall(script):
                known = own if program == "steersman" else _verbs()[program]
                if verb not in known:
                    yield line, f"{program} has no command {verb!r}"


def _unparsable(script: str) -> str:
    """What the shell says of a script that it only reads; empty where it is well or there is no shell to ask."""
    shell = shutil.which("bash")
    if shell is None:
        return ""
    try:
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolFailed(f"bash cannot be run to read commands ({error}): check the installation.") from error
    return " ".join(done.stderr.split())[:160] if done.returncode else ""


@cache
def _verbs() -> dict[str, frozenset[str]]:
    table = tomllib.loads((files(__package__) / "data" / "commands.toml").read_text("utf-8"))
    return {program: frozenset(verbs) for program, verbs in table.items()}


@cache
def _actions() -> dict[str, type[BaseModel]]:
    """The closed set of actions by name."""
    union = get_args(Action)[0]
    return {kind.model_fields["do"].default: kind for kind in get_args(union)}
