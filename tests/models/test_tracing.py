"""Spans: off unless asked for, and without anybody's words unless those are asked for too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from steersman import tracing
from steersman.ask import explain
from steersman.models import Budget
from steersman.models.scripted import ScriptedModel, says
from steersman.seams import Aide

from .cases import GOOD, case


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    tracing.configure(None)


async def _explain() -> None:
    await explain(await case(), Aide(ScriptedModel(says(GOOD)), Budget()))


async def test_calls_are_spans_without_words(spans: InMemorySpanExporter) -> None:
    """A call is a span with its tokens, inside the step that made it; what was said is only measured."""
    tracing.configure(None, spans)
    await _explain()
    done = {span.name: span for span in spans.get_finished_spans()}
    assert {"explain", "chat"} <= set(done)
    told = done["chat"].attributes or {}
    assert int(str(told["gen_ai.usage.input_tokens"])) > 300
    assert int(str(told["gen_ai.prompt.characters"])) > 1000
    assert "DATABASE_URL" not in str(told)
    assert done["chat"].parent is not None


async def test_words_only_where_asked_for(spans: InMemorySpanExporter) -> None:
    """With content switched on, spans hold the redacted words."""
    tracing.configure(None, spans, content=True)
    await _explain()
    chat = next(s for s in spans.get_finished_spans() if s.name == "chat")
    assert "DATABASE_URL" in str((chat.attributes or {})["gen_ai.completion"])


async def test_off_is_off(spans: InMemorySpanExporter) -> None:
    """Without an endpoint nothing is recorded."""
    tracing.configure(None)
    await _explain()
    assert spans.get_finished_spans() == ()
