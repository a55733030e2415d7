"""The routes of the page. Each does what the API's route of the same name does, after the same checks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import ValidationError

from steersman_tools.types import ToolFailed

from ..access import Principal, Unknown, may, require, require_person, roles_of
from ..access.signed import CODE_MINUTES, PAGE_TIME, approval_code, page_cookie
from ..access.tokens import PREFIX
from ..http.forms import NewSession, SessionName
from ..http.office import InTurn, Office, TheOffice, identify
from ..http.sessions import frame
from ..serving.verbs import Approve, Cancel, Reject, Undo
from .show import shown
from .visitor import COOKIE, Form, Visitor, csrf_of, fields_of, visitor

router = APIRouter(include_in_schema=False)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
}  # fmt: skip
_KINDS = {"style.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("steersman.interfaces.page"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _page(request: Request, name: str, status: int = 200, **values: object) -> Response:
    """A page; StrictUndefined makes a forgotten value an error and not a hole."""
    who = values.pop("who", None)
    csrf = csrf_of(request, request.app.state.office) if who else ""
    return HTMLResponse(_templates().get_template(name).render(who=who, csrf=csrf, **values), status, _HEADERS)


def problem_page(request: Request, status: int, problem: str, headers: dict[str, str]) -> Response:
    """What a person sees where a program would get a Problem."""
    if status == 303:
        return RedirectResponse(headers["Location"], 303)
    titles = {401: "Sign in", 403: "Not allowed", 404: "Not found", 409: "Not possible", 429: "Too many requests"}
    back = re.sub(r"/page(/sessions/[^/]+)/\w+$", r"\1", request.url.path)
    back = back if back.startswith("/sessions/") and status != 404 else "/"
    response = _page(
        request, "problem.html", status, title=titles.get(status, "Something is wrong"), problem=problem, back=back
    )
    response.headers.update(headers)
    return response


@router.get("/")
async def first(request: Request, office: TheOffice, to: Annotated[str, Query(max_length=200)] = "/") -> Response:
    """Incidents, or the way in."""
    who = visitor(request)
    if who is None:
        return _page(request, "login.html", problem="", to=_inside(to))
    sessions = office.board.lines(100)
    return _page(
        request, "list.html", who=who, sessions=sessions, incidents=office.incidents.latest(20), may_ask=may(who, "operator"),
        open=any(s.state != "closed" for s in sessions),
    )  # fmt: skip


@router.post("/page/login")
async def login(request: Request, office: TheOffice) -> Response:
    """Takes a token and gives a cookie."""
    fields = await fields_of(request)
    token = fields.get("token", "").strip()
    try:
        who = await identify(request, token)
    except Unknown as error:
        return _page(request, "login.html", 401, problem=str(error), to=_inside(fields.get("to", "/")))
    proof: Literal["token", "oidc"] = "token" if token.startswith(PREFIX) else "oidc"
    response = RedirectResponse(_inside(fields.get("to", "/")), 303)
    cookie = page_cookie(who, proof, office.gatekeeper.tokens.key())
    secure = office.address.startswith("https://")
    response.set_cookie(
        COOKIE, cookie, int(PAGE_TIME[proof].total_seconds()), httponly=True, samesite="strict", secure=secure
    )
    return response


@router.post("/page/logout")
async def logout(form: Form) -> Response:
    """Forgets who was there."""
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE)
    return response


@router.post("/page/sessions")
async def ask(office: TheOffice, who: Visitor, form: Form) -> Response:
    """Begins a session."""
    require(who, "operator")
    try:
        asked = NewSession.model_validate({
            "question": form.get("question", ""), "namespace": form.get("namespace") or None, "wants": form.get("wants", "diagnosis"),
        })  # fmt: skip
    except ValidationError as error:
        raise ToolFailed(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}.") from error
    line = await office.start(asked.request(), who)
    return RedirectResponse(f"/sessions/{line.session}", 303)


@router.get("/sessions/{session}")
async def session_page(request: Request, office: TheOffice, who: Visitor, session: SessionName) -> Response:
    """One incident: its causes, their evidence, the plan, and what happened."""
    return _session(request, office, who, session, "")


def _session(request: Request, office: Office, who: Principal, session: str, code: str) -> Response:
    document = office.board.get(session).document
    evidence = {e.id: e for e in document.diagnosis.evidence} if document.diagnosis else {}
    return _page(
        request, "session.html", who=who, s=document, page=shown(document, office.board.entries(session)), evidence=evidence,
        may_ask=may(who, "operator"), may_approve=may(who, "approver") and who.holder == "person",
        code=code, code_minutes=CODE_MINUTES,
    )  # fmt: skip


@router.get("/page/sessions/{session}/events", dependencies=[InTurn])
async def live(
    office: TheOffice, who: Visitor, session: SessionName, request: Request, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """What has happened since; EventSource sends the number that it has after a break."""
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdigit() else after
    line = office.board.get(session).line
    if line.state == "closed" and line.last <= start:
        return Response(status_code=204)

    async def frames() -> AsyncIterator[bytes]:
        async for entry in office.board.follow(session, start):
            yield frame(entry) if entry else b": still here\n\n"

    return StreamingResponse(frames(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.post("/page/sessions/{session}/{word}")
async def decide(
    request: Request, office: TheOffice, who: Visitor, form: Form, session: SessionName, word: str
) -> Response:
    """A person's word, or the operator's."""
    line = office.board.get(session).line
    if word == "cancel":
        require(who, "operator")
        await office.engine.ask(Cancel(session=session, by=who.id))
        return RedirectResponse(f"/sessions/{session}", 303)
    require_person(who, "approver")
    digest = form.get("digest", "")
    match word:
        case "approve":
            await office.engine.ask(Approve(session=session, digest=digest, by=who.id))
        case "reject":
            await office.engine.ask(Reject(session=session, digest=digest, by=who.id, why=form.get("why", "")[:1000]))
        case "undo" if line.state == "closed":
            await office.engine.ask(Undo(session=session, by=who.id, roles=roles_of(who)))
        case "code" if line.waits_for == digest:
            return _session(
                request, office, who, session, approval_code(session, digest, who.id, office.gatekeeper.tokens.key())
            )
        case _:
            raise ToolFailed("That is not possible any more: look at the session again.")
    return RedirectResponse(f"/sessions/{session}", 303)


@router.get("/page/{name}")
async def asset(name: str) -> Response:
    """The style, the script, the icon."""
    if name not in _KINDS:
        raise ToolFailed(f"There is no {name[:50]} here.")
    body = files("steersman.interfaces.page").joinpath("assets", name).read_bytes()
    return Response(
        body, media_type=_KINDS[name], headers={"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
    )


def _inside(to: str) -> str:
    """A path of this page; anything else is its beginning."""
    return to if re.fullmatch(r"/(sessions/[A-Za-z0-9._-]{1,64})?", to) else "/"
