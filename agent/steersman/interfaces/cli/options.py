"""The options that several commands share, and the settings that they make."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import ValidationError

from ...settings import Settings, config_file


class BadSettings(Exception):
    """The settings cannot be used; the text is one sentence for a person."""


def add_source(parser: argparse.ArgumentParser) -> None:
    """Where to look."""
    where = parser.add_argument_group("where to look")
    where.add_argument("--kubeconfig", type=Path, metavar="FILE", help="the kubeconfig (default: as kubectl finds it)")
    where.add_argument("--context", metavar="NAME", help="the context in it (default: the current one)")
    where.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        help="a folder or file instead of a cluster, such as `kubectl cluster-info dump`",
    )
    where.add_argument("--prometheus", metavar="URL", help="Prometheus (default: $PROMETHEUS_URL)")
    where.add_argument("--alertmanager", metavar="URL", help="Alertmanager, for silences (default: $ALERTMANAGER_URL)")
    where.add_argument(
        "--rules", type=Path, metavar="DIR", help="your own rules (default: ~/.config/steersman/rules), or hygiene"
    )
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument("-n", "--namespace", metavar="NS", help="look at one namespace and the cluster's own objects")
    scope.add_argument("-A", "--all-namespaces", action="store_true", help="look at all namespaces (the default)")


def settings(args: argparse.Namespace) -> Settings:
    """The settings with the flags on top. Raises BadSettings."""
    names = ("kubeconfig", "context", "bundle", "prometheus", "alertmanager", "rules", "policy", "data", "chroma_url")
    given = {name: value for name in names if (value := getattr(args, name, None)) is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadSettings(
            f"Setting {where!r} in {config_file()} or the environment is wrong: {first['msg']}."
        ) from error
    except ValueError as error:
        raise BadSettings(f"{config_file()} is not valid TOML ({error}): mend or remove it.") from error


def add_record(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """The folder of the record, for every command that reads or writes it."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="where sessions are recorded")


def add_policy(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """The policy, for every command that may act."""
    help = "the policy (default: the built-in one, which asks)"
    parser.add_argument("--policy", type=Path, metavar="FILE", help=help)
