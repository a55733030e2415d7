"""Command lines of kubectl as values: what was asked for, and whether the answer shows all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .words import ALL, kind_named

_TOKEN = re.compile(r"""\|\||&&|[|;]|(?:[^\s"'|;&]|"(?:[^"\\]|\\.)*"|'[^']*'|&(?!&))+""")
_PROGRAMS = {"kubectl", "k", "kc", "oc", "kubecolor", "kubectl.exe"}
_WRAPPERS = {"sudo", "time", "watch", "minikube", "microk8s", "k3s", "rke2", "--", "+", "nohup"}
_VALUED = {
    "-n": "namespace", "--namespace": "namespace", "-o": "output", "--output": "output", "-l": "selector",
    "--selector": "selector", "--field-selector": "selector", "--for": "selector", "-c": "container",
    "--container": "container", "-f": "filename", "--filename": "filename", "-L": "", "--label-columns": "",
    "--context": "", "--cluster": "", "--user": "", "--kubeconfig": "", "--sort-by": "", "--tail": "", "--since": "",
    "--since-time": "", "--request-timeout": "", "-s": "", "--server": "", "--token": "", "--as": "", "--as-group": "",
    "--chunk-size": "", "--limit-bytes": "", "--max-log-requests": "", "--template": "", "-v": "", "--types": "types",
}  # fmt: skip
_SWITCHES = {
    "-A": "everywhere", "--all-namespaces": "everywhere", "--no-headers": "bare", "-p": "previous",
    "--previous": "previous", "-w": "watch", "--watch": "watch",
}  # fmt: skip
_HARMLESS = {"cat", "less", "more", "tee", "sort", "column", "bat", "ccze"}


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a command names: a kind, or one object of it. `word` is what the person typed for the kind."""

    kind: str
    name: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """What was asked of kubectl; a verb that tells nothing about objects is kept as it is."""

    verb: str
    targets: tuple[Target, ...] = ()
    namespace: str | None = None
    """None: the one of the context, whatever that is."""
    everywhere: bool = False
    output: str = ""
    """`wide`, `yaml`, `json`, `name` or what else was asked for, without its template."""
    selective: bool = False
    """Whether a selector leaves objects out."""
    cut: bool = False
    """Whether a pipe may have dropped lines."""
    bare: bool = False
    """Whether the header was left out on purpose."""
    container: str = ""
    previous: bool = False

    def lists(self, target: Target) -> bool:
        """Whether the answer shows all objects of the target's kind in the namespace."""
        return self.verb in ("get", "describe") and not (target.name or self.selective or self.cut)


@dataclass(slots=True)
class _Read:
    words: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)


def parse(line: str) -> Command | None:
    """The command; None where the line runs no kubectl."""
    tokens = [_unquoted(t) for t in _TOKEN.findall(line)] if _needs_care(line) else line.split()
    tokens, pipes = _piped(tokens)
    arguments = _arguments(tokens)
    if arguments is None:
        return None
    if arguments[:1] == ["kubens"]:
        return Command("namespace", namespace=arguments[1] if len(arguments) > 1 else None)
    read = _options(arguments)
    verb = read.words[0] if read.words else ""
    if verb == "config" and "set-context" in read.words and "namespace" in read.values:
        return Command("namespace", namespace=read.values["namespace"])
    return Command(
        verb,
        _events_for(read) if verb == "events" else _targets(read.words[1:], verb),
        namespace=read.values.get("namespace"),
        everywhere="everywhere" in read.switches,
        output=re.split("[=:]", read.values.get("output", ""), maxsplit=1)[0],
        selective="selector" in read.values or "types" in read.values or "filename" in read.values,
        cut=any(pipe not in _HARMLESS for pipe in pipes),
        bare="bare" in read.switches,
        container=read.values.get("container", ""),
        previous="previous" in read.switches,
    )


def _needs_care(line: str) -> bool:
    return any(character in line for character in "\"'|;&")


def _unquoted(token: str) -> str:
    return token.replace('"', "").replace("'", "")


def _piped(tokens: list[str]) -> tuple[list[str], list[str]]:
    """The first command of the line, and the programs that its output went through."""
    first: list[str] = []
    pipes: list[str] = []
    for index, token in enumerate(tokens):
        if token == "|":
            pipes += tokens[index + 1 : index + 2]
        elif token in (";", "&&", "||"):
            break
        elif (
            not pipes
            and not re.match(r"(?:\d|&)?>", token)
            and not (index and re.fullmatch(r"\d?>+", tokens[index - 1]))
        ):
            first.append(token)
    return first, pipes


def _arguments(tokens: list[str]) -> list[str] | None:
    """What follows the program's name; None where the program is another."""
    for index, token in enumerate(tokens):
        name = token.rpartition("/")[2]
        if name in _PROGRAMS:
            rest = tokens[index + 1 :]
            return rest[1:] if rest[:1] == ["--"] else rest
        if name == "kubens":
            return ["kubens", *tokens[index + 1 :]]
        if name not in _WRAPPERS and not re.fullmatch(r"[A-Z_]+=\S*|-n|-d|[\d.]+|--interval=\S+", token):
            return None
    return None


def _options(arguments: list[str]) -> _Read:
    read, follow = _Read(), False
    rest = iter(arguments)
    for token in rest:
        if not token.startswith("-") or token == "-":
            follow = follow or token in ("logs", "log")
            read.words.append(token)
        elif token in _SWITCHES:
            read.switches.add(_SWITCHES[token])
        elif token.startswith("--"):
            name, equals, value = token.partition("=")
            if name in _VALUED:
                read.values[_VALUED[name]] = value if equals else next(rest, "")
        elif token == "-f" and follow:
            continue
        elif token[:2] in _VALUED:
            value = token[2:].removeprefix("=")
            read.values[_VALUED[token[:2]]] = value or next(rest, "")
        elif set(token[1:]) <= set("Awp"):
            read.switches |= {_SWITCHES[f"-{letter}"] for letter in token[1:]}
    return read


def _targets(words: list[str], verb: str) -> tuple[Target, ...]:
    """`pods,svc`, `pod a b`, `pod/a svc/b`, `all`; of `logs`, the pod or the workload."""
    if not words:
        return ()
    if verb in ("logs", "log"):
        kind, slash, name = words[0].partition("/")
        return (Target(kind_named(kind), name, kind),) if slash else (Target("Pod", words[0], "pod"),)
    if "/" in words[0]:
        pairs = [word.partition("/") for word in words if "/" in word]
        return tuple(Target(kind_named(kind), name, kind) for kind, _, name in pairs)
    kinds: list[Target] = []
    for word in filter(None, words[0].split(",")):
        kinds += (
            [Target(kind, "", kind.lower()) for kind in ALL] if word == "all" else [Target(kind_named(word), "", word)]
        )
    names = words[1:]
    return tuple(Target(t.kind, name, t.word) for t in kinds for name in names) if names else tuple(kinds)


def _events_for(read: _Read) -> tuple[Target, ...]:
    return (Target("Event", "", "events"),)
