"""Containers that do not start: images, configuration, commands."""

from __future__ import annotations

import pytest

from .helpers import crashing, diagnose, named, shop

PULL = {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}}


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("manifest for reg/cart:9 not found: manifest unknown: manifest unknown", "image-not-found"),
        ('failed to resolve reference "reg/cart:9": reg/cart:9: not found', "image-not-found"),
        ("couldn't parse image reference: invalid reference format", "image-not-found"),
        ("dial tcp: lookup reg on 10.0.0.2:53: no such host", "image-registry-unreachable"),
        ("Get https://reg/v2/: net/http: TLS handshake timeout", "image-registry-unreachable"),
        (
            "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
            "image-pull-unauthorized",
        ),
        ("unexpected status code 403 Forbidden", "image-pull-unauthorized"),
        ("no match for platform in manifest for reg/cart:9: not found", "image-architecture-mismatch"),
    ],
)
def test_image_errors_are_told_apart(error: str, fault: str) -> None:
    """The registry's own words decide which of the pull faults it is."""
    stage = shop()
    pod = stage.deployment("cart", ready=0, image="reg/cart:9", state=PULL)[0]
    stage.service("cart")
    stage.event(f"Pod/{pod['metadata']['name']}", "Failed", f'Failed to pull image "reg/cart:9": rpc error: {error}')
    assert named(stage) == [f"{fault} shop/Deployment/cart"]


def test_the_image_before_is_what_should_be() -> None:
    """Where an earlier revision had another image, that one is expected."""
    stage = shop()
    pod = stage.deployment("cart", ready=0, image="reg/cart:9", state=PULL, before={"image": "reg/cart:8"})[0]
    stage.event(f"Pod/{pod['metadata']['name']}", "Failed", 'Failed to pull image "reg/cart:9": manifest unknown')
    cause = diagnose(stage).causes[0]
    assert (cause.observed, cause.expected) == ("reg/cart:9", "reg/cart:8")
    assert "image-registry-unreachable" in {out.fault for out in cause.ruled_out}


def test_an_image_that_one_may_not_see() -> None:
    """A registry says the same of what does not exist and of what is forbidden: that the tag ran before decides."""
    denied = "pull access denied for reg/cart, repository does not exist or may require 'docker login'"
    for before, fault in (
        ({"image": "reg/cart:8"}, "image-pull-unauthorized"),
        ({"image": "other/cart:8"}, "image-not-found"),
    ):
        stage = shop()
        pod = stage.deployment("cart", ready=0, image="reg/cart:9", state=PULL, before=before)[0]
        stage.event(f"Pod/{pod['metadata']['name']}", "Failed", f'Failed to pull image "reg/cart:9": {denied}')
        assert named(stage) == [f"{fault} shop/Deployment/cart"]


STUCK = {"state": {"waiting": {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}}}


def test_a_deleted_configmap_is_itself_at_fault() -> None:
    """What others relied on and is gone is the cause; the workload only suffers."""
    stage = shop()
    stage.deployment("cart", ready=0, container={"envFrom": [{"configMapRef": {"name": "settings"}}]}, state=STUCK)
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity)) == ("configmap-missing", "shop/ConfigMap/settings")
    assert "shop/Deployment/cart" in map(str, cause.explains)


def test_a_new_wrong_reference_is_the_workloads_fault() -> None:
    """A reference that the newest revision brought is wrong where it stands."""
    right = {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "provider", "key": "key"}}}]}
    wrong = {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "providr", "key": "key"}}}]}
    stage = shop()
    stage.add("{kind: Secret, metadata: {name: provider}, data: {key: eA==}}")
    stage.deployment("cart", ready=0, container=wrong, before=right, state=STUCK)
    assert named(stage) == ["secret-missing shop/Deployment/cart"]


