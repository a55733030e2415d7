"""Who is at the page: a signed cookie instead of the token, and forms that no other site can send."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from ..access import Principal, Refused
from ..access.signed import at_page
from ..http.office import Office, office_of

COOKIE = "steersman_page"


def visitor(request: Request) -> Principal | None:
    """Who has signed in; None where nobody has, or the token has been revoked since. Raises TooMany."""
    office, cookie = office_of(request), request.cookies.get(COOKIE, "")
    found = at_page(cookie, office.gatekeeper.tokens.key()) if cookie else None
    if found is None:
        return None
    principal = office.gatekeeper.tokens.named(found[0].id) if found[1] == "token" else found[0]
    if principal:
        office.asks.take(principal.id)
    return principal


def signed_in(request: Request) -> Principal:
    """Who has signed in; whoever has not is sent to do so and brought back."""
    if found := visitor(request):
        return found
    to = request.url.path if request.method == "GET" else "/"
    raise HTTPException(303, "Sign in first.", {"Location": f"/?to={to}"})


def csrf_of(request: Request, office: Office) -> str:
    """What forms of this visitor hold, and no other site knows."""
    cookie = request.cookies.get(COOKIE, "")
    return hmac.new(office.gatekeeper.tokens.key().encode(), f"csrf {cookie}".encode(), hashlib.sha256).hexdigest()


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form of ours. Raises Refused where another site has sent it."""
    fields = await fields_of(request)
    if not hmac.compare_digest(fields.get("csrf", ""), csrf_of(request, office_of(request))):
        raise Refused("This form is too old, or is not from this page: go back and load it again.")
    return fields


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form."""
    body = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(body, max_num_fields=20).items()}


Visitor = Annotated[Principal, Depends(signed_in)]
Form = Annotated[dict[str, str], Depends(form_of)]
