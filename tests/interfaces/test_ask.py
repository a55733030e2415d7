"""`steersman ask`, and `investigate` with a model: as a person meets them, with and without an endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_cli import bundle as bundle
from .test_cli import run

GOOD = {
    "sentences": [{"cites": ["E1"], "text": "Deployment cart is not ready."}],
    "order": [],
    "hypotheses": [],
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("list deployments", "shop/Deployment/cart: "),
        ("why is cart failing", "root cause"),
        ("describe cart", "container cart: image"),
        ("restart cart", "Wanted: restart the pods of shop/Deployment/cart"),
        ("重启 cart", "Wanted: restart the pods of shop/Deployment/cart"),
        ("scale cart to 4", "Wanted: scale shop/Deployment/cart to 4"),
        ("drain node-7", "I did not understand that"),
        ("which GPUs are idle", "There are no accelerators"),
        ("runbook for crashes", "no runbooks are indexed"),
        ("help", "You can ask"),
    ],
)
def test_requests_are_answered_without_a_model(bundle: Path, text: str, said: str) -> None:
    """Each common request is answered from the engine alone, with exit status 0 and nothing on stderr."""
    done = run("ask", text, "--bundle", str(bundle))
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout


def test_json_of_a_change(bundle: Path) -> None:
    """A change comes out as an action of the closed set, and nothing was done."""
    document = json.loads(run("ask", "scale cart to 4", "--bundle", str(bundle), "-o", "json").stdout)
    assert document["schema"] == "steersman.reply/v1"
    assert document["model"] is None
    assert document["reply"]["action"] == {"target": "shop/Deployment/cart", "do": "Scale", "replicas": 4}


@pytest.fixture
def endpoint() -> Iterator[str]:
    """A fake endpoint in a thread of its own, since the command runs as a program."""
    import asyncio  # noqa: PLC0415

    from steersman.models.testing import Say, fake_openai  # noqa: PLC0415

    ready, stop, url = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with fake_openai(Say(json.dumps(GOOD))) as fake:
            url.append(fake.url)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    yield url[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_investigate_with_a_model(bundle: Path, endpoint: str) -> None:
    """The document names the model and holds its checked words; the engine's part is what it is without one."""
    arguments = ("investigate", "why is cart failing?", "--bundle", str(bundle), "-o", "json")
    with_model = json.loads(run(*arguments, STEERSMAN_MODEL_URL=endpoint, STEERSMAN_MODEL_NAME="fake").stdout)
    without = json.loads(run(*arguments).stdout)
    assert with_model["model"] == "fake"
    assert with_model["explanation"]["sentences"][0]["cites"] == ["E1"]
    assert without["model"] is None
    assert "explanation" not in without
    assert with_model["causes"] == without["causes"]


def test_investigate_prints_the_words_after_the_answer(bundle: Path, endpoint: str) -> None:
    """In text, the engine's answer stands first and the model's words are marked as its own."""
    done = run(
        "investigate", "why?", "--bundle", str(bundle), STEERSMAN_MODEL_URL=endpoint, STEERSMAN_MODEL_NAME="fake"
    )
    assert done.stdout.index("cart") < done.stdout.index("In words, by fake")


def test_doctor_probes_the_endpoint(endpoint: str, bundle: Path) -> None:
    """The endpoint's state is a line of doctor's; a dead one says what to check."""
    alive = run("doctor", "--bundle", str(bundle), STEERSMAN_MODEL_URL=endpoint, STEERSMAN_MODEL_NAME="fake")
    assert f"model: fake at {endpoint} answers" in alive.stdout
    assert "context 8192" in alive.stdout
    dead = run("doctor", "--bundle", str(bundle), STEERSMAN_MODEL_URL="http://127.0.0.1:9/v1")
    assert "it cannot be reached" in dead.stdout
    assert "check STEERSMAN_MODEL_URL" in dead.stdout
