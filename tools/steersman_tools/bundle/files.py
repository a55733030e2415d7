"""Which objects and logs the files of a folder hold, whoever wrote it.

Understood: `kubectl cluster-info dump --output-directory`, lists and single objects as JSON or YAML, the lab's `record`, and what
kubectl printed: pasted with its prompts, in files named after the commands, or as a JSON map of commands to their outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import yaml

from ..fields import Fields
from ..kinds import BY_NAME, BY_PLURAL
from ..types import Json, NotChecked
from .contents import Contents
from .logtext import MOST_BYTES
from .text.pasted import command_of, pairs_in, recorded, sounds_like_kubectl
from .text.transcript import read_transcript

MOST_TEXT = 64 * 1024 * 1024
TEXTS = {"", ".txt", ".text", ".out", ".md", ".log", ".console"}
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RECORD = "objects"
_DUMP_NAMES = {"replication-controllers": "replicationcontrollers"}


def read_folder(root: Path) -> Contents:
    """Everything in the folder, or in the one file; what cannot be read becomes a gap."""
    found = Contents()
    pairs: list[tuple[str, str]] = []
    files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
    for path in files:
        relative = path.relative_to(root) if root.is_dir() else Path(path.name)
        if path.suffix in (".json", ".yaml", ".yml"):
            pairs += _read_objects(path, relative, found)
        elif _is_log(path, relative):
            _note_log(path, relative, found)
        elif path.suffix in TEXTS or not root.is_dir():
            pairs += _read_text(path, relative, found)
    if pairs:
        found.add(read_transcript(pairs))
    return found


def _is_log(path: Path, relative: Path) -> bool:
    return path.name == "logs.txt" or (path.suffix == ".log" and len(relative.parts) >= 3)


def _read_text(path: Path, relative: Path, found: Contents) -> list[tuple[str, str]]:
    """What kubectl printed, if the file is such a text."""
    if path.stat().st_size > MOST_TEXT:
        found.gaps.append(NotChecked(what=f"file {relative}", why="it is larger than 64 MiB"))
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    named = command_of(path.name)
    return pairs_in(text, path.name) if named or sounds_like_kubectl(text) else []


def _read_objects(path: Path, relative: Path, found: Contents) -> list[tuple[str, str]]:
    """Notes the objects of a file; hands back what a map of commands to outputs holds."""
    try:
        documents = list(_documents(path))
    except (ValueError, yaml.YAMLError, OSError) as error:
        found.gaps.append(
            NotChecked(what=f"file {relative}", why=f"it cannot be read: {str(error).splitlines()[0][:120]}")
        )
        return []
    pairs: list[tuple[str, str]] = []
    for document in documents:
        view = Fields(document)
        if relative.name == "version.json":
            found.version = view.text("gitVersion")
        elif relative.name == "alerts.json":
            found.alerts = document
        elif isinstance(view.get("items"), list):
            _read_list(view, relative, found)
        elif view.text("kind") in BY_NAME:
            found.objects.append((view.text("kind"), document))
        else:
            pairs += recorded(document)
    return pairs


def _documents(path: Path) -> Iterator[Json]:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("it is larger than 256 MiB")
    data = path.read_bytes()
    if path.suffix == ".json":
        yield orjson.loads(data)
    else:
        yield from (d for d in yaml.load_all(data, Loader=_YAML) if d is not None)


def _read_list(view: Fields, relative: Path, found: Contents) -> None:
    """A list: of one kind by its own name or by its file's, or of mixed kinds."""
    named = _kind_of(view, relative)
    if named is None:
        return
    namespaces: dict[str, set[str]] = {}
    for item in view.each("items"):
        kind = item.text("kind") or named
        if kind in BY_NAME:
            found.objects.append((kind, dict(item.raw)))
            namespaces.setdefault(kind, set()).add(item.text("metadata.namespace"))
    if relative.parts[:1] == (RECORD,):  # a recording has a file for every kind that has objects: the others have none
        found.complete |= {(kind, "") for kind in BY_NAME}
    elif named and len(relative.parts) == 2:  # cluster-info dump: <namespace>/<plural>.json
        found.complete.add((named, relative.parts[0]))
    for kind, spaces in namespaces.items():
        found.complete |= {(kind, space) for space in spaces} if len(spaces) == 1 else {(kind, "")}


def _kind_of(view: Fields, relative: Path) -> str | None:
    """The kind of a list's items, '' where each says its own, None where the list is of a kind that is not read."""
    listed = view.text("kind").removesuffix("List")
    if relative.parts[:1] == (RECORD,) and len(relative.parts) == 3:
        kind = BY_PLURAL.get(relative.stem)
        return kind.name if kind and (kind.group or "core") == relative.parts[1] else None
    if listed in BY_NAME:
        return listed
    if listed:
        return None
    kind = BY_PLURAL.get(_DUMP_NAMES.get(relative.stem, relative.stem))
    return kind.name if kind else ""


def _note_log(path: Path, relative: Path, found: Contents) -> None:
    parts = relative.parts
    if path.name == "logs.txt" and len(parts) >= 3:
        found.logs[parts[-3], parts[-2], "", False] = path
    elif path.suffix == ".log" and len(parts) >= 3:
        stem = path.name.removesuffix(".log")
        container = stem.removesuffix(".previous")
        found.logs[parts[-3], parts[-2], container, stem != container] = path
