"""What NVIDIA's error codes mean and what is to be done: the official table as data, and the rules for reading several at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Literal, TypeAlias

from ..types import Frozen

Family: TypeAlias = Literal[
    "application", "consequence", "ecc", "ecc-contained", "ecc-corrected", "gsp", "hardware", "lost", "nvlink", "power",
    "row-remap", "software", "verdict", "unknown",
]  # fmt: skip
Scope: TypeAlias = Literal["application", "gpu", "node", "nobody", "consequence"]
Remedy: TypeAlias = Literal["nothing", "restart-app", "reset-gpu", "reboot-node", "person"]
"""What an official action comes to for those who operate a cluster."""

BURST = timedelta(minutes=10)
"""Errors of one GPU that follow each other within this time belong to one incident."""

_REMEDIES: dict[str, Remedy] = {
    "IGNORE": "nothing",
    "RESTART_APP": "restart-app",
    "RESET_GPU": "reset-gpu",
    "WORKFLOW_XID_48": "reset-gpu",
    "RESET_FABRIC": "reset-gpu",
    "RESTART_BM": "reboot-node",
    "RESTART_VM": "reboot-node",
}
"""Everything else asks for a person: mechanics, support, links to decode, software to update."""
_LINE = re.compile(r"Xid \((?:PCI:)?(?P<pci>[0-9a-fA-F:.]+)\): (?P<code>\d+)(?:, (?P<text>.*))?")
_VERDICT = re.compile(r"recovery action changed from .* to .*\((?P<to>[^)]+)\)|\((?P<plain>[^()]+)\)\s*$", re.I)


class Xid(Frozen):
    """One code of the catalogue."""

    code: int
    meaning: str
    action: str
    """The official immediate action, in the catalogue's word."""
    recurs: str
    """The official investigatory action, for when it happens again."""
    family: Family
    scope: Scope
    note: str = ""
    differs: tuple[str, ...] = ()
    """What other sources say, where they disagree."""
    known: bool = True

    @property
    def remedy(self) -> Remedy:
        return _REMEDIES.get(self.action, "person")


class Verdict(Frozen):
    """What the driver itself says is needed (XID 154, NVML field 230)."""

    value: int
    text: str
    action: str

    @property
    def remedy(self) -> Remedy:
        return _REMEDIES.get(self.action, "person")


class Seen(Frozen):
    """One error of one GPU."""

    code: int
    at: datetime | None = None
    source: str = ""
    text: str = ""
    pci: str = ""


class Judged(Frozen):
    """What a burst of errors comes to."""

    root: Xid
    """The first that is neither a consequence nor the driver's verdict."""
    verdict: Verdict | None = None
    consequences: tuple[int, ...] = ()
    action: str
    """The official action that is in force: the driver's verdict where there is one."""
    remedy: Remedy


@lru_cache(maxsize=1)
def catalogue() -> dict[int, Xid]:
    """Every code of the official table."""
    table = _table()
    return {
        code: Xid(code=code, **{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items() if k != "codes"})
        for entry in table["xid"]
        for code in entry["codes"]
    }


@lru_cache(maxsize=1)
def verdicts() -> tuple[Verdict, ...]:
    """What the driver can ask for."""
    return tuple(Verdict(**entry) for entry in _table()["verdict"])


def look_up(code: int) -> Xid:
    """The entry of a code. A code that the table lacks is unknown, and unknown asks for a person."""
    return catalogue().get(code) or Xid(
        code=code,
        meaning="Not in the catalogue",
        action="CONTACT_SUPPORT",
        recurs="CONTACT_SUPPORT",
        family="unknown",
        scope="gpu",
        known=False,
    )


def ignored_by_plugin(code: int) -> bool:
    """Whether NVIDIA's device plugin ignores the code by default, so that the GPU stays schedulable."""
    return code in _table()["plugin"]["ignored"]


def fatal_on_eks(code: int) -> bool:
    """Whether EKS' node monitoring agent takes the code as fatal."""
    return code in _table()["eks"]["fatal"]


def read_line(line: str, at: datetime | None = None, source: str = "") -> Seen | None:
    """The error in a kernel's line, `NVRM: Xid (PCI:0000:5a:00): 79, GPU has fallen off the bus.`; None for other lines."""
    found = _LINE.search(line)
    if not found:
        return None
    return Seen(code=int(found["code"]), at=at, source=source, text=(found["text"] or "").strip(), pci=found["pci"])


def verdict_of(seen: Seen) -> Verdict | None:
    """The driver's verdict in the text of an XID 154."""
    if seen.code != 154:
        return None
    found = _VERDICT.search(seen.text)
    said = ((found["to"] or found["plain"]) if found else seen.text).strip().lower()
    ranked = sorted(verdicts(), key=lambda v: -len(v.text))
    return next((v for v in ranked if v.text.lower() in said), None)


def judge(errors: Iterable[Seen], recovery: int | None = None) -> Judged | None:
    """What the latest burst of one GPU's errors comes to; `recovery` is NVML's field 230. None without an error.

    The driver's verdict overrides every table. 45 is a consequence. Of the rest the first fatal one is the root, else the first.
    """
    burst = _latest_burst(sorted(errors, key=lambda e: e.at.timestamp() if e.at else 0.0))
    told = [v for e in burst if (v := verdict_of(e))]
    verdict = next((v for v in verdicts() if v.value == recovery), None) or (told[-1] if told else None)
    entries = [look_up(e.code) for e in burst]
    own = [x for x in entries if x.scope != "consequence"]
    if not entries:
        return None
    root = next((x for x in own if x.scope in ("gpu", "node")), own[0] if own else entries[0])
    heeded = verdict if verdict and verdict.value != 0 else None
    return Judged(
        root=root,
        verdict=verdict,
        consequences=tuple(dict.fromkeys(x.code for x in entries if x.code != root.code and x.code != 154)),
        action=heeded.action if heeded else root.action,
        remedy=heeded.remedy if heeded else root.remedy,
    )


def _latest_burst(errors: Sequence[Seen]) -> Sequence[Seen]:
    start = 0
    for index in range(1, len(errors)):
        before, after = errors[index - 1].at, errors[index].at
        if before and after and after - before > BURST:
            start = index
    return errors[start:]


@lru_cache(maxsize=1)
def _table() -> dict:  # type: ignore[type-arg]   # the file's own shape, checked as its entries become types
    return tomllib.loads(files(__package__).joinpath("xid.toml").read_text(encoding="utf-8"))
