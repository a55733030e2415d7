"""The composition root: the only place that builds clients. Each SDK is loaded here, when it is needed and not before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from steersman_tools.mcp_client import McpConnection

from . import tracing
from .gather import Silencer, Sources
from .models import Budget
from .models.budget import Price
from .seams import Aide
from .settings import Settings


@contextmanager
def sources(settings: Settings) -> Iterator[Sources]:
    """What the settings say can be looked at; connections are closed at the end. Raises Unreachable."""
    with ExitStack() as stack:
        helper = aide(settings)
        if settings.bundle:
            from steersman_tools.bundle import BundleReader  # noqa: PLC0415  not needed for clusters

            yield Sources(BundleReader(settings.bundle), aide=helper, no_metrics="")
            return
        from steersman_tools.kubernetes.read import ClusterReader  # noqa: PLC0415  loads the SDK
        from steersman_tools.kubernetes.transport import connect  # noqa: PLC0415  loads the SDK

        reader = ClusterReader(stack.enter_context(closing(connect(settings.kubeconfig, settings.context))))
        if not settings.prometheus:
            yield Sources(reader, aide=helper)
            return
        from steersman_tools.prometheus import Alertmanager, Prometheus  # noqa: PLC0415  loads the SDK

        metrics = stack.enter_context(closing(Prometheus(settings.prometheus)))
        silencer: Silencer | None = None
        if settings.alertmanager:
            silencer = stack.enter_context(closing(Alertmanager(settings.alertmanager)))
        yield Sources(reader, metrics, silencer, aide=helper)


def aide(settings: Settings) -> Aide | None:
    """The language model of the settings; None where none is set. Nothing is called yet."""
    tracing.configure(settings.trace_endpoint, content=settings.trace_content)
    if not settings.model_url:
        return None
    from .models.lazy import LazyModel  # noqa: PLC0415  a session without a model needs none of it

    key = settings.model_key.get_secret_value() if settings.model_key else ""
    model = LazyModel(settings.model_url, key, settings.model_name, settings.model_seconds)
    prices = settings.model_prices
    return Aide(
        model,
        Budget(
            tokens=settings.model_tokens,
            seconds=settings.model_seconds,
            turns=settings.model_turns,
            money=settings.model_money,
        ),
        Price(million_in=prices[0], million_out=prices[1]) if prices else None,
        tuple(McpConnection(s.name, s.url, s.command, s.allow, s.seconds) for s in settings.mcp),
    )
