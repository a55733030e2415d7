"""What a provider's error code means for the person whose job failed. The table is data, with its source."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from .types import Failure


@cache
def _table() -> tuple[dict[int, str], dict[str, str]]:
    read = tomllib.loads(files(__package__).joinpath("codes.toml").read_text("utf-8"))["class"]
    return {code: name for name, entry in read.items() for code in entry["codes"]}, {
        name: entry["remedy"] for name, entry in read.items()
    }


def classify(code: int | None) -> str:
    """The class of the code; `unknown` where the table does not have it."""
    return _table()[0].get(code, "unknown") if code is not None else "unknown"


def remedy(failure: Failure) -> str:
    """What to do: the provider's own words where it has any, else those of the table."""
    return failure.solution or _table()[1].get(failure.kind, "")