def test_a_key_that_is_not_there() -> None:
    """A ConfigMap without the key that a container asks for."""
    stage = shop()
    stage.add("{kind: ConfigMap, metadata: {name: settings}, data: {colour: red}}")
    env = {"env": [{"name": "SIZE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "size"}}}]}
    stage.deployment("cart", ready=0, container=env, state=STUCK)
    assert named(stage) == ["config-key-missing shop/ConfigMap/settings"]


def test_optional_references_may_be_missing() -> None:
    """Optional means optional."""
    stage = shop()
    stage.deployment("cart", container={"envFrom": [{"secretRef": {"name": "extra", "optional": True}}]})
    stage.service("cart")
    assert named(stage) == []


def test_kinds_that_were_not_read_are_not_missing() -> None:
    """Where Secrets may not be listed, none is called missing."""
    stage = shop()
    stage.deployment("cart", container={"envFrom": [{"secretRef": {"name": "hidden"}}]})
    stage.service("cart")
    snapshot = stage.snapshot()
    object.__setattr__(snapshot, "complete", frozenset(c for c in snapshot.complete if c[0] != "Secret"))
    from steersman.diagnose import examine  # noqa: PLC0415  only this test looks behind the helper

    assert examine(snapshot).conclude().healthy


def test_a_command_that_is_not_in_the_image() -> None:
    """The runtime's own error names the command."""
    message = 'OCI runtime create failed: exec: "serve": executable file not found in $PATH: unknown'
    state = crashing(code=128, reason="StartError")
    state["lastState"]["terminated"]["message"] = message
    stage = shop()
    stage.deployment("cart", ready=0, state=state)
    assert named(stage) == ["command-invalid shop/Deployment/cart"]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("nvidia-container-cli: device error: GPU-1: unknown device: unknown", "gpu-lost"),
        ("nvidia-container-cli: initialization error: driver error: timed out: unknown", "gpu-unhealthy"),
    ],
)
def test_a_gpu_that_the_runtime_cannot_hand_over(words: str, fault: str) -> None:
    """A container that backs off because its GPU is refused accuses the node, not its own command."""
    state = crashing(code=128, reason="StartError")
    state["lastState"]["terminated"]["message"] = f"failed to create shim task: OCI runtime create failed: {words}"
    state["state"]["waiting"]["message"] = "back-off 40s restarting failed container=cart pod=cart-1"
    stage = shop()
    stage.deployment("cart", ready=0, state=state)
    assert named(stage) == [f"{fault} /Node/node-1"]


READY = {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 2}
UNREADY = {
    "state": {"running": {"startedAt": "2026-03-14T15:00:00Z"}},
    "ready": False,
    "restartCount": 0,
    "started": True,
}


@pytest.mark.parametrize(
    ("probe", "words", "fault", "field"),
    [
        (
            {"httpGet": {"path": "/health", "port": "admin"}},
            'Readiness probe failed: Get "http://10.0.0.1:0/health": dial tcp 10.0.0.1:0: connect: connection refused',
            "readiness-probe-port",
            "readinessProbe.httpGet.port",
        ),
        (
            {"exec": {"command": ["redis-ping"]}},
            'Readiness probe errored: failed to exec in container: exec: "redis-ping": executable file not found in $PATH',
            "readiness-probe-path",
            "readinessProbe.exec.command",
        ),
    ],
)
def test_a_readiness_probe_that_cannot_succeed(probe: dict[str, object], words: str, fault: str, field: str) -> None:
    """A startup probe that failed a while, and then passed, is not what keeps the container from being ready."""
    stage = shop()
    container = {"readinessProbe": probe, "startupProbe": {**READY, "failureThreshold": 300}}
    pod = stage.deployment("model", replicas=1, ready=0, container=container, state=UNREADY)[0]
    name = f"Pod/{pod['metadata']['name']}"
    stage.event(
        name,
        "Unhealthy",
        'Startup probe failed: Get "http://10.0.0.1:8080/health": connection refused',
        ago=90,
        count=20,
    )
    stage.event(name, "Unhealthy", words, ago=2, count=30)
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity)) == (fault, "shop/Deployment/model")
    assert cause.field.endswith(field)
