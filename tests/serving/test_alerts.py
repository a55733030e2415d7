"""Alerts: one session an incident, however often and in however many groups it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.interfaces.serving.incidents import AlertLine, Incident, place

from .process import Served

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)


def alert(fingerprint: str, place_: str = "/shop", status: str = "firing") -> AlertLine:
    return AlertLine(fingerprint=fingerprint, name=f"A{fingerprint}", place=place_, firing=status == "firing")


def incident(minutes: float = 1, firing: str = "a", known: str = "a", place_: str = "/shop") -> Incident:
    then = NOW - timedelta(minutes=minutes)
    return Incident(
        id="i1", place=place_, session="s1", began=then, grew=then, heard=then, firing=frozenset(firing), known=frozenset(known), names=("Aa",)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("alerts", "before", "expected"),
    [
        ([alert("a")], [], ["begun"]),
        ([alert("a"), alert("b")], [], ["begun"]),
        ([alert("a"), alert("b", "/other")], [], ["begun", "begun"]),
        ([alert("a")], [incident()], ["known"]),
        ([alert("a")], [incident(minutes=3000)], ["known"]),
        ([alert("b")], [incident()], ["joined"]),
        ([alert("b")], [incident(minutes=30)], ["begun"]),
        ([alert("b", "/other")], [incident()], ["begun"]),
        ([alert("b")], [incident(firing="")], ["begun"]),
        ([alert("a", status="resolved")], [incident()], ["resolved"]),
        ([alert("a", status="resolved")], [incident(firing="ab", known="ab")], ["known"]),
        ([alert("z", status="resolved")], [incident()], []),
        ([alert("z", status="resolved")], [], []),
        ([alert("a")], [incident(minutes=60 * 24 * 6)], ["begun"]),
    ],
)
def test_where_an_alert_belongs(alerts: list[AlertLine], before: list[Incident], expected: list[str]) -> None:
    """Known ones begin nothing; what begins together in one place is one incident; what is over is over."""
    placed = place(alerts, before, NOW, ["n1", "n2"])
    assert [p.what for p in placed] == expected
    assert all(p.incident.session == "s1" for p in placed if p.what != "begun")


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["/x", "/y"]), st.booleans()), max_size=12))
def test_telling_it_twice_changes_nothing(told: list[tuple[str, str, bool]]) -> None:
    """The same delivery once more begins and joins nothing, whatever is in it."""
    alerts = [AlertLine(fingerprint=f"{f}{p}", name=f, place=p, firing=True) for f, p, _ in told]
    first = [p.incident for p in place(alerts, [], NOW, [f"n{i}" for i in range(12)])]
    again = place(alerts, first, NOW + timedelta(minutes=1), [f"m{i}" for i in range(12)])
    assert {p.what for p in again} <= {"known"}
    assert len({i.place for i in first}) == len(first)


def told(*fingerprints: str, status: str = "firing", namespace: str = "books") -> dict[str, Any]:
    """A delivery as Alertmanager 0.27 sends it, with fields that steersman does not need."""
    alerts = [
        {
            "status": status, "fingerprint": f, "startsAt": "2026-03-14T15:09:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus/graph", "labels": {"alertname": f"A{f}", "namespace": namespace},
            "annotations": {"summary": "s"},
        }
        for f in fingerprints
    ]  # fmt: skip
    return {
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": status, "receiver": "steersman", "groupLabels": {},
        "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am", "alerts": alerts,
    }  # fmt: skip


def test_one_session_an_incident(served: Served) -> None:
    """Told twice, then in another group, then resolved: one session, which asks about the right namespace."""
    lines = [
        served.ask("POST", "/v1/alerts", "operator", json=body).json()["incidents"]
        for body in (told("a1", "a2"), told("a1", "a2"), told("a3"), told("a1", "a2", "a3", status="resolved"))
    ]
    assert [[i["what"] for i in each] for each in lines] == [["begun"], ["known"], ["joined"], ["resolved"]]
    assert len({i["session"] for each in lines for i in each}) == 1
    session = lines[0][0]["session"]
    document = served.until(session, "closed")
    assert (document["namespace"], document["outcome"]) == ("books", "answered")
    kept = next(i for i in served.ask("GET", "/v1/incidents").json() if i["session"] == session)
    assert (kept["firing"], kept["names"]) == ([], ["Aa1", "Aa2", "Aa3"])
