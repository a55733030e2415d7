"""Certificates: their end is known to the second, and needs no metrics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from steersman_tools.snapshot import Snapshot
from steersman_tools.types import NotChecked, Ref, ToolFailed

from ..diagnose.analyzers.edges import expiry
from ..faults import Fault
from ..gather import Sources
from ..signals.capacity import certificate
from .forms import Foreseen

CERTIFICATES = timedelta(days=30)
"""How long before its end a certificate is worth a word, whatever the horizon."""


async def certificates(
    sources: Sources, namespace: str | None, now: datetime
) -> tuple[list[Foreseen], tuple[NotChecked, ...]]:
    """The TLS certificates of the cluster; those without a moment end later than is worth a word."""
    try:
        snapshot = await sources.reader.snapshot(namespace)
    except ToolFailed as problem:
        return [], (NotChecked(what="certificates", why=str(problem)),)
    gaps = () if snapshot.read_whole("Secret", namespace or "") else _no_secrets(snapshot)
    return list(_dated(snapshot, now)), gaps


def _no_secrets(snapshot: Snapshot) -> tuple[NotChecked, ...]:
    why = next((gap.why for gap in snapshot.not_checked if "secret" in gap.what.lower()), "Secrets were not read whole")
    return (NotChecked(what="certificates", why=why),)


def _dated(snapshot: Snapshot, now: datetime) -> Iterator[Foreseen]:
    for secret in snapshot.all("Secret"):
        ended = expiry(secret.map("data").get("tls.crt", ""))
        if ended is None:
            continue
        ends = certificate(ended.timestamp(), now.timestamp(), CERTIFICATES.total_seconds())
        words = "ended" if ended <= now else "ends"
        yield Foreseen(
            what="certificate",
            entity=secret.ref,
            fault=Fault.TLS_EXPIRED,
            unit="seconds",
            used=1.0 if ended <= now else 0.0,
            limit=ended.timestamp(),
            at=ended if ends.at is not None else None,
            earliest=ended,
            latest=ended,
            basis="reached" if ended <= now else "known",
            summary=f"certificate of {secret.ref} {words} at {ended:%Y-%m-%d %H:%M} UTC",
            call=_call(secret.ref),
        )


def _call(secret: Ref) -> str:
    """The line that shows the certificate's end."""
    read = f"kubectl get secret {secret.name} -n {secret.namespace} -o jsonpath='{{.data.tls\\.crt}}'"
    return f"{read} | base64 -d | openssl x509 -noout -enddate"
