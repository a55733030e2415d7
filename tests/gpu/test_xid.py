"""The catalogue of errors agrees with the official actions, and bursts are read as the rules say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steersman_tools.gpu import xid
from steersman_tools.testing import NOW

OFFICIAL = {
    "RESTART_APP": "8 11 25 32 69 80 13 31 39-41 68 70-72 75-77 82-86 88 89 96-105 126-135 139 94",
    "IGNORE": "37 38 44 66 67 43 63 92 121 137 157 160-161",
    "WORKFLOW_XID_45": "45",
    "RESET_GPU": "46 62 64 95 109 110 119 120 136 140 143 155 156 158",
    "WORKFLOW_XID_48": "48",
    "CHECK_MECHANICALS": "54",
    "WORKFLOW_NVLINK_ERR": "74",
    "UPDATE_SWFW": "78",
    "RESTART_BM": "79",
    "WORKFLOW_NVLINK5_ERR": "144-150",
    "RESTART_VM": "151",
    "XID_154": "154",
    "CHECK_UVM": "159",
    "NO_BUCKET": "162-170",
}
"""NVIDIA's catalogue, Ampere and newer: the immediate action of every code, written down here a second time."""


def codes(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def test_every_official_action_is_the_catalogues() -> None:
    """100 % agreement: no code more, none less, none with another action."""
    official = {code: action for action, text in OFFICIAL.items() for code in codes(text)}
    assert {code: entry.action for code, entry in xid.catalogue().items()} == official


@pytest.mark.parametrize("code", [13, 31, 43, 45, 63, 68, 109])
def test_disagreements_are_shown(code: int) -> None:
    """Where the device plugin or a cloud says otherwise, the entry says so."""
    assert xid.look_up(code).differs


def test_what_the_plugin_ignores_is_known() -> None:
    """The plugin's default list, so that 'still schedulable' is no sign of health for these."""
    assert [c for c in xid.catalogue() if xid.ignored_by_plugin(c)] == [13, 31, 68, 43, 45, 109]
    assert xid.fatal_on_eks(109)


def test_an_unknown_code_asks_for_a_person() -> None:
    """What the table lacks is unknown, never harmless."""
    entry = xid.look_up(999)
    assert (entry.known, entry.remedy, entry.scope) == (False, "person", "gpu")


def test_kernel_lines_are_read() -> None:
    """The kernel's form gives the code and the PCI address; other lines give nothing."""
    seen = xid.read_line("NVRM: Xid (PCI:0000:5a:00): 79, GPU has fallen off the bus.")
    assert seen is not None
    assert (seen.code, seen.pci) == (79, "0000:5a:00")
    assert xid.read_line("NVRM: loading NVIDIA UNIX x86_64 Kernel Module") is None


TOLD = "GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)"


@pytest.mark.parametrize(
    ("errors", "recovery", "root", "remedy"),
    [
        ([(119, 0), (45, 1)], None, 119, "reset-gpu"),  # 45 follows
        ([(45, 0), (94, 1)], None, 94, "restart-app"),  # even where it is seen first
        ([(45, 0)], None, 45, "person"),  # alone it is all there is
        ([(13, 0), (79, 2)], None, 79, "reboot-node"),  # the fatal one is the root
        ([(48, 0), (79, 20)], None, 79, "reboot-node"),  # another incident, twenty minutes later
        ([(95, 0)], 2, 95, "reboot-node"),  # NVML's verdict overrides the table
        ([(79, 0)], 0, 79, "reboot-node"),  # no verdict overrides nothing
    ],
)
def test_bursts(errors: list[tuple[int, int]], recovery: int | None, root: int, remedy: str) -> None:
    """The root is the first fatal error of the latest burst; consequences never are; the driver's verdict decides."""
    judged = xid.judge([xid.Seen(code=c, at=NOW + timedelta(minutes=m)) for c, m in errors], recovery)
    assert judged is not None
    assert (judged.root.code, judged.remedy) == (root, remedy)


def test_the_drivers_words_decide() -> None:
    """XID 154's text overrides the official action of the error that it accompanies."""
    judged = xid.judge([xid.Seen(code=119, at=NOW), xid.Seen(code=154, at=NOW, text=TOLD)])
    assert judged is not None
    assert (judged.root.code, judged.action, judged.remedy) == (119, "RESTART_BM", "reboot-node")
    assert judged.verdict is not None
    assert judged.verdict.text == "Node Reboot Required"
