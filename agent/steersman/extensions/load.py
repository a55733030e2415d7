"""Finds the analyzers that a team has added: entry points of installed packages, and files of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from steersman_tools.types import NotChecked, Unreachable

from ..settings import config_file
from ..types import Output
from . import Function, Own, Scene, rules

GROUP = "steersman.analyzers"
PACKS = Path(__file__).parent / "packs"
"""Rules that come with steersman, and are used only where somebody names them."""


def added(folder: Path | None) -> tuple[Function, ...]:
    """All of them, in the order of their names; what cannot be loaded says so when it is run. Raises Unreachable where the folder
    that somebody named does not exist."""
    return (*_programmed(), *_written(folder))


def _written(folder: Path | None) -> Iterator[Function]:
    if folder is not None and not folder.is_dir() and (PACKS / f"{folder}.yaml").is_file():
        yield from _of_file(PACKS / f"{folder}.yaml")
        return
    if folder is not None and not folder.is_dir():
        raise Unreachable(f"There is no folder {folder}: give --rules the one that holds the YAML files of your rules.")
    for file in sorted((folder or config_file().parent / "rules").glob("*.y*ml")):
        yield from _of_file(file)


def _of_file(file: Path) -> Iterator[Function]:
    try:
        found = rules.read(file)
    except rules.BadRules as error:
        yield _Missing(NotChecked(what=f"the rules of {file}", why=str(error)))
    else:
        yield from (Own(f"{file.name}:{rule.fault}", rule) for rule in found)


def _programmed() -> Iterator[Function]:
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        yield from load_point(point)


def load_point(point: EntryPoint) -> Iterator[Function]:
    """The analyzers of an entry point: one, or all those of a module."""
    try:
        loaded = point.load()
    except Exception as error:  # a stranger's module: whatever its import raises must not end the session
        why = f"{point.value} cannot be loaded: {type(error).__name__}: {error}"[:300]
        yield _Missing(NotChecked(what=f"analyzer {point.name}", why=why))
        return
    candidates = vars(loaded) if isinstance(loaded, ModuleType) else {point.name: loaded}
    found = [each for each in _unique(candidates) if isinstance(each, Own)]
    if not found:
        why = f"{point.value} is no function under @steersman.extensions.analyzer and no module with one"
        yield _Missing(NotChecked(what=f"analyzer {point.name}", why=why))
    yield from found


def _unique(named: Mapping[str, object]) -> list[object]:
    return list({id(each): each for each in named.values()}.values())


class _Missing:
    """Stands where an analyzer would be that cannot be loaded."""

    def __init__(self, gap: NotChecked) -> None:
        self.gap = gap

    def __call__(self, scene: Scene) -> Iterator[Output]:
        yield self.gap
