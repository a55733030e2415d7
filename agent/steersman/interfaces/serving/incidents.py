"""Alerts become incidents: the same alert told again begins nothing new, and alerts that belong together begin one session.

The judgement is `place`; the rest keeps what it needs to know across restarts.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import orjson
from pydantic import ConfigDict, Field

from steersman_tools.types import Frozen

TOGETHER = timedelta(minutes=10)
"""What begins in the same place within this time of one another is taken for one incident."""
QUIET = timedelta(days=5)
"""An incident that nobody has spoken of for so long is over, whether or not anybody said so (Alertmanager repeats within hours)."""


class AlertLine(Frozen):
    """One alert, as its sender identifies it."""

    fingerprint: str
    name: str
    place: str
    """Its cluster and namespace, as far as its labels say."""
    firing: bool
    summary: str = ""


class Incident(Frozen):
    """What is being looked into."""

    id: str
    place: str
    session: str
    began: datetime
    grew: datetime
    """When the last alert joined it."""
    heard: datetime
    firing: frozenset[str] = frozenset()
    """The fingerprints that have not been resolved."""
    known: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()


class Placed(Frozen):
    """What becomes of one delivery, incident by incident."""

    incident: Incident
    what: Literal["begun", "joined", "known", "resolved"]


def place(
    alerts: Sequence[AlertLine], incidents: Sequence[Incident], now: datetime, fresh: Sequence[str]
) -> list[Placed]:
    """Where each alert belongs: the incidents as they are afterwards. `fresh` are names for new ones, one for each place at least.

    A firing alert belongs to the open incident that knows it; else to the open one of its place that last grew within
    `TOGETHER`; else to a new one. One that is resolved and that nobody knows is no incident.
    """
    names = iter(fresh)
    open_ = {i.id: i for i in incidents if i.firing and now - i.heard < QUIET}
    touched: dict[str, Placed] = {}
    for alert in alerts:
        knows = next((i for i in open_.values() if alert.fingerprint in i.known), None)
        if not alert.firing:
            if knows is None:
                continue
            left = knows.firing - {alert.fingerprint}
            after, what = knows.model_copy(update={"firing": left, "heard": now}), "known" if left else "resolved"
        elif knows is not None:
            after, what = knows.model_copy(update={"firing": knows.firing | {alert.fingerprint}, "heard": now}), "known"
        else:
            near = [i for i in open_.values() if i.place == alert.place and now - i.grew <= TOGETHER]
            joined = max(near, key=lambda i: i.grew, default=None)
            base = joined or Incident(id=next(names), place=alert.place, session="", began=now, grew=now, heard=now)
            after = base.model_copy(update={
                "firing": base.firing | {alert.fingerprint}, "known": base.known | {alert.fingerprint},
                "names": tuple(dict.fromkeys((*base.names, alert.name))), "grew": now, "heard": now,
            })  # fmt: skip
            what = "joined" if joined else "begun"
        open_[after.id] = after
        before = touched.get(after.id)
        stays = before is not None and (before.what == "begun" or (before.what == "joined" and what == "known"))
        touched[after.id] = Placed(incident=after, what=before.what if before and stays else what)
    return list(touched.values())


class Webhook(Frozen):
    """What Alertmanager sends (webhook version 4); what else stands in it is not needed."""

    class Alert(Frozen):
        """One alert of it."""

        model_config = ConfigDict(frozen=True, extra="ignore")
        status: Literal["firing", "resolved"]
        labels: dict[str, str] = Field(max_length=100)
        annotations: dict[str, str] = Field(default_factory=dict, max_length=100)
        fingerprint: str = Field(default="", max_length=100)

    model_config = ConfigDict(frozen=True, extra="ignore")
    version: Literal["4"] = "4"
    groupKey: str = Field(default="", max_length=4000)
    alerts: tuple[Alert, ...] = Field(max_length=1000)


def lines_of(told: Webhook) -> list[AlertLine]:
    """The alerts of a delivery."""
    found = []
    for alert in told.alerts:
        labels = alert.labels
        where = labels.get("namespace") or labels.get("exported_namespace") or ""
        print_ = alert.fingerprint or orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode()
        summary = alert.annotations.get("summary") or alert.annotations.get("description") or ""
        found.append(AlertLine(
            fingerprint=print_, name=labels.get("alertname", "alert")[:200], place=f"{labels.get('cluster', '')}/{where}",
            firing=alert.status == "firing", summary=summary[:300],
        ))  # fmt: skip
    return found


class IncidentStore:
    """The incidents of one data folder."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS incidents (id TEXT PRIMARY KEY, heard TEXT NOT NULL, body TEXT NOT NULL)"
        )

    def close(self) -> None:
        self._db.close()

    def recent(self) -> list[Incident]:
        """Those that may still be open."""
        since = (datetime.now(UTC) - QUIET).isoformat()
        rows = self._db.execute("SELECT body FROM incidents WHERE heard > ? ORDER BY heard", (since,))
        return [Incident.model_validate_json(body) for (body,) in rows]

    def latest(self, most: int) -> list[Incident]:
        """The newest first."""
        rows = self._db.execute("SELECT body FROM incidents ORDER BY id DESC LIMIT ?", (most,))
        return [Incident.model_validate_json(body) for (body,) in rows]

    def keep(self, incident: Incident) -> None:
        line = (incident.id, incident.heard.isoformat(), incident.model_dump_json())
        self._db.execute("INSERT OR REPLACE INTO incidents VALUES (?, ?, ?)", line)
