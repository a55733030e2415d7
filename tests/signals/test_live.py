"""From a metrics source to symptoms, causes and warnings, on a made estate of three services."""

from datetime import UTC, datetime

import numpy as np
import pytest

from steersman.signals.estate import edges, hosts, marks, restarts_of_counter
from steersman.signals.facts import judgements, ranking, symptoms
from steersman.signals.live import Batch, read
from steersman.signals.queries import queries
from steersman.signals.testing import RecordedMetrics
from steersman_tools.metrics import Series
from steersman_tools.types import Ref

NOW, STEP, POINTS = 1_700_000_000.0, 15.0, 481
SINCE = 60
"""Points that the trouble has lasted."""
TIMES = [NOW - STEP * (POINTS - 1 - at) for at in range(POINTS)]


def series(values: np.ndarray, **labels: str) -> Series:
    return Series(labels, TIMES, values.tolist())


def made(trouble: float = 0.8) -> dict[str, list[Series]]:
    """front calls cart and catalog; cart answers `trouble` seconds later at the end, and so does front; cart was rolled out then,
    and its memory leaks."""
    generator = np.random.default_rng(0)
    late = np.zeros(POINTS)
    late[-SINCE:] = trouble
    found: dict[str, list[Series]] = {name: [] for name in queries()}
    for service, wait in (("front", late), ("cart", late), ("catalog", np.zeros(POINTS))):
        own = {"namespace": "shop", "service": service}
        rate = 20 + generator.normal(size=POINTS)
        seconds = 0.1 + wait + np.abs(generator.normal(size=POINTS)) * 0.005
        pod = {"namespace": "shop", "pod": f"{service}-7d9f-abcde", "container": service}
        found["rate"].append(series(rate, **own))
        found["errors"].append(series(np.zeros(POINTS), **own))
        found["slow"].append(series(seconds * 1.5, **own))
        found["served"].append(series(rate, **own))
        found["seconds"].append(series(rate * seconds, **own))
        found["memory"].append(series(1e8 + generator.normal(size=POINTS) * 1e5, **pod))
        found["memory-limit"].append(series(np.full(POINTS, 2.56e8), **pod, resource="memory"))
        found["cpu"].append(series(0.2 + generator.normal(size=POINTS) * 0.01, **pod))
        found["pods"].append(series(np.ones(POINTS), namespace="shop", pod=pod["pod"], node="node-1"))
        found["generation"].append(series(np.ones(POINTS), namespace="shop", deployment=service))
        found["replicas"].append(series(np.ones(POINTS), namespace="shop", deployment=service))
    for target in ("cart:8080", "catalog.shop.svc.cluster.local"):
        found["calls"].append(series(np.ones(POINTS), namespace="shop", service="front", target=target, result="ok"))
    found["generation"][1] = series(1 + (late > 0), namespace="shop", deployment="cart")
    leak = 1e8 + np.maximum(0, np.arange(POINTS) - 200) * 4e5
    found["memory"][1] = series(leak, **found["memory"][1].labels)
    return found


async def batch(recorded: dict[str, list[Series]], broken: str = "") -> Batch:
    asked = queries()
    source = RecordedMetrics(
        {asked[name].promql: these for name, these in recorded.items()},
        frozenset({asked[broken].promql}) if broken else frozenset(),
    )
    return await read(source, datetime.fromtimestamp(NOW, UTC), minutes=120, step=STEP)


async def test_a_slow_service_is_a_symptom_with_the_query_and_the_rollout() -> None:
    """What users feel comes with since when, the PromQL and the change made at that moment."""
    here = await batch(made())

    judged = {each.service: each for each in judgements(here)}
    (felt,) = symptoms(judged["shop/Service/cart"], here)

    assert felt.kind == "slow"
    assert felt.observations[0].call.startswith("histogram_quantile(0.95, sum by (namespace, service, le)")
    assert "rollout of shop/Deployment/cart" in felt.text
    assert [each.anomaly.since for each in judged["shop/Service/cart"].troubles if each.signal == "duration"] == [
        TIMES[-SINCE]
    ]
    assert not symptoms(judged["shop/Service/catalog"], here)


async def test_the_cause_is_the_callee_and_not_its_caller() -> None:
    """The front end is as slow as the cart; the graph comes from the callers' own counts."""
    here = await batch(made())

    said = ranking(here, TIMES[-SINCE], Ref("shop", "Service", "front"))

    assert [(edge.caller, edge.callee) for edge in edges(here)] == [
        ("shop/Service/front", "shop/Service/cart"),
        ("shop/Service/front", "shop/Service/catalog"),
    ]
    assert said.nodes[0].node == "shop/Service/cart"
    assert said.graph == "given"


async def test_an_unanswered_question_is_not_checked() -> None:
    """One broken query is named, and the others are judged."""
    here = await batch(made(), broken="slow")

    assert [each.what for each in here.not_checked] == [queries()["slow"].promql]
    assert all(not each.troubles or each.service == "shop/Service/cart" for each in judgements(here))


async def test_nothing_wrong_is_said_of_a_calm_estate() -> None:
    """No trouble, no symptom."""
    calm = made(0.0)
    calm["memory"][1] = calm["memory"][0]
    calm["generation"][1] = calm["generation"][0]
    here = await batch(calm)

    assert not [trouble for judged in judgements(here) for trouble in judged.troubles if trouble.anomaly.score > 2]


async def test_changes_and_places_are_read_from_the_same_batch() -> None:
    """Rollouts by generation, places by pod."""
    here = await batch(made())

    assert [(mark.kind, mark.name, mark.at) for mark in marks(here)] == [
        ("rollout", "shop/Deployment/cart", TIMES[-SINCE])
    ]
    assert set(hosts(here).values()) == {"node-1"}


@pytest.mark.parametrize(("values", "at"), [([1.0, 2.0, 3.0], ()), ([5.0, 6.0, 1.0], (2.0,))])
def test_a_counter_tells_when_its_process_restarted(values: list[float], at: tuple[float, ...]) -> None:
    """The moment of the fall is the restart's."""
    assert restarts_of_counter(Series({}, [0.0, 1.0, 2.0], values)) == at
