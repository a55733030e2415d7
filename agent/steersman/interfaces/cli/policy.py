"""`steersman policy test|show [FILE]`: runs the examples that a policy carries, or prints the built-in one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...gate import BadPolicy, load, try_examples
from ...gate.policy import builtin
from ..style import style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("test", "show"), help="test a policy's examples, or show the built-in policy")
    parser.add_argument("file", nargs="?", type=Path, help="the policy (default: the built-in one)")


def run(args: argparse.Namespace) -> int:
    if args.what == "show":
        print(args.file.read_text() if args.file and args.file.is_file() else builtin(), end="")
        return 0
    try:
        tried = try_examples(load(args.file))
    except BadPolicy as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    style = style_for(sys.stdout)
    for one in tried:
        print(f"{style.good('ok  ') if one.right else style.bad('BAD ')} {one.name}: {one.text}")
    if not tried:
        print("The policy carries no examples: add some under `examples:`.")
    return 0 if all(one.right for one in tried) else 1
