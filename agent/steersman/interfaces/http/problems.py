"""What went wrong, as one sentence in one form (RFC 9457), with the status that tells a program what to do next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from steersman_tools.types import Frozen, ToolFailed

from ..access import Refused, Unknown
from ..serving.board import NoSession
from ..serving.engine import EngineDown
from .limits import TooMany
from .office import NotNow

TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    413: "Content Too Large", 422: "Unprocessable Content", 429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


class Problem(Frozen):
    """Why a request was not granted."""

    title: str
    status: int
    detail: str
    """One sentence that says what to do."""


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these, and those that every route with a caller has."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {s: {"description": TITLES[s], "content": content} for s in (400, 401, 403, 413, 422, 429, *statuses)}


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """The response; Problem is its form."""
    body = Problem(title=TITLES.get(status, "Error"), status=status, detail=detail)
    return JSONResponse(body.model_dump(), status, headers, media_type="application/problem+json")


ForPeople: TypeAlias = Callable[[Request, int, str, dict[str, str]], Response]


def install(app: FastAPI, pages: ForPeople) -> None:
    """Turns every exception that a route may let through into its answer; `pages` makes those for people."""

    async def told(request: Request, error: Exception) -> Response:
        status, headers = _status(error)
        if request.url.path.startswith("/v1/chat") or request.url.path == "/v1/models":
            code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
            kind = "invalid_request_error" if status < 500 else "server_error"
            return JSONResponse(
                {"error": {"message": _words(error), "type": kind, "param": None, "code": code}}, status, headers
            )
        if request.url.path.startswith(("/page/", "/sessions/")):
            return pages(request, status, _words(error), headers)
        return answer(status, _words(error), headers)

    for kind in (Unknown, Refused, TooMany, ToolFailed, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, told)


def _status(error: Exception) -> tuple[int, dict[str, str]]:
    match error:
        case Unknown():
            return 401, {"WWW-Authenticate": "Bearer"}
        case Refused():
            return 403, {}
        case TooMany():
            return 429, {"Retry-After": str(error.seconds)}
        case RequestValidationError():
            return 422, {}
        case NoSession():
            return 404, {}
        case EngineDown():
            return 503, {"Retry-After": "3"}
        case NotNow():
            return 502, {}
        case HTTPException():
            return error.status_code, dict(error.headers or {})
    return 409, {}


def _words(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = f"{where}: {first['msg']}."
    elif isinstance(error, HTTPException):
        text = str(error.detail)
    else:
        text = str(error)
    return text.encode("utf-8", "replace").decode()
