"""Writes single objects to a cluster: what the actuator is handed, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from ..fields import Fields
from ..kinds import BY_NAME, Kind
from ..types import Json, JsonObject, Ref, Unreachable
from ..writer import Busy, Conflicted, Mode, Refused, Verb
from .connection import Connection, Reply

MANAGER = "steersman"
_JSON_PATCH = "application/json-patch+json"
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class ClusterWriter:
    """A Writer over the Kubernetes API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions: dict[tuple[str, str], str] = {}

    async def read(self, ref: Ref) -> JsonObject | None:
        answer = await self._ask("GET", await self._path(ref))
        if answer.status == 404:
            return None
        return _object(_checked(answer, f"{ref} cannot be read"))

    async def patch(self, ref: Ref, operations: Sequence[JsonObject], mode: Mode) -> JsonObject:
        body: Json = [dict(operation) for operation in operations]
        answer = await self._ask("PATCH", await self._path(ref), _query(mode), body, _JSON_PATCH)
        return _object(_checked(answer, f"{ref} cannot be changed"))

    async def create(self, ref: Ref, obj: JsonObject, mode: Mode) -> JsonObject:
        path = (await self._path(ref)).rpartition("/")[0]
        answer = await self._ask("POST", path, _query(mode), dict(obj))
        return _object(_checked(answer, f"{ref} cannot be created"))

    async def delete(self, ref: Ref, uid: str, mode: Mode) -> None:
        options: Json = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        query: dict[str, str | int] = {"dryRun": "All"} if mode == "dry run" else {}
        answer = await self._ask("DELETE", await self._path(ref), query, options)
        if answer.status != 404:
            _checked(answer, f"{ref} cannot be deleted")

    async def evict(self, pod: Ref, mode: Mode) -> None:
        version = await self._version("policy", ("v1", "v1beta1"), "poddisruptionbudgets")
        body: Json = {
            "apiVersion": f"policy/{version}",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
        }
        answer = await self._ask("POST", f"{await self._path(pod)}/eviction", _query(mode), body)
        if answer.status != 404:
            _checked(answer, f"{pod} cannot be evicted")

    async def may(self, verb: Verb, ref: Ref, subresource: str = "") -> bool:
        kind = _kind(ref)
        attributes: Json = {
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "subresource": subresource,
            "namespace": ref.namespace,
            "name": ref.name,
        }
        body: Json = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        answer = await self._ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", None, body)
        return Fields(_checked(answer, "The rights of this user cannot be asked for").json()).flag("status.allowed")

    async def pods_on(self, node: str) -> list[Json]:
        answer = await self._ask("GET", "/api/v1/pods", {"fieldSelector": f"spec.nodeName={node}"})
        found = _object(_checked(answer, f"The pods on {node} cannot be listed")).get("items")
        return list(found) if isinstance(found, list) else []

    async def _path(self, ref: Ref) -> str:
        kind = _kind(ref)
        return kind.path(await self._version(kind.group, kind.versions, kind.plural), ref.namespace, ref.name)

    async def _version(self, group: str, versions: tuple[str, ...], plural: str) -> str:
        """The first of the versions in which the server has the resource: a group may serve it in an older one only."""
        if len(versions) == 1:
            return versions[0]
        if (group, plural) not in self._versions:
            self._versions[group, plural] = versions[0]
            for version in versions:
                listed = Fields((await self._ask("GET", f"/apis/{group}/{version}")).json())
                if any(resource.text("name") == plural for resource in listed.each("resources")):
                    self._versions[group, plural] = version
                    break
        return self._versions[group, plural]

    async def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str | int] | None = None,
        body: Json = None,
        content_type: str = "application/json",
    ) -> Reply:
        try:
            return await self._connection.request(method, path, query, body, content_type)
        except Unreachable as error:
            raise Busy(str(error)) from error


def _query(mode: Mode) -> dict[str, str | int]:
    query: dict[str, str | int] = {"fieldManager": MANAGER}
    return query | {"dryRun": "All"} if mode == "dry run" else query


def _kind(ref: Ref) -> Kind:
    if ref.kind not in BY_NAME:
        raise Refused(f"{ref} is of a kind that steersman does not change.")
    return BY_NAME[ref.kind]


def _checked(answer: Reply, what: str) -> Reply:
    if 200 <= answer.status < 300:
        return answer
    text = f"{what}: {answer.message[:400]}"
    if answer.status == 409:
        raise Conflicted(text)
    if answer.status in _BUSY:
        raise Busy(text)
    raise Refused(text, answer.status)


def _object(answer: Reply) -> dict[str, Json]:
    found = answer.json()
    return found if isinstance(found, dict) else {}
