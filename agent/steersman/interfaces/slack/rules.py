"""Slack's limits on messages, as https://docs.slack.dev/reference/block-kit/ states them; what breaks one is `invalid_blocks`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

BLOCKS, SECTION, BUTTON, VALUE, ACTION_ID, ELEMENTS, CONTEXT, TEXT = 50, 3000, 75, 2000, 255, 25, 10, 40_000
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def flaws(message: dict[str, Any]) -> list[str]:
    """What Slack would refuse the message for; empty: nothing."""
    return list(_message(message))


def _message(message: dict[str, Any]) -> Iterator[str]:
    text, blocks = message.get("text") or "", message.get("blocks") or []
    if not text:
        yield "no text: notifications and screen readers would get nothing"
    if len(text) > TEXT:
        yield "text is too long"
    if len(blocks) > BLOCKS:
        yield f"{len(blocks)} blocks; {BLOCKS} are allowed"
    ids = [b["block_id"] for b in blocks if "block_id" in b]
    if len(ids) != len(set(ids)):
        yield "block_id is not unique"
    for number, block in enumerate(blocks):
        yield from (f"block {number}: {wrong}" for wrong in _block(block))


def _block(block: dict[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "section":
            if not 1 <= len(block.get("text", {}).get("text", "")) <= SECTION:
                yield f"a section holds 1 to {SECTION} characters"
            if block.get("text", {}).get("type") not in ("mrkdwn", "plain_text"):
                yield "the text has no type"
        case "actions":
            elements = block.get("elements", [])
            if not 1 <= len(elements) <= ELEMENTS:
                yield f"actions hold 1 to {ELEMENTS} elements"
            if len({e.get("action_id") for e in elements}) != len(elements):
                yield "action_id is not unique in its block"
            for element in elements:
                yield from _button(element)
        case "context":
            if not 1 <= len(block.get("elements", [])) <= CONTEXT:
                yield f"a context holds 1 to {CONTEXT} elements"
        case "divider":
            return
        case other:
            yield f"type {other!r} is unknown"


def _button(button: dict[str, Any]) -> Iterator[str]:
    text = button.get("text", {})
    if (
        button.get("type") != "button"
        or text.get("type") != "plain_text"
        or not 1 <= len(text.get("text", "")) <= BUTTON
    ):
        yield f"a button has a plain text of 1 to {BUTTON} characters"
    if not 1 <= len(button.get("action_id", "")) <= ACTION_ID or len(button.get("value", "")) > VALUE:
        yield "action_id or value is too long"
    if button.get("style", "primary") not in ("primary", "danger"):
        yield "style is primary or danger"
    for part, most in CONFIRM.items():
        if "confirm" in button and not 1 <= len(button["confirm"].get(part, {}).get("text", "")) <= most:
            yield f"confirm.{part} holds 1 to {most} characters"
