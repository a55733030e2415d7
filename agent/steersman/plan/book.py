"""The playbooks by the fault that they are for. A playbook is a function that proposes drafts, the best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ..faults import Fault
from .site import Draft, Site

Playbook: TypeAlias = Callable[[Site], Iterator[Draft]]

BOOK: dict[str, list[Playbook]] = {}


def playbook(*faults: Fault) -> Callable[[Playbook], Playbook]:
    """Enters a function into the book."""

    def enter(function: Playbook) -> Playbook:
        for fault in faults:
            BOOK.setdefault(fault, []).append(function)
        return function

    return enter
