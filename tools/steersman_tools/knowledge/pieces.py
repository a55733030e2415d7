"""Splits a document by heading, and long sections at paragraphs and list items, so that each part has one meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .front import split
from .marks import INLINE, anchor
from .types import Card, Piece, Section

WORDS = 45
"""Of one piece. With its title that is about as long as the embedder reads (minilm.LENGTH)."""


def parser() -> MarkdownIt:
    """The one dialect: CommonMark with tables."""
    return MarkdownIt("commonmark").enable("table")


@cache
def _blocks_alone() -> MarkdownIt:
    """The same without the marks inside a line, which nobody here asks for. Made once: making one takes longer than using it."""
    made = parser().disable(["inline", "text_join"])
    made.parse("a")  # it sorts its rules at its first use, and not safely if two threads come first
    return made


def sections(text: str) -> tuple[Section, ...]:
    """The text under each heading. A heading carries those above it, save the title: `Remedy > Roll back`."""
    _, body, before = split(text)
    lines = body.splitlines()
    heads = list(_headings(_blocks_alone().parse(body)))
    title = heads[0] if heads and heads[0].level == 1 else None
    bounds = [_Head(0, 0, ""), *heads, _Head(len(lines), 0, "")]
    found: list[Section] = []
    above: list[_Head] = []
    for here, after in pairwise(bounds):
        if here.text:
            above = [head for head in above if head.level < here.level] + [here]
        first = here.line + (here.height if here.text else 0)
        content = "\n".join(lines[first : after.line]).strip()
        path = " > ".join(head.text for head in above if head is not title)
        if content or path:
            found.append(
                Section(
                    heading=path, anchor=anchor(here.text) if path else "", text=content, line=before + here.line + 1
                )
            )
    return tuple(found)


@dataclass(frozen=True)
class _Head:
    line: int
    level: int
    text: str
    height: int = 1


def _headings(tokens: list[Token]) -> Iterator[_Head]:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.map and not token.level:
            text = INLINE.sub(r"\1", inline.content).strip()
            yield _Head(token.map[0], int(token.tag[1]), text, token.map[1] - token.map[0])


@dataclass
class _Part:
    """A piece in the making."""

    texts: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)

    @property
    def words(self) -> int:
        return sum(len(text.split()) for text in self.prose)


def key(root: str, file: str, number: int) -> str:
    """The id of a document's piece."""
    return f"{root}/{file}#{number}"


def pieces(card: Card, found: tuple[Section, ...]) -> tuple[Piece, ...]:
    """What is indexed of a document: first what it is about, then the parts of its sections."""
    said = ". ".join(filter(None, [card.about, "; ".join(card.keywords)]))
    made = [_piece(card, 0, Section(heading="", anchor="", text=said or card.title, line=1), said or card.title, said)]
    for sentence in card.told:
        made.append(_told(card, len(made), sentence))
    for section in found:
        for part in _parts(section.text):
            text = "\n\n".join(part.texts)
            made.append(_piece(card, len(made), section, text, " ".join(part.prose)))
    return tuple(made)


def _piece(card: Card, number: int, section: Section, text: str, prose: str) -> Piece:
    return Piece(
        id=key(card.root, card.file, number),
        file=card.file,
        root=card.root,
        heading=section.heading,
        anchor=section.anchor,
        text=text,
        meaning=f"{card.title}. {prose}" if prose else f"{card.title}. {section.heading}",
    )


def _told(card: Card, number: int, sentence: str) -> Piece:
    """A sentence as people say it. It is compared with what people say, so nothing else is mixed into its vector."""
    return Piece(
        id=key(card.root, card.file, number),
        file=card.file,
        root=card.root,
        heading="",
        anchor="",
        text=sentence,
        meaning=sentence,
    )


def _parts(text: str) -> Iterator[_Part]:
    part = _Part()
    for block, code in _blocks(text):
        prose = "" if code else plain(block)
        if part.texts and part.words + len(prose.split()) > WORDS:
            yield part
            part = _Part()
        part.texts.append(block)
        if prose:
            part.prose.append(prose)
    if part.texts:
        yield part


def _blocks(text: str) -> Iterator[tuple[str, bool]]:
    """The paragraphs, list items and code blocks, and which of them is code."""
    lines = text.splitlines()
    leaves = {"paragraph_open", "fence", "code_block", "html_block", "tr_open"}
    for token in _blocks_alone().parse(text):
        if token.type in leaves and token.map:
            yield "\n".join(lines[token.map[0] : token.map[1]]).strip(), token.type in ("fence", "code_block")


def plain(text: str) -> str:
    """The words of a piece of Markdown, without its marks."""
    return " ".join(
        re.sub(r"^\s*(?:[-*+>|]|\d+[.)])\s+", "", INLINE.sub(r"\1", text), flags=re.MULTILINE).replace("|", " ").split()
    )
