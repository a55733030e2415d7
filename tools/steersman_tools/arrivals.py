"""Waits for what an action brings about outside of the API: a machine that is rebooted, a device that is reset."""

from __future__ import annotations

from .actions import Action, Unfit
from .clock import Clock
from .types import Ref, ToolFailed
from .writer import Busy, Refused, Writer

PAUSE_SECONDS = 2.0


class Late(ToolFailed):
    """What was asked for has not come about in time. The catcher takes back what it can and tells a person."""


async def arrival(writer: Writer, action: Action, watched: Ref, clock: Clock) -> None:
    """Returns when the awaited object shows that it is done. Raises Late, and Refused where it never will be."""
    patience, settling = action.patience, action.settling
    while True:
        try:
            seen = await writer.read(watched)
        except Busy:
            seen = None  # an API server on a machine that restarts
        try:
            if seen is not None and action.arrived(seen):
                return
        except Unfit as error:
            raise Refused(str(error)) from error
        if patience <= 0 or settling <= 0:
            what = "is not back" if settling > 0 else "has been through it and is not what it should be"
            raise Late(f"{watched} {what} after {action.patience - patience:.0f} s: a person must look at the machine.")
        await clock.sleep(PAUSE_SECONDS)
        patience -= PAUSE_SECONDS
        if seen is not None and action.happened(seen):
            settling -= PAUSE_SECONDS
