"""`steersman-eval SUITE --data DIR`: the figures in the documentation are what this prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

SUITES: Mapping[str, str] = {
    "cloud-opsbench": "steersman_evals.suites.cloud_opsbench",
    "lab": "steersman_evals.suites.lab",
    "petshop": "steersman_evals.suites.petshop",
    "nezha": "steersman_evals.suites.nezha",
    "anomaly": "steersman_evals.suites.anomaly",
    "forecast": "steersman_evals.suites.forecast",
    "gpu-trace": "steersman_evals.suites.gpu_trace",
    "runbooks": "steersman_evals.suites.runbooks",
    "model": "steersman_evals.suites.model",
    "quantum": "steersman_evals.suites.quantum",
    "quantum-wait": "steersman_evals.suites.quantum_wait",
}
"""A suite is one line here and one module with `run(data, output, jobs, seed)`, imported only when it is asked for. A module may
offer `add_arguments(parser)`: what it adds is handed to `run` by name. `DATA = False` in it says that it needs no `--data`."""


class Unusable(Exception):
    """The suite cannot run as asked. The text is one sentence that says what to do; the command prints it and ends with 1."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one suite. Exit status 0 when it ran, whatever it measured, and 1 when it could not."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except Unusable as problem:
        print(f"steersman-eval: {problem}", file=sys.stderr)
        return 1


def _run(given: Sequence[str]) -> int:
    first = argparse.ArgumentParser(prog="steersman-eval", description=__doc__, add_help=False)
    first.add_argument("suite", nargs="?", help=", ".join(SUITES))
    chosen, rest = first.parse_known_args(given)
    if chosen.suite is None:
        first.print_help()
        return 0 if {"-h", "--help"} & set(rest) else 1
    suite = _suite(chosen.suite)
    parser = argparse.ArgumentParser(prog=f"steersman-eval {chosen.suite}", description=suite.__doc__)
    parser.add_argument("--data", type=Path, required=getattr(suite, "DATA", True), help="the folder with the cases")
    parser.add_argument("--output", type=Path, help="the file for the figures, as JSON")
    parser.add_argument("--jobs", type=int, default=1, help="processes to use")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    common = {action.dest for action in parser._actions}
    if hasattr(suite, "add_arguments"):
        suite.add_arguments(parser)
    options = vars(parser.parse_args([word for word in given if word != chosen.suite]))
    if options["data"] is not None and not options["data"].is_dir():
        raise Unusable(f"{options['data']} is no folder; give --data the one that holds the unpacked cases")
    extra = {name: value for name, value in options.items() if name not in common}
    suite.run(options["data"], options["output"], options["jobs"], options["seed"], **extra)
    return 0


def need(module: str) -> None:
    """Unusable unless a library of the group `evals` is installed: the yardsticks are no part of the product."""
    if find_spec(module) is None:
        raise Unusable(f"the yardsticks need {module}; install them with `uv sync --group evals`")


def _suite(name: str) -> ModuleType:
    if name not in SUITES:
        raise Unusable(f"there is no suite {name!r}; the suites are {', '.join(SUITES)}")
    if find_spec(SUITES[name]) is None:
        raise Unusable(f"the suite {name!r} is not part of this installation")
    return import_module(SUITES[name])


if __name__ == "__main__":
    raise SystemExit(main())
