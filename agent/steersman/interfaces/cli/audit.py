"""`steersman audit verify|export`: whether the record is whole, and the record."""

from __future__ import annotations

import argparse
import sys

from steersman_tools.types import ToolFailed

from ...app import journal
from .options import BadSettings, add_record, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("verify", "export"), help="verify the chain, or export it as JSON lines")
    add_record(parser)


def run(args: argparse.Namespace) -> int:
    try:
        with journal(settings(args)) as record:
            if args.what == "export":
                for line in record.export():
                    print(line)
                return 0
            flaws, count = record.flaws(), sum(1 for _ in record.export())
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    for flaw in flaws:
        print(flaw)
    print(f"{count} lines: " + (f"{len(flaws)} flaws" if flaws else "nothing was changed, nothing is missing"))
    return 1 if flaws else 0
