"""The composition root: the only place that builds clients. Each SDK is loaded here, when it is needed and not before."""

from __future__ import annotations

import getpass
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from steersman_tools.clock import WallClock
from steersman_tools.knowledge.handbook import Handbook
from steersman_tools.knowledge.sources import starter
from steersman_tools.mcp_client import McpConnection
from steersman_tools.quantum.provider import QuantumProvider
from steersman_tools.types import ToolFailed
from steersman_tools.writer import Writer

from . import tracing
from .gather import Silencer, Sources
from .journal import FileJournal, NoJournal
from .memory import IncidentMemory
from .models import Budget, Price
from .quantum.view import QueueView
from .runbooks import Runbooks, handbook
from .seams import Aide
from .session import Actor, Equipment, Session, budget_of, new_id
from .settings import Settings

if TYPE_CHECKING:
    from steersman_tools.quantum.local import LocalQueue


@dataclass(frozen=True)
class Tools:
    """What a session is made with; no equipment where nothing can be changed."""

    sources: Sources
    equipment: Equipment | None = None


@contextmanager
def sources(settings: Settings) -> Iterator[Sources]:
    """What the settings say can be looked at; connections are closed at the end. Raises Unreachable."""
    with ExitStack() as stack:
        yield replace(_sources(settings, stack)[0], aide=aide(settings), memory=_memory(settings, stack))


@contextmanager
def tools(settings: Settings, journal: FileJournal, actor: Actor | None = None) -> Iterator[Tools]:
    """The sources, and what changes them where they are a live cluster. Raises Unreachable, BadPolicy."""
    from steersman_tools.kubernetes.transport import Transport  # noqa: PLC0415  loads the SDK
    from steersman_tools.kubernetes.write import ClusterWriter  # noqa: PLC0415  only for those who act

    from .gate import load  # noqa: PLC0415  loads CEL
    from .rehearsal import rehearsal  # noqa: PLC0415  loads the embedded world

    with ExitStack() as stack:
        opened, transport = _sources(settings, stack)
        opened = replace(opened, aide=aide(settings), memory=IncidentMemory(journal))
        if not isinstance(transport, Transport):
            yield Tools(opened)
            return
        yield Tools(
            opened,
            Equipment(
                writer=_with_queues(ClusterWriter(transport), settings, opened),
                policy=load(settings.policy),
                actor=actor or me(),
                rehearse=rehearsal(opened, WallClock()),
                source_of_truth_allowed=settings.source_of_truth == "may be overwritten",
                budget=lambda moment: budget_of(journal.since, moment),
            ),
        )


def playground(fault: str, record: FileJournal | None = None) -> Session:
    """A session on the example world some minutes after a fault of its catalogue. Raises KeyError where there is none such.

    `record` is where demos are remembered: what they teach is kept apart from what real clusters teach.
    """
    from steersman_tools.kubernetes.history import ClusterHistory  # noqa: PLC0415  as the next
    from steersman_tools.kubernetes.write import ClusterWriter  # noqa: PLC0415  only for those who act
    from steersman_tools.world.inside import Inside, LivedTime, reader  # noqa: PLC0415  loads the embedded world
    from steersman_tools.world.stage import broken  # noqa: PLC0415  loads the embedded world

    from .gate import load  # noqa: PLC0415  loads CEL

    world = broken(fault)
    equipment = Equipment(ClusterWriter(Inside(world)), load(), me())
    known = Sources(
        reader(world),
        world.metrics,
        handbook=Handbook([starter()]),
        memory=IncidentMemory(record) if record else None,
        history=ClusterHistory(Inside(world)),
    )
    name = new_id(WallClock())  # the world's own clock always says the same
    return Session(known, LivedTime(world), id=name, journal=record or NoJournal(), equipment=equipment)


@contextmanager
def practice(settings: Settings) -> Iterator[FileJournal | None]:
    """The record of demos; none where nothing can be written, as a demo needs nothing."""
    with ExitStack() as stack:
        try:
            record = stack.enter_context(journal(settings.model_copy(update={"data": settings.data / "demo"})))
        except (ToolFailed, sqlite3.Error):
            yield None
            return
        yield record


def runbooks_here(settings: Settings) -> Runbooks:
    """The runbooks of this installation."""
    return Runbooks(settings)


