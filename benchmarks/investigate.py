"""How long `steersman investigate` takes, and how much memory, on the lab: the shop, then 500, 1,500 and 3,000 pods on 300 nodes.

    python benchmarks/investigate.py [--pods 500,1500,3000] [--port N]

Each figure is the median of three runs of the command from a cold start, one process each, after one run that lets Python keep its
bytecode, as a person's second run finds it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from steersman_evals.lab.bench import Bench, Cluster, lab_home, running_lab
from steersman_tools.fields import Fields
from steersman_tools.types import Json

RUNS = 3
PER_DEPLOYMENT = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", default="500,1500,3000")
    parser.add_argument("--port", type=int, default=16843)
    args = parser.parse_args()
    print(f"{'case':<24}{'wall s':>8}{'user s':>8}{'MB':>7}  outcome")
    report("steersman --help", ["--help"], {})
    with tempfile.TemporaryDirectory() as place, running_lab(Path(place), args.port) as bench:
        time.sleep(12)  # the metrics of the first seconds are noise
        report("shop, 23 pods", ["investigate"], bench.environment)
    with (
        tempfile.TemporaryDirectory() as place,
        running_lab(
            Path(place), args.port, "--world", str(lab_home() / "worlds" / "scale.yaml"), "--no-metrics", wait=0
        ) as bench,
    ):
        for pods in map(int, args.pods.split(",")):
            asyncio.run(grow(bench, pods))
            report(f"{pods} pods, 300 nodes", ["investigate"], {"KUBECONFIG": str(bench.directory / "kubeconfig")})


def report(case: str, arguments: list[str], environment: dict[str, str]) -> None:
    walls, users, sizes, out = [], [], [], ""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(1 + RUNS):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "steersman", *arguments],
            env={**kept, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        out = process.stdout.read() if process.stdout else ""
        _, _, usage = os.wait4(process.pid, 0)
        walls.append(time.perf_counter() - began)
        users.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime)
        sizes.append(usage.ru_maxrss / 1024)
    first = out.splitlines()[0] if out else ""
    print(
        f"{case:<24}{statistics.median(walls[1:]):>8.2f}{statistics.median(users[1:]):>8.2f}{statistics.median(sizes[1:]):>7.0f}  {first}",
        flush=True,
    )


async def grow(bench: Bench, pods: int) -> None:
    """Deployments of ten pods each, with a Service, until there are so many pods and all are ready."""
    with closing(bench.connect()) as transport:
        cluster = Cluster(transport)
        have = len(Fields((await transport.get("/apis/apps/v1/namespaces/default/deployments")).json()).each("items"))
        for number in range(have, pods // PER_DEPLOYMENT):
            for obj in application(number):
                await cluster.create(obj)
        while await available(cluster) < pods:
            await asyncio.sleep(2)


async def available(cluster: Cluster) -> int:
    """How many pods the Deployments count as available."""
    listing = Fields((await cluster.transport.get("/apis/apps/v1/namespaces/default/deployments")).json())
    return sum(d.count("status.availableReplicas") for d in listing.each("items"))


def application(number: int) -> list[Json]:
    name = f"web-{number}"
    container: Json = {
        "name": "web",
        "image": "registry.example/web:1",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": "NEXT_ADDR", "value": f"web-{max(number - 1, 0)}:80"}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10},
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
    }
    meta: Json = {"name": name, "namespace": "default"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": {
                "replicas": PER_DEPLOYMENT,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            },
        },
    ]


if __name__ == "__main__":
    main()
