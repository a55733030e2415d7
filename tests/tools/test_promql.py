"""Questions in Prometheus' language: what the product writes, it can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman_tools.metrics import Match, Query
from steersman_tools.metrics.promql import NotUnderstood, parse

names = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True)
matches = st.builds(Match, label=names, value=st.text(max_size=12), operator=st.sampled_from(["=", "=~", "!=", "!~"]))
queries = st.builds(
    Query,
    metric=names,
    match=st.lists(matches, max_size=3).map(tuple),
    function=st.sampled_from(["raw", "rate", "increase"]),
    window=st.just(60.0),
    aggregate=st.sampled_from(["sum", "avg", "max", "min", "count"]),
    by=st.lists(names, max_size=3, unique=True).map(tuple),
    quantile=st.none() | st.sampled_from([0.5, 0.95, 0.99]),
)


@given(queries)
def test_a_question_survives_the_language(query: Query) -> None:
    """Writing and reading are inverses."""
    assert parse(query.promql) == query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("up", Query(metric="up")),
        (
            ' up{job="a", x!~"b.*"} ',
            Query(metric="up", match=(Match(label="job", value="a"), Match(label="x", value="b.*", operator="!~"))),
        ),
        ("rate(a[5m])", Query(metric="a", function="rate", window=300)),
        ("sum(up)", Query(metric="up", aggregate="sum")),
    ],
)
def test_what_people_write(text: str, query: Query) -> None:
    """Spaces and minutes are understood."""
    assert parse(text) == query


@pytest.mark.parametrize(
    "text", ["", "up + 1", "topk(3, up)", "up{job=a}", "rate(up)", "sum by (a) (up) / 2", "up[5m]", "{}"]
)
def test_more_than_that_is_refused(text: str) -> None:
    """Nothing is answered by guessing."""
    with pytest.raises(NotUnderstood):
        parse(text)
