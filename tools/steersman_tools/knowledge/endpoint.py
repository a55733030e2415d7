"""Any OpenAI-compatible embedding endpoint (POST /embeddings): OpenAI, vLLM, Ollama, text-embeddings-inference."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from ..types import ToolFailed, Unreachable
from .embedding import Vectors, unit

BATCH = 64
SECONDS = 30.0


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    index: int
    embedding: list[float]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore")

    data: list[_Row]


class Endpoint:
    """An embedding service. The texts leave the machine: use it only where runbooks and questions may."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        """`url` is the base, such as http://localhost:8000/v1."""
        self.name = f"{model}@{url}"
        self._model = model
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url.rstrip("/") + "/", headers=headers, timeout=SECONDS)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts. Raises Unreachable, or ToolFailed where the answer is no embedding."""
        batches = [self._batch(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
        if len({batch.shape[1] for batch in batches}) != 1:
            raise ToolFailed(
                f"{self._http.base_url} gave vectors of different lengths: check that one model serves it."
            )
        return unit(np.vstack(batches))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _batch(self, texts: Sequence[str]) -> Vectors:
        try:
            reply = self._http.post(
                "embeddings", json={"model": self._model, "input": list(texts), "encoding_format": "float"}
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{self._http.base_url} does not answer ({error}): check the embedding URL.") from error
        if reply.is_error:
            said = " ".join(reply.text.split())[:200]
            raise ToolFailed(
                f"{self._http.base_url} refuses to embed ({reply.status_code}: {said}): check model and key."
            )
        try:
            rows = sorted(_Reply.model_validate_json(reply.content).data, key=lambda row: row.index)
            found = np.asarray([row.embedding for row in rows], np.float32)
        except (ValidationError, ValueError) as error:
            raise ToolFailed(
                f"{self._http.base_url} does not speak the OpenAI embeddings API: check the URL."
            ) from error
        if found.ndim != 2 or len(found) != len(texts) or not found.shape[1]:
            raise ToolFailed(
                f"{self._http.base_url} gave {len(found)} vectors for {len(texts)} texts: check the model."
            )
        return found
