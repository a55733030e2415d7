"""A request as a row of tokens: names of the cluster, concepts of the lexicon, numbers, and what is left."""

from __future__ import annotations

import re
from dataclasses import dataclass

from steersman_tools.types import Ref

from .lexicon import CHINESE, Concept, joined, lexicon, normal, pieces
from .names import Names

_NAME_YIELDS = frozenset({"change", "ask", "negation", "amount", "number"})
"""A thing may bear the name of a common word; of these rooms, the common word is meant."""


@dataclass(frozen=True, slots=True)
class Token:
    """One meaning of the request."""

    text: str
    concept: Concept | None = None
    refs: tuple[Ref, ...] = ()
    number: int | None = None

    def is_(self, room: str, name: str = "") -> bool:
        return self.concept is not None and self.concept.room == room and name in ("", self.concept.name)


def scan(text: str, names: Names) -> list[Token]:
    """The tokens in their order."""
    words = pieces(_unquoted(normal(text)))
    known = lexicon()
    tokens: list[Token] = []
    at = 0
    while at < len(words):
        for length in range(min(known.longest, len(words) - at), 0, -1):
            phrase = joined(words[at : at + length])
            concept = known.phrases.get(phrase)
            refs = names.called(words[at]) if length == 1 else ()
            if refs and not (concept and concept.room in _NAME_YIELDS):
                tokens.append(Token(phrase, refs=refs))
                break
            if concept:
                number = int(concept.name) if concept.room == "number" else None
                tokens.append(Token(phrase, concept, number=number))
                break
        else:
            length = 1
            tokens.append(_other(words[at]))
        at += length
    return _merged(tokens)


def _other(word: str) -> Token:
    if re.fullmatch(r"[+-]?\d+", word):
        return Token(word, Concept("number", ""), number=int(word))
    if counted := re.fullmatch(r"x?(\d+)x?", word):
        return Token(word, Concept("number", ""), number=int(counted[1]))
    return Token(word)


def _merged(tokens: list[Token]) -> list[Token]:
    """Neighbouring Chinese characters that mean nothing alone are one word that means nothing."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if last and _nothing(last) and _nothing(token) and CHINESE.match(last.text) and CHINESE.match(token.text):
            found[-1] = Token(last.text + token.text)
        else:
            found.append(token)
    return found


def _nothing(token: Token) -> bool:
    return token.concept is None and not token.refs and token.number is None


def _unquoted(text: str) -> str:
    return re.sub(r"[\"“”`「」『』]|'s\b", " ", text)
