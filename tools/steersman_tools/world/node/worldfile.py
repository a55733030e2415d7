"""A world file: which machines, images and loads there are, what lies outside the cluster, and which objects to begin with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from ...types import ToolFailed
from .images import Images
from .machine import GPU, Machine

_FIRST = (
    "Namespace",
    "CustomResourceDefinition",
    "StorageClass",
    "PriorityClass",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
)


_FORM: tuple[tuple[str, type, str], ...] = (
    ("settings", dict, "a mapping"), ("nodes", list, "a list"), ("images", dict, "a mapping"), ("load", list, "a list"),
    ("externals", dict, "a mapping"), ("manifests", list, "a list"),
)  # fmt: skip
"""The parts of a world file."""


class BadWorld(ToolFailed):
    """A world file that cannot be used; the text says what to mend."""


@dataclass
class Load:
    """Requests from outside the cluster."""

    service: str = ""
    """namespace/name:port."""
    ingress: str = ""
    """or host/path, through an Ingress."""
    rps: float = 1.0
    profile: str = "constant"
    """constant, diurnal or step."""
    period_seconds: float = 600
    factor: float = 2.0
    """Of a step, after period_seconds."""

    @property
    def name(self) -> str:
        return self.service or self.ingress


@dataclass(frozen=True)
class Settings:
    """Times, in seconds, and the like."""

    seed: int = 1
    backoff_base: float = 10.0
    backoff_max: float = 300.0
    backoff_reset: float = 600.0
    shutdown_seconds: float = 0.5
    reboot_seconds: float = 5.0
    lease_seconds: float = 0.0
    provisioner: str = "lab.local/disk"
    scrape_seconds: float = 5.0
    grace_seconds: float = 40.0
    """After the last heartbeat a node is given up."""
    eviction_seconds: int = 300
    """Pods bear so long with a lost node."""


@dataclass
class WorldFile:
    """The content of a world file."""

    nodes: list[Mapping[str, Any]] = field(default_factory=list)
    images: Images = field(default_factory=lambda: Images({}, allow_unknown=True))
    loads: list[Load] = field(default_factory=list)
    externals: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    manifests: list[Path] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)
    path: Path | None = None

    def machines(self) -> list[Machine]:
        return [Machine.of(entry, index) for index, entry in enumerate(self.nodes)]

    def objects(self) -> list[dict[str, Any]]:
        """The objects of the manifests, those that others need first. Raises BadWorld."""
        found: list[dict[str, Any]] = []
        for path in self.manifests:
            try:
                files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
                for file in files:
                    found += [d for d in yaml.load_all(file.read_text(), Loader) if d]
            except (OSError, yaml.YAMLError) as error:
                raise BadWorld(
                    f"The manifest {path} cannot be read ({error}): mend it, or take it out of the world file."
                ) from error
        return sorted(found, key=lambda d: _FIRST.index(d["kind"]) if d.get("kind") in _FIRST else len(_FIRST))


Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> WorldFile:
    """A world file. Raises BadWorld with a sentence that says what to mend."""
    try:
        document = yaml.load(path.read_text(), Loader) or {}
        _check(document)
        return parse(document, path)
    except OSError as error:
        raise BadWorld(f"There is no world file {path}: give an existing one with --world.") from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadWorld(
            f"The world file {path} cannot be used ({' '.join(str(error).split())}): mend it; docs/world.md shows the form."
        ) from error


def _check(document: object) -> None:
    """Whether the document has the form of a world file. Raises ValueError."""
    if not isinstance(document, Mapping):
        raise ValueError("it must be a mapping")
    for name, form, words in _FORM:
        if not isinstance(document.get(name) or form(), form):
            raise ValueError(f"{name} must be {words}")
    if unknown := document.keys() - {name for name, _, _ in _FORM}:
        raise ValueError(f"there is no setting {min(map(str, unknown))!r}")


def parse(document: Mapping[str, Any], path: Path | None = None) -> WorldFile:
    settings = document.get("settings") or {}
    images = Images(dict(document.get("images") or {}), settings.get("unknown_images") == "allow")
    images.check()
    return WorldFile(
        [node for entry in document.get("nodes") or () for node in _nodes(entry)],
        images,
        [Load(**entry) for entry in document.get("load") or ()],
        dict(document.get("externals") or {}),
        [(path.parent if path else Path()) / m for m in document.get("manifests") or ()],
        _settings(settings),
        path,
    )


def _settings(given: Mapping[str, Any]) -> Settings:
    known = {f.name for f in fields(Settings)}
    chosen = {k: v for k, v in given.items() if k in known}
    if "scrape_interval" in given:
        chosen["scrape_seconds"] = float(str(given["scrape_interval"]).rstrip("s"))
    return Settings(**chosen)


def _nodes(entry: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The machines of one entry: `count` of them, named by `{n}`, each with its GPUs."""
    count = int(entry.get("count", 1))
    for index in range(count):
        name = str(entry["name"])
        made = {k: v for k, v in entry.items() if k != "count"}
        made["name"] = name.format(n=index) if "{" in name else f"{name}-{index}" if count > 1 else name
        wanted = int((entry.get("capacity") or {}).get(GPU, 0))
        if wanted and "gpus" not in made:
            model = (entry.get("labels") or {}).get("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
            made["gpus"] = [
                {"uuid": f"GPU-{made['name']}-{n}", "model": model, "memory_mib": 81559} for n in range(wanted)
            ]
        yield made
