"""Reviews: may I, may they, who am I. Nothing is stored."""

from __future__ import annotations

from ..objects import Obj
from .access import Ask
from .caller import User
from .plant import Plant
from .requests import Reply, Request
from .status import ApiError, bad_request, no_such_path


def review(plant: Plant, request: Request, user: User) -> Reply:
    """Answers a POST to one of the review resources. Raises ApiError."""
    parts = request.path.strip("/").split("/")
    if len(parts) < 4 or parts[2] not in ("v1", "v1beta1"):
        raise no_such_path()
    if request.method != "POST":
        raise ApiError(405, "the server does not allow this method on the requested resource", details={})
    body = request.object()
    spec = body.get("spec") or {}
    if not isinstance(spec, dict):
        raise bad_request("spec must be an object")
    head = {
        "kind": body.get("kind", ""),
        "apiVersion": f"{parts[1]}/{parts[2]}",
        "metadata": {"creationTimestamp": None},
    }
    match parts[-1]:
        case "selfsubjectaccessreviews":
            return Reply.of(
                head | {"kind": "SelfSubjectAccessReview", "spec": spec, "status": _answer(plant, user, spec)}, 201
            )
        case "subjectaccessreviews" | "localsubjectaccessreviews":
            who = User(str(spec.get("user", "")), tuple(map(str, spec.get("groups") or spec.get("group") or ())))
            if not who.name and not who.groups:
                raise ApiError(
                    422,
                    'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
                    reason="Invalid",
                )
            return Reply.of(
                head | {"kind": "SubjectAccessReview", "spec": spec, "status": _answer(plant, who, spec)}, 201
            )
        case "selfsubjectrulesreviews":
            rules = plant.access.rules(user, str(spec.get("namespace", "")))
            if "system:masters" in user.groups:
                rules = [
                    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
                    {"verbs": ["*"], "nonResourceURLs": ["*"]},
                ]
            status = {"incomplete": False, "resourceRules": [r for r in rules if "nonResourceURLs" not in r],
                      "nonResourceRules": [r for r in rules if "nonResourceURLs" in r]}  # fmt: skip
            return Reply.of(head | {"kind": "SelfSubjectRulesReview", "spec": spec, "status": status}, 201)
        case "selfsubjectreviews":
            info = {"username": user.name, "groups": list(user.groups)}
            return Reply.of(head | {"kind": "SelfSubjectReview", "status": {"userInfo": info}}, 201)
        case "tokenreviews":
            found = plant.access.tokens.get(str(spec.get("token", "")))
            status = {"authenticated": bool(found)} | (
                {"user": {"username": found.name, "groups": list(found.groups)}} if found else {}
            )
            return Reply.of(head | {"kind": "TokenReview", "spec": spec, "status": status}, 201)
    raise no_such_path()


def _answer(plant: Plant, user: User, spec: Obj) -> Obj:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if not isinstance(resource, dict) and not isinstance(path, dict):
        raise ApiError(422, 'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: "null": '
                       "exactly one of nonResourceAttributes or resourceAttributes must be specified", reason="Invalid")  # fmt: skip
    if isinstance(path, dict):
        ask = Ask(str(path.get("verb", "")), path=str(path.get("path", "")))
    else:
        assert isinstance(resource, dict)
        values = {
            k: str(resource.get(k) or "") for k in ("verb", "group", "resource", "subresource", "namespace", "name")
        }
        ask = Ask(**values)
    return {"allowed": True} if plant.access.allowed(user, ask) else {"allowed": False}
