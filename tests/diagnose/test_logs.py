"""What logs say: traces on one line, patterns with their counts, and evidence that tells how often and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.diagnose.mining import pattern_of, patterns
from steersman.diagnose.stacks import folded, last_trace
from steersman_tools.snapshot import Log, LogLine, LogQuery
from steersman_tools.types import Ref

from .helpers import crashing, diagnose, shop

GO = """\
level=info msg="loading"
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6f2c1a]

goroutine 1 [running]:
shop/catalog.(*Index).Load(0x0)
\t/src/catalog/index.go:88 +0x3a
main.main()
\t/src/main.go:12 +0x1f
exit status 2"""
PYTHON = """\
INFO starting
Traceback (most recent call last):
  File "/app/db.py", line 12, in connect
    sock.connect(addr)
ConnectionRefusedError: [Errno 111] Connection refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 31, in main
    raise StartupError("no database") from e
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
app.StartupError: no database
INFO bye"""
JAVA = """\
INFO up
Exception in thread "main" java.lang.IllegalStateException: cannot start
\tat com.shop.Main.run(Main.java:42)
\tat com.shop.Main.main(Main.java:10)
Caused by: java.net.ConnectException: Connection refused
\tat java.net.Socket.connect(Socket.java:1)
\t... 12 more
INFO bye"""
NODE = """\
Error: cannot read config
    at Object.<anonymous> (/app/index.js:12:9)
    at node:internal/main:1:1

bye"""
NET = """\
Unhandled exception. System.InvalidOperationException: nope
   at Shop.Program.Main() in /src/Program.cs:line 12
bye"""


def lines(text: str) -> list[LogLine]:
    start = datetime(2026, 3, 14, 15, tzinfo=UTC)
    return [LogLine(line, start + timedelta(seconds=n)) for n, line in enumerate(text.splitlines())]


@pytest.mark.parametrize(
    ("text", "trace", "left"),
    [
        (GO, "panic: runtime error: invalid memory address or nil pointer dereference"
             " (at shop/catalog.(*Index).Load /src/catalog/index.go:88)", 2),
        (PYTHON, "app.StartupError: no database (at /app/main.py:31 in main), caused by ConnectionRefusedError:"
                 " [Errno 111] Connection refused (at /app/db.py:12 in connect)", 3),
        (JAVA, 'Exception in thread "main" java.lang.IllegalStateException: cannot start (at com.shop.Main.run Main.java:42),'
               " caused by java.net.ConnectException: Connection refused", 3),
        (NODE, "Error: cannot read config (at Object.<anonymous> /app/index.js:12:9)", 2),
        (NET, "Unhandled exception. System.InvalidOperationException: nope (at Shop.Program.Main /src/Program.cs:line 12)", 2),
    ],
)  # fmt: skip
def test_a_trace_is_one_line(text: str, trace: str, left: int) -> None:
    """What was thrown and where, whatever the language; the lines around it stay."""
    assert last_trace(lines(text)) == trace
    assert len(folded(lines(text))) == left


@given(st.lists(st.text(alphabet="abc :.()/\t\"'=0123", max_size=20), max_size=12))
def test_what_is_no_trace_stays(texts: list[str]) -> None:
    """Folding never invents or reorders: what remains stands in its order, and lines without frames remain whole."""
    found = folded([LogLine(t) for t in texts])
    plain = [t for t in texts if not t.startswith((" ", "\t")) and t.strip()]
    if not any(t.startswith((" ", "\t")) for t in texts):
        assert [line.text for line in found] == texts
    assert len([line for line in found if line.text.strip()]) <= max(len([t for t in texts if t.strip()]), len(plain))


def test_patterns_are_counted_with_their_times() -> None:
    """Lines that differ in their values are one pattern, with the first and the last time that it came."""
    log = lines("\n".join([f"GET /p/{n} took {n * 3} ms" for n in range(9)] + ["ERROR no route to 10.0.0.7"] * 3))
    first, second = patterns(log)
    assert (first.text, first.count, first.first, first.last) == ("GET <*> took <*> ms", 9, log[0].at, log[8].at)
    assert (second.count, second.newest.text) == (3, "ERROR no route to 10.0.0.7")


def test_a_line_knows_its_pattern() -> None:
    """A line that is cited can be told to be one of many."""
    found = lines("\n".join(f"connection {n} refused by peer" for n in range(5)))
    log = Log(LogQuery(Ref("a", "Pod", "b"), "c"), tuple(found))
    pattern = pattern_of(found[2], log)
    assert pattern is not None
    assert pattern.count == 5
    assert pattern_of(LogLine("never written"), log) is None


def test_evidence_says_how_often_and_since_when() -> None:
    """The cited line of a crash carries its count; the summary of a crash with a trace says what was thrown and where."""
    stage = shop()
    (pod,) = stage.deployment("cart", replicas=1, ready=0, state=crashing())
    stage.service("cart")
    stage.log(pod, *["FATAL cannot open index 7"] * 4, previous=True)
    answer = diagnose(stage)
    assert any("4 such lines, 15:" in e.text for e in answer.evidence if e.tool == "logs"), answer.evidence
    stage.log(pod, *GO.splitlines(), previous=True)
    cause = diagnose(stage).causes[0]
    assert "(at shop/catalog.(*Index).Load /src/catalog/index.go:88)" in cause.observed
