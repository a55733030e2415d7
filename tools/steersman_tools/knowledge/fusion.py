"""Ranks documents by words and by meaning together: both are brought to 0..1 and added with fixed weights.

Reciprocal ranks were worse on paraphrased questions (docs/runbooks.md): they forget by how much a document leads.
"""

from __future__ import annotations

from collections.abc import Mapping

WORDS = 0.35
"""The weight of BM25; the rest is that of the vectors. Chosen with held-out sentences (`steersman-eval runbooks`)."""
WORDS_CHINESE = 0.6
"""The same for Chinese, of which the offline embedder sees only a word-by-word translation."""


def fuse(words: Mapping[str, float], meaning: Mapping[str, float], weight: float = WORDS) -> list[tuple[str, float]]:
    """Documents with their score, best first; equal ones in the order of their names.

    >>> fuse({"a": 3.0, "b": 1.0}, {"b": 0.9, "a": 0.1}, 0.25)
    [('b', 0.75), ('a', 0.25)]
    """
    if not meaning:
        weight = 1.0
    elif not any(words.values()):
        weight = 0.0
    by_words, by_meaning = _level(words), _level(meaning)
    total = {
        name: weight * by_words.get(name, 0.0) + (1 - weight) * by_meaning.get(name, 0.0)
        for name in words.keys() | meaning.keys()
    }
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))


def _level(scores: Mapping[str, float]) -> dict[str, float]:
    """From 0 for the least to 1 for the most; all equal: 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {name: (score - low) / (high - low) if high > low else 1.0 for name, score in scores.items()}
