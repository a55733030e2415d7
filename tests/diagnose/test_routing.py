"""Calls that fail although every pod is green: Services, addresses, policies."""

from __future__ import annotations

from steersman_tools.snapshot import Alert
from steersman_tools.testing import Stage

from .helpers import diagnose, named, shop

REFUSED = 'level=error msg="upstream call failed" upstream=cart:8080 err="dial tcp 10.96.0.7:8080: connect: connection refused"'
DROPPED = 'level=error msg="upstream call failed" upstream=cart:8080 err="dial tcp 10.96.0.7:8080: i/o timeout"'


def frontend_log(stage: Stage, *lines: str) -> None:
    pod = next(o for k, o in stage.objects if k == "Pod" and o["metadata"]["name"].startswith("frontend"))
    stage.log(pod, *lines)


def test_a_green_shop_is_healthy() -> None:
    """Nothing is named where nothing is wrong."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    assert diagnose(stage).healthy


def test_wrong_target_port() -> None:
    """A Service that leads to a port on which nobody listens, with the callers' words as proof."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", target=9999)
    frontend_log(stage, REFUSED)
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity), cause.expected) == ("service-port-mismatch", "shop/Service/cart", "8080")
    assert cause.confidence >= 0.95


def test_named_target_port_that_no_container_has() -> None:
    """A port name that the pods do not declare is wrong for certain."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", target="http")
    assert named(stage) == ["service-port-mismatch shop/Service/cart"]


def test_an_undeclared_port_without_complaints_is_no_cause() -> None:
    """Declared ports are only a hint: where nobody complains, a number outside them proves nothing."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", target=8443)
    assert named(stage) == []


def test_wrong_selector() -> None:
    """A Service whose selector matches nothing, beside the workload that it is for."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", selector={"app": "kart"})
    cause = diagnose(stage).causes[0]
    assert (cause.fault, cause.observed, cause.expected) == ("service-selector-mismatch", "app=kart", "app=cart")


def test_missing_service() -> None:
    """A Service that is called and does not exist, while its workload runs."""
    stage = shop()
    stage.deployment("cart")
    frontend_log(stage, 'upstream=cart:8080 err="dial tcp: lookup cart on 10.96.0.10:53: no such host"')
    assert named(stage) == ["service-missing shop/Service/cart"]


def test_wrong_port_in_an_address() -> None:
    """The caller asks for a port that the Service does not offer."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", port=80, target=8080)
    stage.service("cart-admin", port=8080, selector={"app": "cart"})
    frontend_log(stage, DROPPED)
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity)) == ("env-address-wrong", "shop/Deployment/frontend")
    assert cause.expected == "CART_ADDR=cart:80"


def test_an_address_without_its_port() -> None:
    """A bare name is no fault by itself; it is when the program says that it wants a port."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart", port=8080)
    pod = stage.deployment("orders", env={"CART_ADDR": "cart"})[0]
    stage.log(pod, 'msg="upstream call failed" upstream=cart err="dial tcp: address cart: missing port in address"')
    cause = next(c for c in diagnose(stage).causes if c.entity.name == "orders")
    assert (cause.fault, cause.expected) == ("env-address-wrong", "CART_ADDR=cart:8080")


def test_misspelt_host_in_an_address() -> None:
    """A name that is nearly that of a Service is wrong once a call to it fails, and only then."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    pod = stage.deployment("orders", env={"FRONTEND_URL": "http://fronted:8080/"})[0]
    assert diagnose(stage).healthy
    stage.log(pod, "dial tcp: lookup fronted on 10.96.0.10:53: no such host")
    cause = diagnose(stage).causes[0]
    assert (cause.fault, cause.expected) == ("env-address-wrong", "FRONTEND_URL=http://frontend:8080/")


def test_a_policy_that_drops_calls() -> None:
    """A policy that selects the callee and allows nobody."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    stage.add(
        "{kind: NetworkPolicy, metadata: {name: lock}, spec: {podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}}"
    )
    frontend_log(stage, DROPPED)
    assert named(stage) == ["network-policy-blocks shop/NetworkPolicy/lock"]


def test_a_policy_that_allows_the_caller_is_no_cause() -> None:
    """Policies add up: one that lets the caller in is enough."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    stage.add(
        "{kind: NetworkPolicy, metadata: {name: lock}, spec: {podSelector: {matchLabels: {app: cart}}, policyTypes: [Ingress]}}"
    )
    stage.add(
        "{kind: NetworkPolicy, metadata: {name: open}, spec: {podSelector: {matchLabels: {app: cart}},"
        " ingress: [{from: [{podSelector: {matchLabels: {app: frontend}}}], ports: [{port: 8080}]}]}}"
    )
    assert diagnose(stage).healthy


def test_scaled_to_zero() -> None:
    """Nothing runs because nothing should: but others call it."""
    stage = shop()
    stage.deployment("cart", replicas=0)
    stage.service("cart")
    assert named(stage) == ["scaled-to-zero shop/Deployment/cart"]


def test_scaled_to_zero_and_not_needed() -> None:
    """A workload at zero that nobody calls is left alone."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    stage.deployment("reports", replicas=0)
    assert diagnose(stage).healthy


def test_an_alert_without_a_cause_is_not_healthy() -> None:
    """What nobody can explain is said, and not called healthy."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    stage.alerts.append(
        Alert("HighErrorRate", {"namespace": "shop", "service": "cart", "severity": "critical"}, "errors")
    )
    found = diagnose(stage)
    assert not found.healthy
    assert [u.text for u in found.unexplained] == ["Alert HighErrorRate: errors"]


def test_two_causes_at_once_are_both_named() -> None:
    """A second fault is not hidden by the first."""
    stage = shop()
    stage.deployment("cart", env={"REDIS_ADDR": "redis:6379"})
    stage.service("cart", target=9999)
    stage.deployment("redis", port=6379)
    stage.service("redis", port=6379, selector={"app": "rediss"})
    frontend_log(stage, REFUSED)
    assert set(named(stage)) == {
        "service-port-mismatch shop/Service/cart",
        "service-selector-mismatch shop/Service/redis",
    }
