"""Gives each observation its number, once: the same look cited twice is one piece of evidence."""

from __future__ import annotations

from collections.abc import Iterable

from steersman_tools.types import Evidence, Observation


class Ledger:
    """Numbers observations in the order in which they are cited."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Evidence] = {}

    def cite(self, observations: Iterable[Observation]) -> tuple[str, ...]:
        """The numbers of the observations."""
        return tuple(dict.fromkeys(self._enter(observation).id for observation in observations))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        return tuple(self._found.values())

    def _enter(self, observation: Observation) -> Evidence:
        key = (observation.call, observation.text)
        if key not in self._found:
            self._found[key] = Evidence(id=f"E{len(self._found) + 1}", **observation.model_dump())
        return self._found[key]
