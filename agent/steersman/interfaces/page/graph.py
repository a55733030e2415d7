"""Causes as a drawing: from what is wrong, along what it breaks, to what people complain about. Layout here, ink in the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from steersman_tools.types import Ref

from ...types import Cause, Diagnosis

WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE = 190, 46, 70, 16, 8
MOST = 40
"""Boxes; a diagnosis with more is shown with its first causes."""


@dataclass(frozen=True, slots=True)
class Box:
    """One thing in the drawing, at its upper left corner."""

    ref: Ref
    role: Literal["cause", "between", "symptom"]
    x: int
    y: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another: a path of SVG, and the words for those who cannot see it."""

    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it, with its size."""

    boxes: tuple[Box, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    width: int = 0
    height: int = 0
    left_out: int = 0


def draw(diagnosis: Diagnosis) -> Drawing:
    """The drawing of a diagnosis; empty where nothing is wrong."""
    chosen = _chosen(diagnosis.causes)
    edges = list(dict.fromkeys(edge for cause in chosen for edge in _edges(cause)))
    nodes = list(dict.fromkeys([*(c.entity for c in chosen), *(r for edge in edges for r in edge)]))
    if not nodes:
        return Drawing()
    columns = _columns(nodes, edges)
    causes, sources = {c.entity for c in chosen}, {a for a, _ in edges}
    rows: dict[int, int] = {}
    boxes: dict[Ref, Box] = {}
    for ref in nodes:
        column = columns[ref]
        row = rows[column] = rows.get(column, -1) + 1
        role: Literal["cause", "between", "symptom"] = (
            "cause" if ref in causes else "between" if ref in sources else "symptom"
        )
        x, y = EDGE + column * (WIDTH + GAP_X), EDGE + row * (HEIGHT + GAP_Y)
        boxes[ref] = Box(
            ref,
            role,
            x,
            y,
            _short(f"{ref.kind} in {ref.namespace}" if ref.namespace else ref.kind, 30),
            _short(ref.name, 24),
        )
    return Drawing(
        tuple(boxes.values()),
        tuple(Arrow(_curve(boxes[a], boxes[b]), f"{a} harms {b}") for a, b in edges),
        EDGE * 2 + (max(rows) + 1) * (WIDTH + GAP_X) - GAP_X,
        EDGE * 2 + (max(rows.values()) + 1) * (HEIGHT + GAP_Y) - GAP_Y,
        len(diagnosis.causes) - len(chosen),
    )


def _chosen(causes: Iterable[Cause]) -> list[Cause]:
    """As many as there is room for, the first ones."""
    chosen, seen = list[Cause](), set[Ref]()
    for cause in causes:
        more = {cause.entity, *cause.path, *cause.explains}
        if chosen and len(seen | more) > MOST:
            break
        chosen.append(cause)
        seen |= more
    return chosen


def _edges(cause: Cause) -> Iterable[tuple[Ref, Ref]]:
    path = [cause.entity, *(ref for ref in cause.path if ref != cause.entity)]
    yield from pairwise(path)
    yield from ((cause.entity, ref) for ref in cause.explains if ref not in path)


def _columns(nodes: list[Ref], edges: list[tuple[Ref, Ref]]) -> Mapping[Ref, int]:
    """The longest way to each from the left; a circle ends where it has gone round once."""
    columns = dict.fromkeys(nodes, 0)
    for _ in range(min(len(nodes), 8)):
        for a, b in edges:
            if columns[b] <= columns[a] < 8:
                columns[b] = columns[a] + 1
    used = sorted(set(columns.values()))
    return {ref: used.index(column) for ref, column in columns.items()}


def _curve(a: Box, b: Box) -> str:
    x1, y1, x2, y2 = a.x + WIDTH, a.y + HEIGHT // 2, b.x, b.y + HEIGHT // 2
    bend = max(30, abs(x2 - x1) // 2)
    return f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2 - 5},{y2}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
