"""The bytes of a log in a bundle: a file of its own, a part of a dump's file, or a text."""

from __future__ import annotations

import re
from pathlib import Path

MOST_BYTES = 256 * 1024 * 1024
_DUMP_LOG = re.compile(r"^==== START logs for container (\S+) of pod (\S+)/(\S+) ====$", re.M)


def log_text(path: Path | str, container: str, most: int) -> bytes:
    """The end of a log; of a cluster-info dump's logs.txt, the part of the container."""
    if isinstance(path, str):
        return path[-most:].encode()
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - (most if path.suffix == ".log" else MOST_BYTES), 0))
        data = file.read()
    if path.suffix == ".log":
        return data
    text = data.decode(errors="replace")
    starts = list(_DUMP_LOG.finditer(text))
    for index, start in enumerate(starts):
        if start[1] == container:
            end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
            return text[start.end() : end].partition("\n==== END logs")[0].encode()[-most:]
    return data[-most:] if not starts else b""
