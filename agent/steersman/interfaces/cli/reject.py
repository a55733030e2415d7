"""`steersman reject SESSION`: refuses the plan that a session waits to have approved."""

from __future__ import annotations

import argparse

from .approve import add_arguments, go_on

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace) -> int:
    return go_on(args, "reject")
