"""A curve drawn with characters: what was, what is expected with its interval, and the limit."""

from __future__ import annotations

from ..outlook import Curve

HEIGHT = 14
_MARKS = {"past": "braille", "ahead": "braille", "interval": "dot"}


def drawing(curve: Curve, scale: float, width: int, colours: bool) -> list[str]:  # noqa: FBT001  a property of the terminal
    """The lines of the drawing. Minutes from now run along, values go up."""
    import plotext  # type: ignore[import-untyped]  # noqa: PLC0415  it has no types; JSON does not need it

    now = curve.past[-1].at if curve.past else curve.ahead[0].at
    before = [(point.at - now).total_seconds() / 60 for point in curve.past]
    after = [(point.at - now).total_seconds() / 60 for point in curve.ahead]
    plotext.clear_figure()
    plotext.plotsize(width, HEIGHT)
    plotext.theme("clear")
    if before:
        plotext.plot(before, [point.value / scale for point in curve.past], marker=_MARKS["past"], label="was")
    plotext.plot(after, [p.lower / scale for p in curve.ahead], marker=_MARKS["interval"], label="80 %")
    plotext.plot(after, [p.upper / scale for p in curve.ahead], marker=_MARKS["interval"])
    plotext.plot(after, [p.middle / scale for p in curve.ahead], marker=_MARKS["ahead"], label="expected")
    if curve.limit is not None:
        plotext.hline(curve.limit / scale)
    plotext.xlabel("minutes from now")
    text = str(plotext.build())
    return (text if colours else str(plotext.uncolorize(text))).splitlines()
