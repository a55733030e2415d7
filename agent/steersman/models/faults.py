"""What went wrong with an endpoint, in one sentence, whatever the SDK raised: judged by what an exception says of itself."""

from __future__ import annotations

from .base import ModelFailed


class Transient(ModelFailed):
    """The endpoint failed. `passing` says whether asking again soon may help."""

    def __init__(self, text: str, status: int = 0, wait: float = 0.0, *, passing: bool = False) -> None:
        super().__init__(text)
        self.status, self.wait, self.passing = status, wait, passing


def explained(error: Exception) -> Transient:
    """The failure that the exception stands for."""
    if isinstance(error, Transient):
        return error
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _status(status, error)
    name = type(error).__name__
    if "Timeout" in name:
        return Transient("it did not answer in time")
    if "Connection" in name or "Protocol" in name:
        return Transient("it cannot be reached, or hung up in the middle of an answer", passing=True)
    return Transient(f"its answer could not be read ({name})")


def _status(status: int, error: Exception) -> Transient:
    if status in (401, 403):
        return Transient(f"it refuses the key (HTTP {status}); set STEERSMAN_MODEL_KEY", status)
    if status == 404:
        return Transient("it knows no such model or path (HTTP 404); check STEERSMAN_MODEL_NAME and _URL", status)
    if status == 429:
        return Transient("it is over its rate limit (HTTP 429)", status, _wait(error), passing=True)
    if status >= 500:
        return Transient(f"it failed (HTTP {status})", status, _wait(error), passing=True)
    return Transient(f"it refuses the request (HTTP {status})", status)


def _wait(error: Exception) -> float:
    """The seconds after which the server wants to be asked again; 0 when it does not say."""
    response = getattr(error, "response", None)
    given = response.headers.get("retry-after", "") if response is not None else ""
    return min(float(given), 5.0) if str(given).replace(".", "", 1).isdigit() else 0.0
