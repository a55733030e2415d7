"""Finds out who asks: a token of our own, or one of the identity provider."""

from __future__ import annotations

from dataclasses import dataclass

from . import Principal, Unknown
from .oidc import Oidc
from .tokens import PREFIX, TokenStore


@dataclass(frozen=True)
class Gatekeeper:
    """What the faces ask about a bearer token."""

    tokens: TokenStore
    oidc: Oidc | None = None

    async def principal(self, token: str) -> Principal:
        """Whose token it is. Raises Unknown."""
        if token.startswith(PREFIX) or self.oidc is None:
            if found := self.tokens.holder_of(token):
                return found
            raise Unknown(
                "That token is not known, or its time is up: `steersman token create NAME --role ROLE` makes one."
            )
        return await self.oidc.principal(token)
