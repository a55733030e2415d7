"""The composition root: the only place that builds clients. Each SDK is loaded here, when it is needed and not before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from .gather import Silencer, Sources
from .settings import Settings


@contextmanager
def sources(settings: Settings) -> Iterator[Sources]:
    """What the settings say can be looked at; connections are closed at the end. Raises Unreachable."""
    with ExitStack() as stack:
        if settings.bundle:
            from steersman_tools.bundle import BundleReader  # noqa: PLC0415  not needed for clusters

            yield Sources(BundleReader(settings.bundle), no_metrics="")
            return
        from steersman_tools.kubernetes.read import ClusterReader  # noqa: PLC0415  loads the SDK
        from steersman_tools.kubernetes.transport import connect  # noqa: PLC0415  loads the SDK

        reader = ClusterReader(stack.enter_context(closing(connect(settings.kubeconfig, settings.context))))
        if not settings.prometheus:
            yield Sources(reader)
            return
        from steersman_tools.prometheus import Alertmanager, Prometheus  # noqa: PLC0415  loads the SDK

        metrics = stack.enter_context(closing(Prometheus(settings.prometheus)))
        silencer: Silencer | None = None
        if settings.alertmanager:
            silencer = stack.enter_context(closing(Alertmanager(settings.alertmanager)))
        yield Sources(reader, metrics, silencer)
