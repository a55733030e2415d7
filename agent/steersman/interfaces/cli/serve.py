"""`steersman serve`: the HTTP API, the page, the alert webhook and MCP, until stopped."""

from __future__ import annotations

import argparse
import gc
import getpass
import ipaddress
import sys
from contextlib import closing
from pathlib import Path

from steersman_tools.types import ToolFailed, Unreachable

from ...app import sources
from ...gate import BadPolicy, load
from ...settings import Settings
from .options import BadSettings, add_policy, add_record, add_source, settings

NAMES = ("kubeconfig", "context", "bundle", "prometheus", "alertmanager", "rules", "policy", "data")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8460, metavar="N", help="the port (default: 8460)")
    parser.add_argument("--url", default="", metavar="URL", help="where people reach it, if that is another address")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="a certificate: HTTPS instead of HTTP")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="its key")
    add_source(parser)
    add_policy(parser)
    add_record(parser)


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        load(chosen.policy)
        with sources(chosen):
            pass  # a wrong kubeconfig is told at once
        secure = _secure(args)
        first = _first_token(chosen)
        import uvicorn  # noqa: PLC0415  only for those who serve

        from ..http.app import build  # noqa: PLC0415  loads FastAPI

        given = {name: str(value) for name in NAMES if (value := getattr(args, name, None)) is not None}
        address = args.url.rstrip("/") or f"{'https' if secure else 'http'}://{args.host}:{args.port}"
        print(f"steersman serves at {address}/", flush=True)
        if first:
            print(f"The first token, for an admin; it is shown this once: {first}", flush=True)
        config = uvicorn.Config(
            build(chosen, given, address), args.host, args.port, log_level="warning", access_log=False,
            ssl_certfile=args.tls_cert, ssl_keyfile=args.tls_key, timeout_graceful_shutdown=1, server_header=False,
        )  # fmt: skip
        gc.collect()
        gc.freeze()  # what is loaded stays: to look it all over for garbage again would hold up whoever reads for 0.15 s
        uvicorn.Server(config).run()
    except (BadSettings, BadPolicy, Unreachable, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    return 0


def _secure(args: argparse.Namespace) -> bool:
    """Whether TLS is on. Raises ToolFailed where it is half given."""
    if (args.tls_cert is None) != (args.tls_key is None):
        raise ToolFailed("Give --tls-cert and --tls-key together.")
    for file in (args.tls_cert, args.tls_key):
        if file and not file.is_file():
            raise ToolFailed(f"There is no file {file}.")
    if args.tls_cert is None and not _local(args.host) and not args.url.startswith("https://"):
        print(
            "steersman: tokens travel unencrypted to this address: give --tls-cert and --tls-key, or put a TLS proxy in front "
            "and say so with --url https://…",
            file=sys.stderr,
        )
    return args.tls_cert is not None


def _local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _first_token(chosen: Settings) -> str:
    """A token for who has just begun; empty where there are tokens, or an identity provider makes them."""
    from ..access.tokens import TokenStore  # noqa: PLC0415  only for those who serve

    with closing(TokenStore(chosen.data / "access.db")) as tokens:
        if tokens.list() or chosen.oidc_issuer:
            return ""
        return tokens.create(getpass.getuser(), "admin", "person", 365)
