"""Any chat front end: the real OpenAI client, streaming and not, reading and healing."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from .process import Served, breaks


@pytest.fixture
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.tokens["approver"], max_retries=0) as made:
        yield made


def ask(client: openai.OpenAI, text: str) -> str:
    """What is streamed, put together."""
    stream = client.chat.completions.create(
        model="steersman",
        messages=[{"role": "system", "content": "be brief"}, {"role": "user", "content": text}],
        stream=True,
    )
    pieces = list(stream)
    assert [p.choices[0].finish_reason for p in pieces][-1] == "stop"
    return "".join(p.choices[0].delta.content or "" for p in pieces)


def test_it_is_offered_and_answers(client: openai.OpenAI) -> None:
    """One model is there to be chosen; the same words come streamed or whole."""
    assert [m.id for m in client.models.list()] == ["steersman"]
    whole = client.chat.completions.create(
        model="steersman",
        messages=[{"role": "user", "content": [{"type": "text", "text": "list nodes"}]}],
        temperature=0.5,
    )
    assert "Node" in (whole.choices[0].message.content or "")
    assert ask(client, "list nodes").splitlines()[0] == (whole.choices[0].message.content or "").splitlines()[0]


def test_healing_waits_and_is_decided_in_the_chat(served: Served, client: openai.OpenAI) -> None:
    """The plan is shown with its digest; an operator's yes counts for nothing, an approver's no ends it, and the yes mends it."""
    breaks(served, "scaled-to-zero")
    said = ask(client, "heal books")
    digest = said.split("`reject ")[1].split("`")[0]
    assert "books/Deployment/" in said
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.tokens["operator"], max_retries=0) as other:
        for stream in (True, False):
            with pytest.raises(openai.PermissionDeniedError, match="needs the role approver"):
                other.chat.completions.create(
                    model="steersman", messages=[{"role": "user", "content": f"approve {digest}"}], stream=stream
                )
    assert "Refused" in ask(client, f"reject {digest}")
    with pytest.raises(openai.ConflictError, match="No session waits"):
        ask(client, f"approve {digest}")
    again = ask(client, "heal books").split("`approve ")[1].split("`")[0]
    done = ask(client, f"approve plan {again}")
    assert "Approved by approver." in done
    assert "**Healed**" in done


def test_errors_are_openais(served: Served, client: openai.OpenAI) -> None:
    """The client's own exceptions are raised, with a sentence that says what to do."""
    with (
        openai.OpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as nobody,
        pytest.raises(openai.AuthenticationError, match="token"),
    ):
        nobody.models.list()
    with pytest.raises(openai.UnprocessableEntityError, match="messages"):
        client.chat.completions.create(model="steersman", messages=[])
    with (
        openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.tokens["viewer"], max_retries=0) as viewer,
        pytest.raises(openai.PermissionDeniedError, match="operator"),
    ):
        viewer.chat.completions.create(model="steersman", messages=[{"role": "user", "content": "heal books"}])
