"""Clients that people use, unchanged: kubectl, and the official Python client with its models."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config

from steersman_tools.world.serving import serve
from steersman_tools.world.world import World

from .process import Running, running_world

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: books}
data: {x: "%s"}
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_world() as started:
        yield started


def kubectl(running: Running, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which("kubectl")
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no kubectl: apt-get install kubernetes-client")
    command = [program, "--kubeconfig", running.kubeconfig, *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60, env={"HOME": "/nonexistent", "PATH": os.environ["PATH"]})  # fmt: skip


def test_kubectl_changes_and_waits(running: Running) -> None:
    """Scale, watch a roll-out to its end, take it back, and drain a node against its budgets."""
    for words in (
        "-n books scale deploy/mail --replicas=2",
        "-n books rollout status deploy/mail --timeout=30s",
        "-n books set image deploy/basket basket=registry.example/books/basket:1.8.0",
        "-n books rollout status deploy/basket --timeout=40s",
        "-n books rollout undo deploy/basket",
        "drain worker-1 --ignore-daemonsets --delete-emptydir-data --force --timeout=50s",
        "uncordon worker-1",
        "-n books logs deploy/mail --tail=1",
        "top nodes",
        "explain deployment.spec.strategy",
    ):
        done = kubectl(running, *words.split())
        assert done.returncode == 0, (words, done.stderr)


def test_kubectl_applies_and_meets_conflicts(running: Running) -> None:
    """Server-side apply knows who owns a field; the client's own validation reads the world's OpenAPI."""
    assert kubectl(running, "apply", "--server-side", "-f", "-", text=CONFIG % 1).returncode == 0
    other = kubectl(running, "apply", "--server-side", "--field-manager=other", "-f", "-", text=CONFIG % 2)
    assert 'conflict with "kubectl": .data.x' in other.stderr
    wrong = kubectl(running, "apply", "-f", "-", text=CONFIG.replace("data", "dataa") % 1)
    assert 'unknown field "dataa"' in wrong.stderr


def test_openapi_has_a_type_that_clients_can_parse(running: Running) -> None:
    """Go's clients refuse a Content-Type with an @ in it."""
    ask = urllib.request.Request(
        running.url + "/openapi/v2", headers={"Accept": "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"}
    )
    with urllib.request.urlopen(ask, timeout=10) as response:
        assert "@" not in response.headers["Content-Type"]
        assert response.read(1)
    with urllib.request.urlopen(running.url + "/openapi/v2", timeout=10) as response:
        assert "io.k8s.api.core.v1.Pod" in json.load(response)["definitions"]


def test_the_official_python_client_reads_models(running: Running) -> None:
    """What the world answers passes the official client's models."""
    made = client.Configuration()
    config.load_kube_config(running.kubeconfig, client_configuration=made)
    with client.ApiClient(made) as api:
        pods: Any = client.CoreV1Api(api).list_pod_for_all_namespaces(limit=5)
        assert len(pods.items) == 5
        assert pods.metadata.remaining_item_count
        assert pods.items[0].spec.containers[0].image.startswith("registry.example/")
        scale: Any = client.AppsV1Api(api).read_namespaced_deployment_scale("orders", "books")
        assert scale.spec.replicas == 2


async def test_a_served_world_ends_whenever_it_is_asked_to() -> None:
    """A change that arrives in the very moment of the end does not keep the world alive."""
    world = World()
    for _ in range(50):
        async with asyncio.timeout(10), serve(world):
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            world.wake()
