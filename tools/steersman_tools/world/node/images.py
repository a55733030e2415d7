"""The registry of a world: which images and tags exist, what runs in them, and why a pull fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .app import App

_NOT_APP = frozenset({"tags", "changes", "absent", "pull_secret", "registry_down", "architecture"})
"""Fields of an image's entry that are not of its application."""


def split(image: str) -> tuple[str, str]:
    """Repository, and tag or digest."""
    name, _, digest = image.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, "latest"
    return repository, digest or tag


def _host(repository: str) -> str:
    first, slash, _ = repository.partition("/")
    return first if slash and ("." in first or ":" in first) else ""


@dataclass
class Images:
    """All images. `revision` grows with each change at run time."""

    entries: dict[str, Mapping[str, Any]]
    allow_unknown: bool = False
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict)
    revision: int = 0
    ailments: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Changes for single containers, by their fingerprints."""

    def check(self) -> None:
        """ValueError for an entry that no application can have."""
        for repository in self.entries:
            for tag in self.entries[repository].get("tags") or ("",):
                self.app(f"{repository}:{tag}")

    def override(self, repository: str, changes: Mapping[str, Any]) -> None:
        """Changes what runs in an image; no changes restores it. ValueError for an unknown image or field."""
        if repository not in self.entries:
            raise ValueError(f"there is no image {repository}")
        App().but(changes)
        self.overrides[repository] = {**self.overrides.get(repository, {}), **changes} if changes else {}
        self.revision += 1

    def app(self, image: str) -> App:
        repository, tag = split(image)
        entry = self.entries.get(repository, {})
        tags = entry.get("tags")
        own = (tags.get(tag) or {}) if isinstance(tags, dict) else entry.get("changes", {}).get(tag) or {}
        general = {k: v for k, v in entry.items() if k not in _NOT_APP}
        return App().but({**general, **own, **self.overrides.get(repository, {})})

    def pull_error(self, image: str, architecture: str, secret: bool) -> str:  # noqa: FBT001   # whether there is one
        """Why the image cannot be pulled, in a container runtime's words; '' when it can."""
        repository, tag = split(image)
        entry, host = self.entries.get(repository), _host(repository)
        head = "rpc error: code = Unknown desc = "
        if entry is None:
            return "" if self.allow_unknown else head + self._unknown(image, repository, host)
        if entry.get("registry_down"):
            return f'{head}Error response from daemon: Get "https://{host}/v2/": dial tcp: lookup {host}: i/o timeout'
        if tag in entry.get("absent", ()):
            return str(entry["absent"][tag])
        if entry.get("pull_secret") and not secret:
            return (f'{head}failed to pull and unpack image "{image}": failed to authorize: failed to fetch oauth token: '
                    "unexpected status: 401 Unauthorized")  # fmt: skip
        if "tags" in entry and tag not in entry["tags"] and not tag.startswith("sha256:"):
            return (
                f"{head}Error response from daemon: manifest for {image} not found: manifest unknown: manifest unknown"
            )
        if entry.get("architecture", architecture) != architecture:
            return f"rpc error: code = NotFound desc = no match for platform in manifest for {image}: not found"
        return ""

    def _unknown(self, image: str, repository: str, host: str) -> str:
        if host not in {_host(name) for name in self.entries} | {""}:
            return (f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": failed to do request: '
                    f'Head "https://{host}/v2/": dial tcp: lookup {host}: no such host')  # fmt: skip
        return (f"Error response from daemon: pull access denied for {repository}, repository does not exist or may require "
                "'docker login': denied: requested access to the resource is denied")  # fmt: skip
