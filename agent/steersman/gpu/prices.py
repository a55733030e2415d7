"""What accelerators cost and emit: a table that the user sets."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from steersman_tools.types import Frozen, ToolFailed


class Accelerator(Frozen):
    """One model: money an hour, watts when idle and at its limit."""

    model: str
    hour: float
    idle_watts: float
    limit_watts: float


class Carbon(Frozen):
    zone: str
    grams: float


class Prices(Frozen):
    """The whole table."""

    currency: str
    electricity: float
    pue: float
    share_of_node: float
    accelerator: tuple[Accelerator, ...]
    carbon: tuple[Carbon, ...]
    source: str = "the built-in examples"

    def of(self, model: str) -> Accelerator:
        """The entry for a model's name."""
        return next((a for a in self.accelerator if a.model.lower() in model.lower()), self.accelerator[-1])

    def grams(self, zone: str) -> float:
        """Grams of CO2 for each kWh in a zone."""
        return next((c.grams for c in self.carbon if zone.startswith(c.zone)), self.carbon[-1].grams)


def prices(path: Path | None = None) -> Prices:
    """The user's table, or the built-in examples. Raises ToolFailed where the file cannot be used."""
    try:
        text = (
            path.read_text(encoding="utf-8") if path else files(__package__).joinpath("prices.toml").read_text("utf-8")
        )
        raw = tomllib.loads(text)
        return Prices.model_validate({**raw, "source": str(path) if path else "the built-in examples"})
    except OSError as error:
        raise ToolFailed(
            f"{path} cannot be read ({error.strerror}): give --prices a file like the built-in table."
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ToolFailed(f"{path} is no table of prices: {str(error).splitlines()[0]}.") from error