def me() -> Actor:
    """The person at the keyboard: who may run the command line with these credentials may operate and approve."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid-{os.getuid()}"
    return Actor(id=name)


@contextmanager
def journal(settings: Settings) -> Iterator[FileJournal]:
    """The record of all sessions. Raises ToolFailed when the folder cannot be used."""
    try:
        opened = FileJournal(settings.data / "sessions.db")
    except OSError as error:
        raise ToolFailed(
            f"Sessions cannot be recorded in {settings.data} ({error.strerror}): set STEERSMAN_DATA."
        ) from error
    with closing(opened):
        yield opened


def _sources(settings: Settings, stack: ExitStack) -> tuple[Sources, object]:
    from .extensions.load import added  # noqa: PLC0415  reads the list of installed packages

    opened, transport = _connected(settings, stack)
    found = providers(settings)
    return replace(
        opened,
        analyzers=added(settings.rules),
        providers=found,
        quantum=QueueView(found, WallClock()) if found else None,
        handbook=handbook(settings),
        library=Runbooks(settings),
    ), transport


def providers(settings: Settings) -> tuple[QuantumProvider, ...]:
    """The quantum providers of the settings; their connections are made at the first question."""
    found: list[QuantumProvider] = []
    if settings.ibm_key and settings.ibm_instance:
        from steersman_tools.quantum.ibm import IbmQuantum  # noqa: PLC0415  only where it is configured

        key = settings.ibm_key.get_secret_value()
        found.append(IbmQuantum(key, settings.ibm_instance, settings.ibm_url, settings.ibm_iam_url))
    if settings.slurm == "commands":
        from steersman_tools.quantum.slurm import Slurm  # noqa: PLC0415  only where it is configured

        found.append(Slurm(settings.slurm_qpus))
    if settings.braket_region:
        from steersman_tools.quantum.braket import Braket  # noqa: PLC0415  only where it is configured

        found.append(Braket(settings.braket_region, settings.braket_url))
    if settings.quantum_local == "yes":
        found.append(local_queue(settings))
    return tuple(found)


def local_queue(settings: Settings) -> LocalQueue:
    """The queue on this machine."""
    from steersman_tools.quantum.local import LocalQueue  # noqa: PLC0415  only where it is used

    return LocalQueue(settings.data / "quantum")


def _with_queues(cluster: Writer | None, settings: Settings, opened: Sources) -> Writer:
    """What writes to the cluster, and to the queues where there are any."""
    if not opened.providers and cluster is not None:
        return cluster
    from steersman_tools.quantum import transpile  # noqa: PLC0415  only where it is configured
    from steersman_tools.quantum.writer import QueueWriter, WithQueues  # noqa: PLC0415  likewise

    compiler = transpile.Qiskit() if transpile.available() else None
    return WithQueues(cluster, QueueWriter(opened.providers, compiler))


@contextmanager
def queues(settings: Settings) -> Iterator[Tools]:
    """The quantum queues with the cluster where there is one, and without it where there is none."""
    from steersman_tools.kubernetes.transport import Transport  # noqa: PLC0415  loads the SDK
    from steersman_tools.kubernetes.write import ClusterWriter  # noqa: PLC0415  only for those who act
    from steersman_tools.quantum.alone import NoCluster  # noqa: PLC0415  only for queues

    from .gate import load  # noqa: PLC0415  loads CEL

    with ExitStack() as stack:
        transport: object = None
        if not providers(settings):  # the queue that needs nothing
            settings = settings.model_copy(update={"quantum_local": "yes"})
        try:
            opened, transport = _sources(settings, stack)
        except ToolFailed as error:
            found = providers(settings)
            opened = Sources(NoCluster(WallClock(), str(error)), providers=found, quantum=QueueView(found, WallClock()))
        cluster = ClusterWriter(transport) if isinstance(transport, Transport) else None
        writer = _with_queues(cluster, settings, opened)
        yield Tools(opened, Equipment(writer=writer, policy=load(settings.policy), actor=me()))


def _memory(settings: Settings, stack: ExitStack) -> IncidentMemory | None:
    """What sessions have taught, for those who only look: nothing is made where there is no record yet."""
    if not (settings.data / "sessions.db").exists():
        return None
    try:
        return IncidentMemory(stack.enter_context(journal(settings)))
    except (ToolFailed, sqlite3.Error):
        return None


def _connected(settings: Settings, stack: ExitStack) -> tuple[Sources, object]:
    if settings.bundle:
        from steersman_tools.bundle import BundleReader  # noqa: PLC0415  not needed for clusters

        return Sources(BundleReader(settings.bundle), no_metrics=""), None
    from steersman_tools.kubernetes.history import ClusterHistory  # noqa: PLC0415  as the next
    from steersman_tools.kubernetes.read import ClusterReader  # noqa: PLC0415  loads the SDK
    from steersman_tools.kubernetes.transport import connect  # noqa: PLC0415  loads the SDK

    transport = stack.enter_context(closing(connect(settings.kubeconfig, settings.context)))
    cluster = Sources(
        ClusterReader(transport), node_operations=settings.node_operations, history=ClusterHistory(transport)
    )
    if not settings.prometheus:
        return cluster, transport
    from steersman_tools.prometheus import Alertmanager, Prometheus  # noqa: PLC0415  loads the SDK

    metrics = stack.enter_context(closing(Prometheus(settings.prometheus)))
    silencer: Silencer | None = None
    if settings.alertmanager:
        silencer = stack.enter_context(closing(Alertmanager(settings.alertmanager)))
    return replace(cluster, metrics=metrics, silencer=silencer), transport


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
