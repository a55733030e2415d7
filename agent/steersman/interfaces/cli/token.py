"""`steersman token create|list|revoke|code`: who may use the API, and a person's word on a plan for an assistant."""

from __future__ import annotations

import argparse
import json
import re
import sys
from contextlib import closing
from dataclasses import asdict

from steersman_tools.types import ToolFailed

from ...app import journal, me
from ...settings import Settings
from ..access import ROLES
from ..access.signed import CODE_MINUTES, approval_code
from ..access.tokens import TokenStore
from .options import BadSettings, add_record, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    create = parts.add_parser("create", help="a new token, shown this once")
    create.add_argument("name", type=_name, help="who holds it: the name that approvals are recorded under")
    create.add_argument(
        "--role", choices=ROLES, default="viewer", help="what it may do (default: viewer, who only reads)"
    )
    create.add_argument(
        "--machine", action="store_true", help="for a program: it can approve nothing, whatever its role"
    )
    create.add_argument("--days", type=float, default=90, metavar="N", help="so long it is good for (default: 90)")
    listed = parts.add_parser("list", help="who has one; the tokens themselves are kept nowhere")
    listed.add_argument("-o", "--output", choices=("text", "json"), default="text")
    revoke = parts.add_parser("revoke", help="ends a token at once")
    revoke.add_argument("name")
    code = parts.add_parser(
        "code", help="your approval of the plan that a session waits with, for an assistant to hand in"
    )
    code.add_argument("session")
    code.add_argument("digest", help="the digest of the plan that you have read")
    for part in (create, listed, revoke, code):
        add_record(part)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name: give letters, digits and . _ @ -")
    return text


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        with closing(TokenStore(chosen.data / "access.db")) as store:
            _do(args, store, chosen)
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    return 0


def _do(args: argparse.Namespace, store: TokenStore, chosen: Settings) -> None:
    match args.part:
        case "create":
            print(store.create(args.name, args.role, "machine" if args.machine else "person", args.days))
        case "revoke":
            store.revoke(args.name)
        case "list":
            lines = store.list()
            if args.output == "json":
                print(json.dumps([asdict(line) for line in lines], default=str, indent=2))
                return
            for line in lines:
                print(f"{line.name:<24} {line.role:<9} {line.holder:<8} until {line.expires:%Y-%m-%d}")
        case "code":
            print(_code(args.session, args.digest, store, chosen))


def _code(session: str, digest: str, store: TokenStore, chosen: Settings) -> str:
    from ..serving.views import waits_for  # noqa: PLC0415  only this part reads sessions

    with journal(chosen) as record:
        entries = record.entries(session)
    if not entries:
        raise ToolFailed(f"There is no session {session}; see `steersman sessions`.")
    if waits_for(entries) != digest:
        raise ToolFailed(f"Session {session} does not wait for plan {digest}: see `steersman show {session}`.")
    print(f"Good for {CODE_MINUTES} minutes and for this plan alone:", file=sys.stderr)
    return approval_code(session, digest, me().id, store.key())
