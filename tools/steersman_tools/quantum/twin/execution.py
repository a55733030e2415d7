"""Real counts for the twin's jobs, where the extra `quantum` is installed: the circuits that were sent are run by Qiskit Aer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec

from pydantic import JsonValue

DEFAULT_SHOTS = 1024


def execute(params: Mapping[str, JsonValue]) -> str | None:
    """The result as IBM's clients read it; None without Aer, or where no circuits of a sampler were sent."""
    if find_spec("qiskit_aer") is None or find_spec("qiskit_ibm_runtime") is None or not params.get("pubs"):
        return None
    from qiskit_aer.primitives import SamplerV2  # noqa: PLC0415  heavy, and only where it is installed
    from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder  # noqa: PLC0415

    sent = json.loads(json.dumps(dict(params)), cls=RuntimeDecoder)
    options = sent.get("options") or {}
    shots = options.get("default_shots") or DEFAULT_SHOTS
    result = SamplerV2().run([tuple(pub) for pub in sent["pubs"]], shots=shots).result()
    return json.dumps(result, cls=RuntimeEncoder)
