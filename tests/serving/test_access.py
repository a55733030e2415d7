"""Tokens, the identity provider, and what the server signs: by tables, and against a provider that really signs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from steersman.interfaces.access import Principal, Refused, Unknown, may, require_person
from steersman.interfaces.access.gatekeeper import Gatekeeper
from steersman.interfaces.access.oidc import Oidc
from steersman.interfaces.access.signed import approval_code, at_page, page_cookie, who_approved
from steersman.interfaces.access.tokens import TokenStore
from steersman_tools.types import ToolFailed

KEY = "k" * 64


def test_roles_include_those_before_them() -> None:
    """An approver may look and operate; a viewer may neither approve nor operate."""
    for role, allowed in {"viewer": 1, "operator": 2, "approver": 3, "admin": 4}.items():
        who = Principal(id="x", role=role, holder="person")
        assert [may(who, r) for r in ("viewer", "operator", "approver", "admin")] == [n < allowed for n in range(4)]


def test_a_machine_approves_nothing_whatever_its_role() -> None:
    """Admin or not."""
    with pytest.raises(Refused, match="machine"):
        require_person(Principal(id="ci", role="admin", holder="machine"), "approver")


def test_tokens_are_kept_as_hashes_and_end(tmp_path: Path) -> None:
    """The file holds no token; a revoked one and one whose time is up are nobody's; only its owner reads the file."""
    file = tmp_path / "access.db"
    with closing(TokenStore(file)) as store:
        token = store.create("ann", "approver", "person", 1)
        late = store.create("bob", "viewer", "person", -1)
        assert store.holder_of(token) == Principal(id="ann", role="approver", holder="person")
        assert store.holder_of(late) is None
        with pytest.raises(ToolFailed, match="already"):
            store.create("ann", "admin", "person", 1)
        store.revoke("ann")
        assert store.holder_of(token) is None
        again = store.create("ann", "viewer", "machine", 1)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(t.removeprefix("steersman_").encode() in kept for t in (token, late, again))
    assert file.stat().st_mode & 0o077 == 0


def test_a_code_is_good_for_one_plan_of_one_session() -> None:
    """Neither for another plan, nor for another session, nor signed by somebody else, nor is a cookie a code."""
    code = approval_code("s1", "a" * 16, "ann", KEY)
    assert who_approved(code, "s1", "a" * 16, KEY) == "ann"
    cookie = page_cookie(Principal(id="ann", role="admin", holder="person"), "token", KEY)
    tried = [
        (code, "s2", "a" * 16, KEY),
        (code, "s1", "b" * 16, KEY),
        (code, "s1", "a" * 16, "x" * 64),
        (cookie, "s1", "a" * 16, KEY),
    ]
    for each in tried:
        with pytest.raises(Refused):
            who_approved(*each)
    assert at_page(code, KEY) is None
    assert at_page(cookie, KEY) == (Principal(id="ann", role="admin", holder="person"), "token")


class Provider:
    """An identity provider on a port of its own."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                public = jwt.algorithms.RSAAlgorithm.to_jwk(provider.key.public_key(), as_dict=True)
                document: dict[str, Any] = {"jwks_uri": f"{provider.url}/keys", "issuer": provider.url}
                if self.path == "/keys":
                    document = {"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(orjson.dumps(document))

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def token(self, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        usual = {"iss": self.url, "aud": "steersman", "sub": "u1", "iat": now, "exp": now + 60, "roles": ["approver"]}
        wanted = {k: v for k, v in (usual | claims).items() if v is not None}
        return jwt.encode(wanted, self.key if key is None else key, algorithm=algorithm, headers={"kid": "1"})


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.mark.parametrize(
    ("claims", "principal"),
    [
        ({"email": "ann@x"}, Principal(id="ann@x", role="approver", holder="person")),
        ({}, Principal(id="u1", role="approver", holder="machine")),
        ({"roles": "viewer steersman-operator"}, Principal(id="u1", role="operator", holder="machine")),
    ],
)
async def test_a_providers_token_becomes_a_principal(
    provider: Provider, tmp_path: Path, claims: Any, principal: Principal
) -> None:
    """The highest role named counts; a client that signs in as itself is a machine."""
    with closing(TokenStore(tmp_path / "access.db")) as store:
        keeper = Gatekeeper(store, Oidc(provider.url, "steersman"))
        assert await keeper.principal(provider.token(**claims)) == principal


async def test_what_is_not_signed_for_us_now_is_nobody(provider: Provider) -> None:
    """Another audience, issuer or key, a time that is up, no role, no time at all, and a secret instead of a key."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    oidc = Oidc(provider.url, "steersman")
    bad = [
        provider.token(aud="else"),
        provider.token(iss="http://else"),
        provider.token(key=other),
        provider.token(exp=int(time.time()) - 120),
        provider.token(exp=None),
        provider.token(roles=["gardener"]),
        provider.token(roles=None),
        provider.token(key="s" * 64, algorithm="HS256"),
        provider.token(key="", algorithm="none"),
        "x.y.z",
        "",
    ]
    for token in bad:
        with pytest.raises(Unknown):
            await oidc.principal(token)
