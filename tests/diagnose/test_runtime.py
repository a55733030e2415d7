"""Containers that run and fail: memory, crashes, probes."""

from __future__ import annotations

import pytest

from steersman_tools.testing import Given, stamp

from .helpers import crashing, diagnose, named, shop


def test_killed_for_memory_after_the_limit_was_lowered() -> None:
    """The limit of the revision before is what should be."""
    stage = shop()
    limit = {"resources": {"limits": {"memory": "100Mi"}}}
    stage.deployment(
        "cart",
        ready=0,
        container=limit,
        before={"resources": {"limits": {"memory": "256Mi"}}},
        state=crashing(code=137, reason="OOMKilled"),
    )
    cause = diagnose(stage).causes[0]
    assert (cause.fault, cause.expected) == ("oom-killed", "256Mi")


def test_memory_that_grows_is_a_leak() -> None:
    """A run that lasted minutes before the kill did not fail for its start-up need."""
    state = crashing(code=137, reason="OOMKilled")
    state["lastState"]["terminated"]["startedAt"] = "2026-03-14T14:59:00Z"
    stage = shop()
    stage.deployment("cart", ready=0, container={"resources": {"limits": {"memory": "256Mi"}}}, state=state)
    assert named(stage) == ["memory-leak shop/Deployment/cart"]


@pytest.mark.parametrize(
    ("lines", "fault", "entity"),
    [
        (["KeyError: 'DATABASE_URL'"], "env-missing", "shop/Deployment/cart"),
        (["fatal: environment variable REDIS_ADDR is not set"], "env-missing", "shop/Deployment/cart"),
        (["listen tcp :8080: bind: address already in use"], "container-port-conflict", "shop/Deployment/cart"),
        (
            ["PermissionError: [Errno 13] Permission denied: '/data/x'"],
            "volume-permission-denied",
            "shop/Deployment/cart",
        ),
        (
            ["panic: runtime error: index out of range", "goroutine 1 [running]:"],
            "crash-on-start",
            "shop/Deployment/cart",
        ),
        (
            ["invalid configuration: /etc/cart/cart.json: a missing value"],
            "crash-on-start",
            "shop/ConfigMap/cart-config",
        ),
    ],
)
def test_the_last_words_name_the_cause(lines: list[str], fault: str, entity: str) -> None:
    """What a container writes before it ends decides what is said of it."""
    stage = shop()
    stage.add("{kind: ConfigMap, metadata: {name: cart-config}, data: {cart.json: '{}'}}")
    mounts = {"volumeMounts": [{"name": "c", "mountPath": "/etc/cart"}]}
    volumes = {"volumes": [{"name": "c", "configMap": {"name": "cart-config"}}]}
    pod = stage.deployment("cart", replicas=1, ready=0, container=mounts, spec=volumes, state=crashing())[0]
    stage.log(pod, "level=info starting", *lines, previous=True)
    assert named(stage) == [f"{fault} {entity}"]
    assert lines[0][:20] in " ".join(e.text for e in diagnose(stage).evidence)


def test_a_crash_for_want_of_another_is_not_its_own_fault() -> None:
    """A container that ends because what it calls is gone points at that, and is not named itself."""
    stage = shop()
    stage.deployment("orders", replicas=1, env={"CART_ADDR": "cart:8080"}, ready=0, state=crashing())
    pod = stage.objects[-1][1]
    stage.log(pod, "panic: cannot connect: dial tcp: lookup cart on 10.96.0.10:53: no such host", previous=True)
    assert named(stage) == ["service-missing shop/Service/cart"]


UNHEALTHY = {"state": {"running": {"startedAt": stamp(60)}}}


def probing(kind: str, message: str, *, probe: Given, before: Given | None = None, restarts: int = 0) -> list[str]:
    stage = shop()
    old = {f"{kind}Probe": before} if before else None
    state = {**UNHEALTHY, "restartCount": restarts}
    pod = stage.deployment("cart", replicas=1, ready=0, container={f"{kind}Probe": probe}, before=old, state=state)[0]
    stage.service("cart")
    name = f"Pod/{pod['metadata']['name']}"
    stage.event(name, "Unhealthy", f"{kind.capitalize()} probe failed: {message}", count=9)
    if kind == "liveness":
        stage.event(name, "Killing", "Container cart failed liveness probe, will be restarted", kind="Normal")
    return named(stage)


@pytest.mark.parametrize("kind", ["readiness", "liveness"])
@pytest.mark.parametrize(
    ("message", "probe", "flaw"),
    [
        (
            'Get "http://10.0.0.1:8081/": dial tcp 10.0.0.1:8081: connect: connection refused',
            {"httpGet": {"port": 8081}},
            "port",
        ),
        (
            'Get "https://10.0.0.1:8080/": http: server gave HTTP response to HTTPS client',
            {"httpGet": {"port": 8080, "scheme": "HTTPS"}},
            "protocol",
        ),
        ("HTTP probe failed with statuscode: 404", {"httpGet": {"port": 8080, "path": "/x"}}, "path"),
        (
            'Get "http://10.0.0.1:8080/": context deadline exceeded',
            {"httpGet": {"port": 8080}, "timeoutSeconds": 1},
            "timing",
        ),
        (
            "dial tcp 10.0.0.1:8080: connect: connection refused",
            {"tcpSocket": {"port": 8080}, "initialDelaySeconds": 0},
            "timing",
        ),
    ],
)
def test_probes_are_told_apart(kind: str, message: str, probe: Given, flaw: str) -> None:
    """The probe's own error decides: port, protocol, path or time."""
    assert probing(kind, message, probe=probe, restarts=3 if kind == "liveness" else 0) == [
        f"{kind}-probe-{flaw} shop/Deployment/cart"
    ]


def test_an_application_that_says_it_is_unwell_is_not_the_probes_fault() -> None:
    """A 503 from the right port is no fault of the probe: the trouble stays unexplained."""
    assert probing("readiness", "HTTP probe failed with statuscode: 503", probe={"httpGet": {"port": 8080}}) == []


def test_a_pod_that_is_starting_is_no_trouble() -> None:
    """What the probes grant is not yet over."""
    stage = shop()
    state = {"state": {"running": {"startedAt": stamp(5)}}}
    pods = stage.deployment("cart", ready=1, container={"readinessProbe": {"httpGet": {"port": 8080}}}, state=state)
    pods[1]["metadata"]["creationTimestamp"] = stamp(8)
    stage.service("cart")
    stage.event(
        f"Pod/{pods[1]['metadata']['name']}",
        "Unhealthy",
        "Readiness probe failed: dial tcp 10.0.0.1:8080: connect: connection refused",
    )
    assert diagnose(stage).healthy


def test_what_has_recovered_is_not_named() -> None:
    """Old events about a pod that is ready again say nothing."""
    stage = shop()
    pod = stage.deployment("cart")[0]
    stage.service("cart")
    stage.event(
        f"Pod/{pod['metadata']['name']}", "Unhealthy", "Liveness probe failed: connection refused", ago=900, count=30
    )
    stage.event(f"Pod/{pod['metadata']['name']}", "BackOff", "Back-off restarting failed container", ago=900, count=12)
    assert diagnose(stage).healthy
