"""Short-lived things that the server signs: who is at the page, and a person's word on one plan for an assistant to hand in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from . import Refused

PAGE_HOURS, CODE_MINUTES = 12, 10


def page_cookie(name: str, key: str) -> str:
    """What a browser keeps instead of the token."""
    return _sign({"sub": name, "aud": "page"}, key, timedelta(hours=PAGE_HOURS))


def at_page(cookie: str, key: str) -> str | None:
    """Whose cookie it is; None when it is not ours or its time is up."""
    claims = _read(cookie, key, "page")
    return claims.get("sub") if claims else None


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
