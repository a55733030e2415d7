"""Short-lived things that the server signs: who is at the page, and a person's word on one plan for an assistant to hand in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from . import Principal, Refused

CODE_MINUTES = 10
PAGE_TIME = {"token": timedelta(hours=12), "oidc": timedelta(hours=1)}
"""A token of our own is looked up at every request; what an identity provider said is not asked again within this time."""


def page_cookie(principal: Principal, proof: Literal["token", "oidc"], key: str) -> str:
    """What a browser keeps instead of the token."""
    claims = {"sub": principal.id, "aud": "page", "role": principal.role, "holder": principal.holder, "proof": proof}
    return _sign(claims, key, PAGE_TIME[proof])


def at_page(cookie: str, key: str) -> tuple[Principal, str] | None:
    """Who is there, and by which proof; None when the cookie is not ours or its time is up."""
    claims = _read(cookie, key, "page")
    if not claims:
        return None
    return Principal.model_validate({"id": claims["sub"], "role": claims["role"], "holder": claims["holder"]}), claims[
        "proof"
    ]


def approval_code(session: str, digest: str, by: str, key: str) -> str:
    """A person's word on exactly this plan of exactly this session."""
    return _sign(
        {"sub": by, "aud": "approval", "session": session, "digest": digest}, key, timedelta(minutes=CODE_MINUTES)
    )


def who_approved(code: str, session: str, digest: str, key: str) -> str:
    """The person whose word the code is. Raises Refused where it is not for this plan, or its time is up."""
    claims = _read(code, key, "approval")
    if not claims or (claims.get("session"), claims.get("digest")) != (session, digest):
        raise Refused(
            f"That is no approval of plan {digest} of session {session}, or it is older than {CODE_MINUTES} minutes: "
            "a person with the role approver gets one on the session's page, or by `steersman token code`."
        )
    return claims["sub"]


def _sign(claims: dict[str, str], key: str, life: timedelta) -> str:
    import jwt  # noqa: PLC0415  loads cryptography

    return jwt.encode({**claims, "exp": datetime.now(UTC) + life}, key, algorithm="HS256")


def _read(text: str, key: str, audience: str) -> dict[str, str] | None:
    import jwt  # noqa: PLC0415  loads cryptography

    try:
        claims: dict[str, str] = jwt.decode(
            text, key, algorithms=["HS256"], audience=audience, options={"require": ["exp", "sub"]}
        )
    except jwt.PyJWTError:
        return None
    return claims
