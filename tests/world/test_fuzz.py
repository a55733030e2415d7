"""Nothing that a client sends stops the world: whatever the request, the answer is well formed, and the world lives on."""

from __future__ import annotations

import copy
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steersman_tools.world.api.requests import PATCHES, Reply, Request
from steersman_tools.world.world import World

FUZZ = settings(
    max_examples=int(os.environ.get("STEERSMAN_FUZZ", "30")),
    derandomize="STEERSMAN_FUZZ" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
"""A few requests, always the same, with every commit; `STEERSMAN_FUZZ=5000` looks for new ones."""
SCALARS = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(["10Gi", "-1", "1m", "50%", "x" * 300, "a/b", "Always", "2026-01-01T00:00:00Z", "kubernetes.io/x"])  # fmt: skip
KEYS = st.sampled_from(
    ["metadata", "spec", "status", "name", "labels", "containers", "kind", "$patch", "$retainKeys"]
) | st.text(max_size=6)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
WORDS = st.sampled_from(["api", "v1", "apis", "apps", "namespaces", "books", "pods", "deployments", "orders", "log", "scale", "status", "eviction", "binding", "nodes", "worker-0", "proxy", "metrics.k8s.io", "v1beta1", "..", "", "%2e", "é"])  # fmt: skip
QUERY = st.dictionaries(
    st.sampled_from(["labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "resourceVersionMatch", "dryRun", "fieldManager", "force", "watch", "timeoutSeconds", "propagationPolicy", "gracePeriodSeconds", "tailLines", "container", "fieldValidation", "previous", "sinceSeconds"]),
    st.text(max_size=8) | st.sampled_from(["a=b", "a in (b,c)", "!a", "metadata.name=x", "spec.nodeName=", "All", "true", "-1", "1", "9" * 30, "Strict", "NotOlderThan"]),
    max_size=3,
)  # fmt: skip
TYPES = st.sampled_from(
    [*PATCHES, "application/json", "application/yaml", "text/plain", "application/vnd.kubernetes.protobuf", ""]
)


class Complaints(logging.Handler):
    """Keeps what the world logs as an error: a request or a controller that broke it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(logging.Formatter().format(record)[-1500:])


@pytest.fixture(scope="module")
def complaints() -> Iterator[Complaints]:
    handler = Complaints()
    logging.getLogger("steersman_tools").addHandler(handler)
    yield handler
    logging.getLogger("steersman_tools").removeHandler(handler)


@pytest.fixture(scope="module")
def origin() -> World:
    world = World.from_file()
    world.run_for(30)
    return world


@pytest.fixture(scope="module")
def objects(origin: World) -> list[tuple[str, dict[str, Any]]]:
    """One object of each kind that the example world holds, with its path."""
    found = []
    for kind in origin.types.by_id.values():
        for stored in list(origin.store.items.get(kind.id, {}).values())[:1]:
            meta = stored.obj["metadata"]
            path = kind.path(meta.get("namespace", ""), meta["name"])
            status, obj = origin.request("GET", path)
            assert status == 200
            assert isinstance(obj, dict)
            found.append((path, obj))
    assert len(found) >= 15
    return found


def send(
    world: World, complaints: Complaints, method: str, path: str, query: dict[str, str], content_type: str, body: bytes
) -> None:
    """Sends it, lets the world live a little, and checks that all is in order."""
    headers = {"content-type": content_type, "user-agent": "fuzz"}
    answer = world.api.handle(Request(method, path, query, headers, body))
    if isinstance(answer, Reply):
        assert 200 <= answer.status < 500, answer.body
        if answer.status >= 400 and path.startswith(("/api/", "/apis/")) and answer.content_type == "application/json":
            said = json.loads(answer.body)
            assert (said["kind"], said["status"], said["code"]) == ("Status", "Failure", answer.status)
            assert said["message"]
    world.run_for(2)
    assert not complaints.found, complaints.found[0]
    assert world.request("GET", "/api/v1/namespaces/default")[0] == 200


@FUZZ
@given(data=st.data())
def test_any_request(complaints: Complaints, data: st.DataObject) -> None:
    """Random paths, parameters, content types and bodies."""
    world = World.from_file()
    for _ in range(3):
        path = "/" + "/".join(data.draw(st.lists(WORDS, max_size=8)))
        body = data.draw(JSON.map(lambda v: json.dumps(v).encode()) | st.binary(max_size=20))
        method = data.draw(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
        send(world, complaints, method, path, data.draw(QUERY), data.draw(TYPES), body)


def spoiled(data: st.DataObject, obj: Any) -> Any:
    """The object with one of its parts replaced, removed, or doubled by something random."""
    made = copy.deepcopy(obj)
    holder = made
    for _ in range(data.draw(st.integers(0, 7))):
        inner = holder.values() if isinstance(holder, dict) else holder
        deeper = [value for value in inner if isinstance(value, dict | list) and value]
        if not deeper:
            break
        holder = deeper[data.draw(st.integers(0, len(deeper) - 1))]
    if isinstance(holder, list):
        holder[data.draw(st.integers(0, len(holder) - 1))] = data.draw(JSON)
    elif data.draw(st.booleans()) and holder:
        holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(JSON)
    elif data.draw(st.booleans()) and holder:
        del holder[data.draw(st.sampled_from(sorted(holder)))]
    else:
        holder[data.draw(KEYS)] = data.draw(JSON)
    return made


@FUZZ
@given(data=st.data())
def test_a_spoiled_object(
    complaints: Complaints, objects: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    """Objects of every kind with something wrong in them, created or put in the place of the right one."""
    world = World.from_file()
    path, obj = data.draw(st.sampled_from(objects))
    made = spoiled(data, obj)
    if data.draw(st.booleans()):
        send(world, complaints, "PUT", path, {}, "application/json", json.dumps(made).encode())
        return
    if isinstance(made.get("metadata"), dict):
        made["metadata"] = {
            k: v for k, v in made["metadata"].items() if k not in ("uid", "resourceVersion", "ownerReferences")
        }
        made["metadata"]["name"] = "spoiled"
    send(world, complaints, "POST", path.rpartition("/")[0], {}, "application/json", json.dumps(made).encode())


@FUZZ
@given(data=st.data())
def test_a_bad_patch(complaints: Complaints, objects: list[tuple[str, dict[str, Any]]], data: st.DataObject) -> None:
    """Patches of every form: parts of the object with something wrong in them, operations that fit nothing, random JSON."""
    world = World.from_file()
    path, obj = data.draw(st.sampled_from(objects))
    content_type = data.draw(st.sampled_from(sorted(PATCHES)))
    pointers = st.sampled_from(
        [
            "/spec",
            "/metadata/labels/x",
            "/spec/replicas",
            "/spec/template/spec/containers/0",
            "/spec/ports/-",
            "/status",
            "",
            "x",
            "/metadata/name",
        ]
    )
    operations = st.lists(
        st.fixed_dictionaries({"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "no"]), "path": pointers}, optional={"value": JSON, "from": pointers}), max_size=3
    )  # fmt: skip
    patch = (
        data.draw(operations | JSON)
        if content_type.startswith("application/json-patch")
        else spoiled(data, obj)
        if data.draw(st.booleans())
        else data.draw(JSON)
    )
    where = path + data.draw(st.sampled_from(["", "", "", "/status", "/scale"]))
    query = {"fieldManager": "fuzz"} | data.draw(QUERY)
    send(world, complaints, "PATCH", where, query, content_type, json.dumps(patch).encode())
