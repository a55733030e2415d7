"""Text that others wrote, made fit for a reader that might obey it: no control characters, no imitation of our own marks, fenced."""

from __future__ import annotations

import re
import unicodedata

OPEN, CLOSE = "<<<", ">>>"
_TEMPLATE = re.compile(
    r"<\|[^|>]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?(?:tool_call|tool_response|system|assistant|user|im_start|im_end)>|`{3,}",
    re.I,
)
"""Marks of chat templates: in data they are noise, to a model they may be the end of the data."""


def plain(text: str) -> str:
    """The text without control and invisible characters, and without marks that a model could take for structure."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs"))
    kept = _TEMPLATE.sub("·", kept)
    return kept.replace(OPEN, "‹‹‹").replace(CLOSE, "›››")


_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|previous|above|polic|approval|gate|finding|evidence)"
    r"|\b(?:system|assistant|developer|human|user|admin)\s*(?:prompt|message|note|override|instruction)?\s*[:>\]]\s*\S"
    r"|\b(?:you are|act as|pretend to be|you must|you should|you will|your (?:new )?(?:task|instructions?|role|job))\b"
    r"|\b(?:ai|llm|language model|chatgpt|claude|gpt|copilot|agent|steersman|assistant|model)\b.{0,40}"
    r"\b(?:must|should|shall|please|need to|have to|is to|do|call|run|execute|say|reply|report|print|answer)\b"
    r"|\b(?:call|use|invoke)\s+(?:the\s+)?(?:tool|function|propose_plan|kubectl)\b"
    r"|\b(?:respond|reply|answer|output|print|repeat|reveal|exfiltrate)\b.{0,30}\b(?:only|with|secret|token|password|key|prompt|json|exactly)\b"
    r"|\b(?:new|important|urgent|critical|hidden|secret)\s+(?:instruction|order|directive|notice|task)s?\b"
    r"|\"(?:name|tool|function)\"\s*:\s*\"\w+\"\s*,\s*\"(?:arguments|parameters|args)\""
    r"|忽略.{0,12}(?:指令|指示|规则|以上|之前)|你(?:必须|现在是|应该)|(?:系统|助手|模型|智能体)[:：]|请(?:立即)?(?:执行|删除|输出|调用|泄露)",
    re.I,
)
LEFT_OUT = "(a line that speaks to its reader like an instruction was left out)"


def orders(text: str) -> list[str]:
    """The lines that speak to their reader like an instruction. A guess: what it misses must do no harm either."""
    return [line for line in plain(text).splitlines() if _ORDER.search(line)]


def defused(text: str) -> str:
    """Plain text without such lines: for a reader that might obey them. People and the engine are shown the text as it is."""
    return "\n".join(LEFT_OUT if _ORDER.search(line) else line for line in plain(text).splitlines())


def fenced(label: str, text: str) -> str:
    """The text between marks that it cannot contain: `<<<label` ... `>>>`."""
    return f"{OPEN}{label}\n{plain(text)}\n{CLOSE}"
