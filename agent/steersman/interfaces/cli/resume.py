"""`steersman resume SESSION`: goes on with a session whose process has died."""

from __future__ import annotations

import argparse

from .approve import add_arguments, go_on

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace) -> int:
    return go_on(args, "resume")
