"""The API server without its sockets: a request in, a reply or a stream out. It never raises."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ..objects import Obj
from ..store import Stored
from . import discovery, reading
from .access import Ask, refusal
from .caller import Caller, User
from .deletion import delete, delete_collection, options
from .kinds import Type
from .patching import patched
from .plant import Plant
from .requests import Reply, Request, failure
from .reviews import review
from .routing import Target, target
from .selection import Page, Predicate, field_predicate, label_predicate, read_token
from .showing import many, one
from .status import ApiError, NoSuchPath, bad_request, expired, no_such_path
from .subresources import LogStream, serve
from .watching import Watch, start

log = logging.getLogger(__name__)
Answer = Reply | Watch | LogStream
_WATCH_SECONDS = 1800.0


class Api:
    """Answers requests about a plant."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    def handle(self, request: Request) -> Answer:
        """The answer to any request whatever."""
        try:
            return self._answer(request)
        except ApiError as error:
            return failure(error)
        except NoSuchPath:
            return Reply(404, b"404 page not found\n", "text/plain; charset=utf-8")
        except Exception:
            log.exception("%s %s", request.method, request.path)
            return failure(
                ApiError(
                    500,
                    "Internal error occurred: the embedded world could not handle this request",
                    reason="InternalError",
                )
            )

    def _answer(self, request: Request) -> Answer:
        headers = request.headers
        groups = tuple(g for g in headers.get("impersonate-group", "").split(",") if g)
        user = self.plant.access.user(headers.get("authorization", ""), headers.get("impersonate-user", ""), groups)
        if (found := self._undiscovered(request, user)) is not None:
            return found
        parts = request.path.strip("/").split("/")
        if parts[:1] == ["apis"] and parts[1:2] in (["authorization.k8s.io"], ["authentication.k8s.io"]):
            return review(self.plant, request, user)
        if parts[:3] == ["apis", "metrics.k8s.io", "v1beta1"] and len(parts) > 3:
            return self._metrics(request, user, parts[3:])
        where = target(self.plant.types, request.path)
        verb = where.verb(request)
        ask = Ask(verb, where.type.group, where.type.plural, where.subresource, where.namespace, where.name)
        if where.type.id == "namespaces" and where.name:
            ask = Ask(verb, "", "namespaces", where.subresource, where.name, where.name)
        if not self.plant.access.allowed(user, ask):
            raise refusal(user, ask)
        return self._do(verb, where, request, user)

    def _undiscovered(self, request: Request, user: User) -> Reply | None:
        """Answers about the server itself."""
        path, types = request.path.rstrip("/") or "/", self.plant.types
        if request.method != "GET":
            return None
        match path.split("/")[1:]:
            case ["version"]:
                return Reply.of(discovery.version(self.plant.version))
            case ["healthz" | "livez" | "readyz", *_]:
                return Reply(200, b"ok", "text/plain; charset=utf-8")
            case ["api"]:
                return Reply.of(discovery.core_versions(self.plant.address))
            case ["apis"]:
                return Reply.of(discovery.group_list(types))
            case ["apis", group]:
                if group not in types.groups():
                    raise no_such_path()
                body = discovery.group(group, types.groups()[group])
                return Reply.of({"kind": "APIGroup", "apiVersion": "v1", **body})
            case ["api", version]:
                return self._resources("", version)
            case ["apis", group, version]:
                return self._resources(group, version)
            case ["openapi", "v2"]:
                return self.plant.openapi(request.headers.get("accept", ""))
            case [""]:
                paths = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/readyz", "/version"]
                paths += [f"/apis/{g}/{v}" for g, vs in types.groups().items() if g for v in vs]
                return Reply.of({"paths": sorted(paths)})
        return None

    def _resources(self, group: str, version: str) -> Reply:
        found = discovery.resources(self.plant.types, group, version)
        if found is None:
            raise no_such_path()
        return Reply.of(found)

    def _metrics(self, request: Request, user: User, parts: list[str]) -> Reply:
        """metrics.k8s.io, as the metrics server answers."""
        namespace = ""
        if parts[:1] == ["namespaces"] and len(parts) >= 3:
            namespace, parts = parts[1], parts[2:]
        name = parts[1] if len(parts) > 1 else ""
        ask = Ask("get" if name else "list", "metrics.k8s.io", parts[0], "", namespace, name)
        if not self.plant.access.allowed(user, ask):
            raise refusal(user, ask)
        wanted = label_predicate(request.query.get("labelSelector", ""))
        return self.plant.resource_metrics(parts[0], namespace, name, wanted)

    # -- verbs -------------------------------------------------------------------------------------------------------
    def _do(self, verb: str, where: Target, request: Request, user: User) -> Answer:
        caller = Caller(user, manager(request), _dry(request), where.version)
        mode = request.query.get("fieldValidation", "")
        reading.check_mode(mode)
        if where.subresource:
            return serve(self.plant, verb, where, request, caller)
        match verb:
            case "get":
                obj = self.plant.registry.get(_source(self.plant, where.type), where.namespace, where.name)
                return one(where.type, obj, where.version, request, self.plant.clock.now())
            case "list":
                return self._list(where, request)
            case "watch":
                return self._watch(where, request)
            case "create":
                return self._create(where, request, caller, mode)
            case "update" | "patch":
                return self._change(verb, where, request, caller, mode)
            case "delete":
                return self._delete(where, request, caller)
        return self._delete_many(where, request, caller)

    def _create(self, where: Target, request: Request, caller: Caller, mode: str) -> Reply:
        body = request.object()
        decoded = reading.decode(where.type, where.version, body)
        warnings = reading.strict(where.type, where.version, decoded, mode)
        obj = decoded.obj
        if where.type.namespaced:
            named = obj["metadata"].get("namespace")
            if not where.namespace:
                raise bad_request("an empty namespace may not be set during creation")
            if named and named != where.namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
            obj["metadata"]["namespace"] = where.namespace
        if where.type.plural == "bindings":
            raise ApiError(501, "use the binding subresource of the pod")
        made = self.plant.registry.create(_source(self.plant, where.type), obj, caller)
        reply = one(where.type, made, where.version, request, self.plant.clock.now(), 201)
        return Reply(reply.status, reply.body, reply.content_type, warnings)

    def _change(self, verb: str, where: Target, request: Request, caller: Caller, mode: str) -> Reply:
        made, status, warnings = patched(self.plant, verb, where, request, caller, mode)
        reply = one(where.type, made, where.version, request, self.plant.clock.now(), status)
        return Reply(reply.status, reply.body, reply.content_type, warnings)

    def _delete(self, where: Target, request: Request, caller: Caller) -> Reply:
        asked = options(_options_body(request), dict(request.query))
        obj, gone = delete(
            self.plant.registry, where.type, where.namespace, where.name, _maybe_dry(caller, request), asked
        )
        if gone and where.type.id not in _RETURNED:
            details = {
                "name": where.name,
                "group": where.type.group,
                "kind": where.type.plural,
                "uid": obj["metadata"]["uid"],
            }
            details = {k: v for k, v in details.items() if v}
            return Reply.of(
                {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
            )
        return one(where.type, obj, where.version, request, self.plant.clock.now())

    def _delete_many(self, where: Target, request: Request, caller: Caller) -> Reply:
        asked = options(_options_body(request), dict(request.query))
        chosen = self._chosen(where, request)
        delete_collection(self.plant.registry, where.type, [s.obj for s in chosen], _maybe_dry(caller, request), asked)
        return many(
            where.type,
            chosen,
            where.version,
            request,
            self.plant.clock.now(),
            {"resourceVersion": str(self.plant.store.revision)},
        )

    # -- lists -------------------------------------------------------------------------------------------------------
    def _wanted(self, where: Target, request: Request) -> Predicate:
        labels = label_predicate(request.query.get("labelSelector", ""))
        fields = field_predicate(_source(self.plant, where.type), request.query.get("fieldSelector", ""))
        if labels and fields:
            return lambda obj: labels(obj) and fields(obj)
        return labels or fields or (lambda obj: True)

    def _chosen(self, where: Target, request: Request, revision: int = 0) -> list[Stored]:
        """As they are now, or as they were at a revision."""
        wanted, kind = self._wanted(where, request), _source(self.plant, where.type).id
        stored = self.plant.store.at(kind, revision) if revision else self.plant.store.items[kind].values()
        found = [s for s in stored if (not where.namespace or s.key[0] == where.namespace) and wanted(s.obj)]
        return sorted(found, key=lambda s: s.key)

    def _list(self, where: Target, request: Request) -> Reply:
        store = self.plant.store
        past = _exact(request, store.oldest)
        chosen, revision = self._chosen(where, request, past), past or store.revision
        limit = int(request.query["limit"]) if request.query.get("limit", "").isdigit() else 0
        meta: Obj = {}
        if token := request.query.get("continue"):
            page = read_token(token, store.oldest)
            revision = page.revision
            chosen = [s for s in chosen if s.key > page.after]
        asked = request.query.get("resourceVersion", "")
        if asked and not asked.isdigit():
            raise bad_request(f'Invalid value: "{asked}": strconv.ParseUint: parsing "{asked}": invalid syntax')
        meta["resourceVersion"] = str(revision)
        if limit and len(chosen) > limit:
            meta["continue"] = Page(revision, chosen[limit - 1].key).token
            if not request.query.get("labelSelector") and not request.query.get("fieldSelector"):
                meta["remainingItemCount"] = len(chosen) - limit
            chosen = chosen[:limit]
        return many(where.type, chosen, where.version, request, self.plant.clock.now(), meta)

    def _watch(self, where: Target, request: Request) -> Watch:
        asked = request.query.get("timeoutSeconds", "")
        seconds = float(asked) if asked.isdigit() and int(asked) else _WATCH_SECONDS
        namespace = where.namespace or None
        wanted = self._wanted(where, request)
        watch = Watch(
            self.plant.store, where.type, where.version, namespace, wanted, request, self.plant.clock.now, seconds
        )
        return start(watch, self._chosen(where, request))


_RETURNED = frozenset(
    {
        "pods",
        "persistentvolumeclaims",
        "persistentvolumes",
        "serviceaccounts",
        "resourcequotas",
        "podtemplates",
        "services",
    }
)
"""Types whose deletion is answered with the object itself."""


def _source(plant: Plant, kind: Type) -> Type:
    """The type under which objects are stored: events have two groups and one home."""
    return plant.types["events"] if kind.id == "events.events.k8s.io" else kind


def manager(request: Request) -> str:
    """The field manager of a request: what it says, or the program that its User-Agent names."""
    named = request.query.get("fieldManager")
    return named or request.headers.get("user-agent", "unknown").split("/")[0][:128] or "unknown"


def _exact(request: Request, oldest: int) -> int:
    """The revision that a list is asked of, 0 for now: as etcd does, only where a limit is given. Raises ApiError."""
    asked = request.query.get("resourceVersion", "")
    exact = request.query.get("limit") and request.query.get("resourceVersionMatch") == "Exact" and asked.isdigit()
    if exact and int(asked) < oldest:
        raise expired(int(asked), oldest)
    return int(asked) if exact else 0


def _dry(request: Request) -> bool:
    value = request.query.get("dryRun", "")
    if value and value != "All":
        raise ApiError(
            422,
            f'{_kind_of(request)} "" is invalid: dryRun: Unsupported value: []string{{"{value}"}}: supported values: "All"',
            reason="Invalid",
        )
    return value == "All"


def _kind_of(request: Request) -> str:
    return {"POST": "CreateOptions.meta.k8s.io", "PUT": "UpdateOptions.meta.k8s.io", "PATCH": "PatchOptions.meta.k8s.io"}.get(
        request.method, "DeleteOptions.meta.k8s.io")  # fmt: skip


def _options_body(request: Request) -> Obj:
    return request.object() if request.body.strip() else {}


def _maybe_dry(caller: Caller, request: Request) -> Caller:
    body: Mapping[str, object] = _options_body(request)
    return Caller(caller.user, caller.manager, True, caller.version) if body.get("dryRun") == ["All"] else caller
