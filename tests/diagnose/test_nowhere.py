"""Names that lead nowhere: a Service without a selector, an alias, a node, a scheduler, an API of metrics."""

from __future__ import annotations

import pytest

from steersman_tools.testing import Given

from .helpers import diagnose, named, shop


def test_a_service_that_has_lost_its_selector() -> None:
    """Its endpoints were made from pods that are gone; one with endpoints of its own is none of that."""
    stage = shop()
    stage.deployment("cart")
    stage.add("{kind: Service, metadata: {name: cart}, spec: {ports: [{port: 8080}]}}")
    stage.add("{kind: Endpoints, metadata: {name: cart}, subsets: [{addresses: [{ip: 10.9.9.9}]}]}")
    assert named(stage) == []
    stage.add(
        "{kind: Endpoints, metadata: {name: cart}, subsets: [{addresses: [{ip: 10.9.9.9, targetRef: {kind: Pod, name: cart-old}}]}]}"
    )
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity), cause.expected) == (
        "service-selector-mismatch",
        "shop/Service/cart",
        "app=cart",
    )


def test_an_alias_of_nothing() -> None:
    stage = shop()
    stage.deployment("cart")
    stage.add(
        "{kind: Service, metadata: {name: cart}, spec: {type: ExternalName, externalName: cart.old.svc.cluster.local}}"
    )
    pod = stage.deployment("orders", env={"CART_ADDR": "cart:8080"})[0]
    stage.log(pod, 'upstream=cart:8080 err="dial tcp: lookup cart on 10.96.0.10:53: no such host"')
    cause = next(c for c in diagnose(stage).causes if c.entity.name == "cart")
    assert (cause.fault, cause.field) == ("service-selector-mismatch", "spec.externalName")


@pytest.mark.parametrize(
    ("spec", "fault", "field"),
    [
        ({"nodeName": "node-9"}, "node-selector-mismatch", "spec.template.spec.nodeName"),
        ({"schedulerName": "gangs"}, "scheduler-unavailable", "spec.template.spec.schedulerName"),
    ],
)
def test_a_node_and_a_scheduler_that_do_not_exist(spec: Given, fault: str, field: str) -> None:
    stage = shop()
    pod = stage.deployment("mail", replicas=1, ready=0, node="", spec=spec)[0]
    pod["metadata"]["creationTimestamp"] = "2026-03-14T15:00:00Z"
    pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity), cause.field) == (fault, "shop/Deployment/mail", field)


@pytest.mark.parametrize(
    ("message", "created", "causes"),
    [
        (
            "no custom metrics API (custom.metrics.k8s.io) registered",
            "2026-03-14T15:09:00Z",
            ["hpa-misconfigured shop/HorizontalPodAutoscaler/cart"],
        ),
        ("no metrics returned from resource metrics API", "2026-03-14T15:09:00Z", []),
    ],
)
def test_an_autoscaler_whose_metrics_nobody_serves(message: str, created: str, causes: list[str]) -> None:
    """Without the API it never works; without a first reading it has just been made."""
    stage = shop()
    stage.deployment("cart", container={"resources": {"requests": {"cpu": "1"}}})
    stage.add(
        f"{{kind: HorizontalPodAutoscaler, metadata: {{name: cart, creationTimestamp: '{created}'}},"
        " spec: {minReplicas: 1, maxReplicas: 4, scaleTargetRef: {kind: Deployment, name: cart}},"
        f" status: {{conditions: [{{type: ScalingActive, status: 'False', reason: FailedGetPodsMetric, message: '{message}'}}]}}}}"
    )
    assert named(stage) == causes
