"""`steersman runbooks index|search|lint`: your team's runbooks and the starter library, without a network."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

from steersman_tools.types import ToolFailed

from ...app import runbooks_here
from ...faults import FAULTS
from ...settings import Settings
from ..style import Style, style_for
from .options import BadSettings, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", required=True, metavar="index|search|lint")
    index = does.add_parser("index", help="take in what is new in the folders, and remember them")
    index.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="folders or git checkouts with Markdown")
    index.add_argument("--forget", type=Path, metavar="DIR", help="leave a folder out from now on")
    search = does.add_parser("search", help="the runbooks that fit a text, with file and heading")
    search.add_argument("text", nargs="+", help="what is wrong, in your own words")
    search.add_argument("-k", "--most", type=int, default=5, metavar="N", help="the best N (default 5)")
    lint = does.add_parser("lint", help="dead links, commands that do not parse, missing sections")
    lint.add_argument("folders", nargs="*", type=Path, metavar="DIR", help="folders (default: all that are indexed)")
    for each in (index, search, lint):
        form = each.add_mutually_exclusive_group()
        form.add_argument("-o", "--output", choices=("text", "json"), default="text")
        form.add_argument("--json", action="store_const", const="json", dest="output", help="the same as --output json")
        each.add_argument("--data", type=Path, metavar="DIR", help="where the index is kept")
    for each in (index, search):
        each.add_argument("--chroma-url", metavar="URL", help="a chroma server for the index (default: a folder)")


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        return {"index": _index, "search": _search, "lint": _lint}[args.does](args, chosen, style_for(sys.stdout))
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


def _index(args: argparse.Namespace, chosen: Settings, style: Style) -> int:
    here = runbooks_here(chosen)
    for folder in args.folders:
        if not folder.is_dir():
            raise ToolFailed(f"{folder} is no folder: give one that holds runbooks, or unpack the checkout there.")
    if args.forget and not here.forget(args.forget):
        raise ToolFailed(f"{args.forget} was not remembered: `steersman runbooks index` shows the folders.")
    here.remember(args.folders)
    change = here.refresh()
    method = here.method()
    if args.output == "json":
        told = {
            "folders": [str(folder) for folder in here.folders()], "documents": here.count(), "changed": change.documents,
            "removed": change.removed, "pieces": change.pieces, "seconds": round(change.seconds, 3),
            "rebuilt": change.rebuilt or None, "method": method,
        }  # fmt: skip
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    if change.rebuilt:
        print(f"The index could not be read ({change.rebuilt}), so it was built anew.")
    print(
        f"{style.good('indexed')} {here.count()} runbooks, {change.pieces} passages: "
        f"{change.documents} new or changed, {change.removed} gone ({change.seconds:.1f} s)"
    )
    for folder in here.folders():
        print(f"   {folder}{'' if folder.is_dir() else style.bad('  is not there any more')}")
    print(style.dim(f"   searched by {method}"))
    return 0


def _search(args: argparse.Namespace, chosen: Settings, style: Style) -> int:
    answer = runbooks_here(chosen).find(" ".join(args.text), max(1, args.most))
    today = datetime.now(UTC).date()
    if args.output == "json":
        hits = [
            {**hit.model_dump(mode="json"), "place": hit.citation.place, "age": hit.citation.age(today)}
            for hit in answer.hits
        ]
        print(
            json.dumps(
                {"query": " ".join(args.text), "method": answer.method, "hits": hits}, indent=2, ensure_ascii=False
            )
        )
        return 0
    if not answer.hits:
        print("No runbook speaks of that.")
    for number, hit in enumerate(answer.hits, 1):
        print(f"{number}. {style.bold(hit.citation.title)}  {style.dim(f'{hit.score:.2f}')}")
        for line in hit.text.splitlines()[:6]:
            print(textwrap.shorten(f"   {line}", 140, placeholder=" ...") if len(line) > 137 else f"   {line}")
        print(f"   {style.dim(hit.citation.words(today))}")
    print(style.dim(f"searched by {answer.method}"))
    return 0


def _lint(args: argparse.Namespace, chosen: Settings, style: Style) -> int:
    from . import COMMANDS  # noqa: PLC0415  the table of this package, which is loading us

    found, count = runbooks_here(chosen).lint(args.folders, FAULTS, COMMANDS, datetime.now(UTC).date())
    if args.output == "json":
        print(
            json.dumps({"documents": count, "problems": [p.model_dump() for p in found]}, indent=2, ensure_ascii=False)
        )
    else:
        for problem in found:
            print(problem)
        word = style.bad(f"{len(found)} problems") if found else style.good("nothing wrong")
        print(f"{word} in {count} runbooks")
    return 2 if found else 0
