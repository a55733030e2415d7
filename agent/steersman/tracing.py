"""Spans for OpenTelemetry: of every step and every call of a model. Off until `configure`; without content unless asked for.

What people, clusters and models said is left out of spans, but for their length. Where content is asked for, it is redacted first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from steersman_tools.redact import bounded, redact

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

MOST_CONTENT = 4_000
Value = str | int | float | bool


class Mark(Protocol):
    """An open span."""

    def note(self, **attributes: Value) -> None:
        """Adds attributes."""

    def content(self, **texts: str) -> None:
        """Adds what was said: its length, and itself only where content is asked for."""


class _Off:
    def note(self, **attributes: Value) -> None:
        pass

    def content(self, **texts: str) -> None:
        pass


class _State:
    tracer: Tracer | None = None
    content: bool = False


_STATE = _State()


def configure(endpoint: str | None, exporter: SpanExporter | None = None, *, content: bool = False) -> None:
    """Sends spans to the OTLP endpoint (`http://host:4318`), or to the exporter given; None and none: off."""
    if not endpoint and exporter is None:
        _STATE.tracer = None
        return
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  loads the SDK
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "steersman"}))
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        assert endpoint
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    _STATE.tracer, _STATE.content = provider.get_tracer("steersman"), content


class _On:
    def __init__(self, span: object) -> None:
        self._span = span

    def note(self, **attributes: Value) -> None:
        for name, value in attributes.items():
            self._span.set_attribute(_dotted(name), value)  # type: ignore[attr-defined]

    def content(self, **texts: str) -> None:
        for name, text in texts.items():
            self.note(**{f"{name}__characters": len(text)})
            if _STATE.content:
                self.note(**{name: bounded(redact(text), MOST_CONTENT)})


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[Mark]:
    """A span around the block; `gen_ai__system` becomes `gen_ai.system`. An exception marks it and passes on."""
    if _STATE.tracer is None:
        yield _Off()
        return
    with _STATE.tracer.start_as_current_span(name) as opened:
        mark = _On(opened)
        mark.note(**attributes)
        yield mark


def _dotted(name: str) -> str:
    return name.replace("__", ".")
