"""A model's answer before anybody sees it, and the checks that it must pass: it cites what exists, and says what that holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pydantic import BaseModel, ConfigDict

from steersman_tools.untrusted import orders, plain

from ..explanation import Explanation, Sentence
from ..models.reading import Unfit
from .case import Case
from .matter import outline, pack

LONGEST = 400
MOST_SENTENCES, MOST_HYPOTHESES = 6, 2
TIE = 0.1
"""Causes whose confidences are this near may be put in another order by a model; the engine's order holds otherwise."""

_WEB = re.compile(r"\w+://|\bwww\.|\]\(|<img|\bmailto:", re.I)
_COMMAND = re.compile(
    r"\b(?:kubectl|oc|helm)\s+(?!get\b|describe\b|logs\b|top\b|explain\b)\w+|\b(?:curl|wget|sudo|rm|chmod|ssh|bash|eval|base64)\s+\S|[|;]\s*(?:ba)?sh\b",
    re.I,
)
_DENIAL = re.compile(
    r"\b(?:nothing|no(?: real)? (?:problem|issue|incident)s?)\b[^.]{0,30}\b(?:wrong|found|exists?|here|present)\b"
    r"|\b(?:everything|all|the (?:cluster|system)) (?:is|are|looks?) (?:well|fine|healthy|ok|okay|normal)\b|false alarm|一切正常|没有问题",
    re.I,
)
_CHANGE = re.compile(
    r"\b(scal|restart|roll(?:ing|ed)?[ -]?back|drain|cordon|delet|remov|evict|patch|appl|edit|increas|decreas|reduc|add|set|chang|updat"
    r"|disabl|approv)(?:e|es|ed|ing|y|ies|ied|ting|s)?\b",
    re.I,
)
"""Stems of changes: what should be done is what the engine advises, and nothing else."""
_SPECIFIC = re.compile(r"[A-Za-z0-9][\w./:@%-]*[\w%]|\d")


class Said(BaseModel):
    """A sentence as a model gives it: what it rests on, then what it says."""

    model_config = ConfigDict(extra="forbid")

    cites: list[str]
    text: str


class Draft(BaseModel):
    """An answer as a model gives it."""

    model_config = ConfigDict(extra="ignore")

    sentences: list[Said]
    order: list[int]
    hypotheses: list[Said]


def checked(draft: Draft, case: Case) -> Explanation:
    """The explanation, as far as it holds. Raises Unfit with what is to be mended."""
    if not draft.sentences:
        raise Unfit("sentences is empty")
    if len(draft.sentences) > MOST_SENTENCES or len(draft.hypotheses) > MOST_HYPOTHESES:
        raise Unfit(f"at most {MOST_SENTENCES} sentences and {MOST_HYPOTHESES} hypotheses")
    seen = {e.id: case.shown(f"{e.call}\n{e.text}") for e in pack(case)}
    told = outline(case)
    sentences = tuple(_sentence(s, seen, told, case) for s in draft.sentences)
    hypotheses = tuple(_sentence(s, seen, told, case) for s in draft.hypotheses if s.text.strip())
    causes = case.diagnosis.causes
    if causes:
        first = set(causes[0].cites) & set(seen)
        if first and not first & {c for s in sentences for c in s.cites}:
            raise Unfit(f"no sentence is about the engine's first cause; cite one of {', '.join(sorted(first))}")
    return Explanation(
        sentences=sentences,
        order=_order(draft.order, case),
        hypotheses=hypotheses,
        evidence=tuple(case.found),
    )


def _sentence(said: Said, seen: Mapping[str, str], told: str, case: Case) -> Sentence:
    text = " ".join(plain(said.text).split())
    cites = tuple(dict.fromkeys(c.strip("[]() ") for c in said.cites))
    unknown = [c for c in cites if c not in seen]
    if unknown or not cites:
        raise Unfit(
            f"'{text[:60]}' cites {', '.join(unknown) or 'nothing'}; cite only {', '.join(seen) or 'nothing: there is none'}"
        )
    ground = f"{told}\n" + "\n".join(seen[c] for c in cites)
    if not text or len(text) > LONGEST:
        raise Unfit(f"a sentence has {len(text)} characters; say it in 10 to {LONGEST}")
    if _WEB.search(text) or _COMMAND.search(text):
        raise Unfit(f"'{text[:60]}' holds a web address or a command; say facts only")
    if case.diagnosis.causes and _DENIAL.search(text):
        raise Unfit(f"'{text[:60]}' denies what the engine found")
    if orders(text):
        raise Unfit(f"'{text[:60]}' speaks like an instruction; say facts only")
    stems = {m[1].lower() for m in _CHANGE.finditer(text)}
    if foreign := sorted(stem for stem in stems if stem not in ground.lower()):
        raise Unfit(f"'{text[:60]}' speaks of a change ({foreign[0]}...) that the engine does not advise; leave it out")
    if case.vault.hide(text) != text:
        raise Unfit(f"'{text[:40]}' holds something that must stay hidden")
    if strange := _strange(text, ground):
        raise Unfit(
            f"'{text[:60]}': {', '.join(strange)} stands neither in {', '.join(cites)} nor in the diagnosis; copy exactly"
        )
    return Sentence(text=case.vault.reveal(text), cites=cites)


def _strange(text: str, ground: str) -> list[str]:
    """Names and numbers of the text that its ground does not hold: what a model made up."""
    low = ground.lower()
    found = []
    for word in _SPECIFIC.findall(text):
        core = word.strip(".:,/").lower()
        if not _specific(core) or core in low or core.rstrip("%s") in low:
            continue
        parts = [p for p in re.split(r"[/:@]", core) if p]
        if len(parts) > 1 and all(p in low for p in parts):
            continue
        found.append(word)
    return found[:4]


def _specific(word: str) -> bool:
    """Whether a word names something: it has a digit, or an inner mark of a name."""
    if re.fullmatch(r"e\d+", word) or re.fullmatch(r"\d", word):
        return False  # an id of evidence, or a small count
    if re.fullmatch(r"\d{1,3}%", word):
        return True
    return bool(re.search(r"\d", word) or re.search(r"\w[_/@:]\w|\w\.\w{2,}", word))


def _order(given: Collection[int], case: Case) -> tuple[int, ...]:
    """All ranks of the engine, in the model's order where the engine is nearly undecided, else in the engine's.

    Numbers that are no cause's are passed over: they order nothing, and small models keep to them through every correction.
    """
    causes = case.diagnosis.causes
    ranks = [c.rank for c in causes]
    wish = {rank: at for at, rank in enumerate(dict.fromkeys(n for n in given if n in ranks))}
    ordered = list(causes)
    for _ in ordered:  # neighbours change places only where the engine is nearly undecided
        for at in range(len(ordered) - 1):
            one, two = ordered[at], ordered[at + 1]
            later = wish.get(one.rank, len(wish)) > wish.get(two.rank, len(wish))
            if later and abs(one.confidence - two.confidence) < TIE:
                ordered[at], ordered[at + 1] = two, one
    return tuple(c.rank for c in ordered)
