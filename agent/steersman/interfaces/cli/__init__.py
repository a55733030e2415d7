"""The command line. Each command is one module, loaded when it is called: `--help` costs nothing."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NoReturn, Protocol, cast

COMMANDS = {
    "investigate": "find the root cause of what is wrong (reads only)",
    "ask": "one request in plain words: why, list, logs, scale, roll back, ... (no model needed)",
    "slack": "the Slack bot: ask, read and approve in a thread",
    "chat": "the terminal UI: ask, read the evidence, approve; --plain for lines, --demo for the embedded world",
    "heal": "diagnose, plan, ask, act, verify, and take back what did not help",
    "approve": "approve the plan that a session waits for, and go on with it",
    "reject": "refuse the plan that a session waits for",
    "resume": "go on with a session whose process has died",
    "undo": "take back what a finished session did",
    "sessions": "what has been asked and done on this machine",
    "show": "a session told again from its record",
    "audit": "verify the record of sessions, or export it",
    "policy": "test a policy's examples, or show the built-in policy",
    "demo": "the whole loop on an embedded cloud: no cluster, no key, no network",
    "forecast": "what will reach its limit, and when",
    "anomalies": "which series left their own past, since when, and whose trouble it is",
    "watch": "a standing watch: says what is new or over, and heals or scales if told to",
    "autoscale": "replicas for the load of the next quarter of an hour, as a plan through the gate",
    "world": "a small live cloud in this process, served until stopped",
    "gpu": "accelerators: list, health, place, defrag, idle, forecast, cost",
    "serve": "the HTTP API with its page, the alert webhook and MCP, until stopped",
    "token": "who may use the API: create, list, revoke; and approval codes for assistants",
    "mcp": "an MCP server on standard input and output, for assistants and editors",
    "quantum": "quantum queues: backends, jobs, explain, advise, move, cancel, hold, release, priority, requeue",
    "runbooks": "index, search, lint: your runbooks and the starter library, offline",
    "doctor": "what is reachable, what is permitted, and the line that mends the rest",
}


class Command(Protocol):
    """What a command's module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does the work; returns the exit status."""


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one sentence and exit status 1."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(1)


def main(argv: list[str] | None = None) -> int:
    """The entry point of the console script."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        return _dispatch(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has gone, as with `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 1
    if arguments[0] in ("-V", "--version"):
        from importlib.metadata import version  # noqa: PLC0415  reads the disk

        print(f"steersman {version('steersman')}")
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        print(f"steersman: there is no command {name!r}; see steersman --help", file=sys.stderr)
        return 1
    command = cast(Command, importlib.import_module(f"{__package__}.{name}"))
    return command.run(parser_of(name, command).parse_args(arguments[1:]))


def parser_of(name: str, command: Command) -> argparse.ArgumentParser:
    """What reads a command's arguments."""
    parser = _Parser(prog=f"steersman {name}", description=f"{COMMANDS[name]}.".capitalize())
    command.add_arguments(parser)
    return parser


def usage() -> str:
    """The text of --help."""
    lines = [f"  {name:<12} {words}" for name, words in COMMANDS.items()]
    return "\n".join(
        [
            "usage: steersman COMMAND [OPTIONS]",
            "",
            "An operations assistant for AI clouds: root causes with evidence, plans with undo.",
            "",
            *lines,
            "",
            "steersman COMMAND --help tells more. Exit status: 0 finished, 1 wrong usage or nothing reachable,",
            "2 with --fail-on-findings when causes were found, 3 when heal ended without a verified repair.",
        ]
    )
