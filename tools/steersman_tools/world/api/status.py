"""The API server's refusals, in its own words: each is a Status object with a code, a reason and a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..objects import Obj

_REASONS = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 406: "NotAcceptable",
    409: "Conflict", 410: "Expired", 413: "RequestEntityTooLarge", 415: "UnsupportedMediaType", 422: "Invalid",
    429: "TooManyRequests", 500: "InternalError", 501: "", 503: "ServiceUnavailable", 504: "Timeout",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with one field."""

    reason: str
    message: str
    field: str


class ApiError(Exception):
    """A refusal. The server answers with its Status; a controller reads its code. The reason `-` stands for none."""

    def __init__(self, code: int, message: str, *, reason: str = "", details: Obj | None = None) -> None:
        super().__init__(message)
        self.code, self.message = code, message
        self.reason = "" if reason == "-" else reason or _REASONS.get(code, "")
        self.details = details

    @property
    def status(self) -> Obj:
        body: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        if self.reason:
            body["reason"] = self.reason
        if self.details:
            body["details"] = self.details
        return body | {"code": self.code}


def _about(name: str, plural: str, group: str) -> Obj:
    return {k: v for k, v in (("name", name), ("group", group), ("kind", plural)) if v}


def _called(plural: str, group: str) -> str:
    return f"{plural}.{group}" if group else plural


def not_found(plural: str, group: str, name: str) -> ApiError:
    return ApiError(404, f'{_called(plural, group)} "{name}" not found', details=_about(name, plural, group))


def no_such_path() -> ApiError:
    """The answer to a URL that names no resource."""
    return ApiError(404, "the server could not find the requested resource", details={})


class NoSuchPath(Exception):
    """A URL of an API group or version that is not served: the answer is plain text."""


def already_exists(plural: str, group: str, name: str) -> ApiError:
    return ApiError(
        409,
        f'{_called(plural, group)} "{name}" already exists',
        reason="AlreadyExists",
        details=_about(name, plural, group),
    )


def conflict(plural: str, group: str, name: str, why: str) -> ApiError:
    return ApiError(
        409,
        f'Operation cannot be fulfilled on {_called(plural, group)} "{name}": {why}',
        details=_about(name, plural, group),
    )


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def forbidden(plural: str, group: str, name: str, why: str) -> ApiError:
    who = f'{_called(plural, group)} "{name}" is forbidden' if name else f"{_called(plural, group)} is forbidden"
    return ApiError(403, f"{who}: {why}", details=_about(name, plural, group))


def invalid(kind: str, group: str, name: str, causes: Sequence[Cause]) -> ApiError:
    texts = [f"{cause.field}: {cause.message}" for cause in causes]
    unique = list(dict.fromkeys(texts))
    whole = unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"
    details = _about(name, kind, group) | {
        "causes": [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    }
    return ApiError(
        422,
        f'{kind}.{group} "{name}" is invalid: {whole}' if group else f'{kind} "{name}" is invalid: {whole}',
        details=details,
    )


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def expired(asked: int, oldest: int) -> ApiError:
    return ApiError(410, f"too old resource version: {asked} ({oldest})")


EXPIRED_TOKEN = ApiError(
    410,
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
    "continue parameter, or use the continue token in this response to retrieve the remainder of the results.",
)
