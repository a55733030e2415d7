"""Bearer tokens of an identity provider (OpenID Connect): signature, issuer, audience and time are checked, then claims become a role."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import ROLES, Principal, Unknown

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Asymmetric ones only: a shared secret would let whoever checks a token also make one."""
SECONDS = 5.0


@dataclass
class Oidc:
    """One issuer."""

    issuer: str
    audience: str
    roles_claim: str = "roles"
    """The claim that lists roles, such as `steersman-approver` or `approver`."""
    person_claim: str = "email"
    """A token that has it stands for a person: a client that signs in as itself has none."""
    _keys: Any = field(default=None, repr=False)

    async def principal(self, token: str) -> Principal:
        """Who the token stands for. Raises Unknown with the reason."""
        return await asyncio.to_thread(self._checked, token)

    def _checked(self, token: str) -> Principal:
        import jwt  # noqa: PLC0415  loads cryptography

        try:
            if self._keys is None:
                self._keys = jwt.PyJWKClient(self._jwks(), cache_keys=True, lifespan=600, timeout=int(SECONDS))
            key = self._keys.get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.audience,
                issuer=self.issuer,
                leeway=30,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, OSError, ValueError, KeyError) as error:
            raise Unknown(f"The token of {self.issuer} is not valid: {str(error) or type(error).__name__}.") from error
        return principal_of(claims, self.roles_claim, self.person_claim)

    def _jwks(self) -> str:
        where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        with urllib.request.urlopen(where, timeout=SECONDS) as answer:
            return str(json.load(answer)["jwks_uri"])


def principal_of(claims: Mapping[str, Any], roles_claim: str, person_claim: str) -> Principal:
    """What checked claims say: the highest role named. Raises Unknown where none is: whoever may sign in may not yet see."""
    named: Any = claims
    for part in roles_claim.split("."):
        named = named.get(part) if isinstance(named, Mapping) else None
    words = {
        str(w).removeprefix("steersman-") for w in (named if isinstance(named, list) else str(named or "").split())
    }
    found = [role for role in ROLES if role in words]
    if not found:
        raise Unknown(f"The token names no role of steersman in its claim {roles_claim!r}: ask for {', '.join(ROLES)}.")
    person = claims.get(person_claim)
    return Principal(id=str(person or claims["sub"]), role=found[-1], holder="person" if person else "machine")
