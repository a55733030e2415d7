"""The JSON schemas of the documents that scripts read: `python -m steersman.interfaces.schemas docs/schema` writes them."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
from pydantic import BaseModel

from ..types import Entry
from .document import Healing, Investigation

DOCUMENTS: dict[str, type[BaseModel]] = {"investigation": Investigation, "healing": Healing, "entry": Entry}


def schemas() -> dict[str, bytes]:
    """The text of each schema by its file name."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    made = {name: of.model_json_schema(by_alias=True, mode="serialization") for name, of in DOCUMENTS.items()}
    return {f"{name}.json": orjson.dumps(schema, option=options) for name, schema in made.items()}


if __name__ == "__main__":
    for name, text in schemas().items():
        (Path(sys.argv[1]) / name).write_bytes(text)
