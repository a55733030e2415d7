"""What the documentation shows is true: its commands are accepted, its links lead somewhere, its schemas are those of the code."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from steersman.interfaces.cli import COMMANDS, Command, parser_of
from steersman.interfaces.schemas import schemas

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_SHELL = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.S | re.M)
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def commands() -> Iterator[tuple[str, str]]:
    """Each line of a shell block that calls steersman, with the page it stands on."""
    for page in PAGES:
        for block in _SHELL.findall(page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.match(r"\$?\s*steersman\s+(?!serves at)(.*?)\s*(?:\s#.*|[|>&;].*)?$", line)
                if found and found[1]:
                    yield page.relative_to(ROOT).as_posix(), found[1]


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_commands_are_accepted(page: str, line: str) -> None:
    """The arguments that a page shows are those that the command takes."""
    words = shlex.split(line)
    if words[0].startswith("-") or words[0] == "COMMAND":
        return
    assert words[0] in COMMANDS, f"{page}: there is no command {words[0]}"
    module: Any = importlib.import_module(f"steersman.interfaces.cli.{words[0]}")
    parser_of(words[0], cast(Command, module)).parse_args(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    dead = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert dead == []


@pytest.mark.parametrize(("name", "text"), schemas().items())
def test_the_schemas_are_those_of_the_code(name: str, text: bytes) -> None:
    """`python -m steersman.interfaces.schemas docs/schema` writes them anew."""
    assert (ROOT / "docs" / "schema" / name).read_bytes() == text


def test_the_worlds_differences_are_those_that_are_allowed() -> None:
    """The table of docs/world.md is that of the conformance test."""
    listed = yaml.safe_load((ROOT / "tests" / "world" / "differences.yaml").read_text())
    table = (ROOT / "docs" / "world.md").read_text().split("<!-- differences -->")[1].split("<!-- /differences -->")[0]
    assert dict(re.findall(r"^\| `(\S+)` \| (.*) \|$", table, re.M)) == {
        k: " ".join(v.split()) for k, v in listed.items()
    }
